// SPDX-License-Identifier: MIT

package sandboxtest_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/sandboxtest"
)

var given = flag.String("given", "", "what TestFlags is to find in the child")

// The child has its parent's flags and arguments.
func TestFlags(t *testing.T) {
	sandboxtest.RunThread(t, small, func(t testing.TB) {
		want := os.Getenv("SANDBOXTEST_GIVEN")
		if *given != want || want != "" && !slices.Equal(flag.Args(), []string{"-test.v", "b"}) {
			t.Errorf("-given is %q, the arguments are %q", *given, flag.Args())
		}
	})
}

// exits ends by os.Exit, which writes coverage; Run must tell it from a good end even so.
func TestExits(t *testing.T) {
	sandboxtest.Runtime(t, small)
}

// TestGoTest runs some of these tests by go test with the flags that concern children: they
// write neither coverage nor profiles, which are their parents', and run once.
func TestGoTest(t *testing.T) {
	dir := t.TempDir()
	counters := filepath.Join(dir, "counters")
	if err := os.Mkdir(counters, 0o755); err != nil {
		t.Fatal(err)
	}
	profile := func(name string) string { return filepath.Join(dir, name) }
	cmd := exec.Command("go", "test", "-run=^(TestRun|TestRepeated|TestTBInner|TestFlags|TestExits)$", "-count=2", "-cpu=1,2", "-v", "-json", "-failfast",
		"-shuffle=on", "-cover", "-coverprofile="+profile("cover"), "-cpuprofile="+profile("cpu"), "-memprofile="+profile("mem"), "-trace="+profile("trace"),
		"-outputdir="+dir, "-o="+profile("binary"), ".", "-args", "-given=x", "--", "-test.v", "b")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOCOVERDIR="+counters, "SANDBOXTEST_GIVEN=x")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, test := range []string{"TestRun", "TestRepeated", "TestTBInner", "TestFlags", "TestExits"} {
		if n := strings.Count(string(out), "--- PASS: "+test+" ") + strings.Count(string(out), "--- PASS: "+test+"-2 "); n != 4 {
			t.Errorf("%s passes %d times, not 4\n%s", test, n, out)
		}
	}
	// These lines of the library run in parents only.
	data, err := os.ReadFile(profile("cover"))
	if err != nil || !strings.Contains(string(data), "sandboxtest/parent.go:") || !strings.HasPrefix(string(data), "mode: ") {
		t.Errorf("the coverage: %v\n%s", err, data)
	}
	if written, err := os.ReadDir(counters); err != nil || len(written) > 0 {
		t.Errorf("a child wrote coverage: %v, %v", written, err)
	}
}

// A data race in a child fails the test, though the child does not end as the race
// detector has it.
func plantedRace(t *testing.T) {
	sandboxtest.RunThread(t, small, func(testing.TB) {
		n, done := 0, make(chan bool)
		go func() { n++; close(done) }()
		n++
		<-done
	})
}
