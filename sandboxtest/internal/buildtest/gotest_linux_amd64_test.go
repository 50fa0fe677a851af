// SPDX-License-Identifier: MIT

// Package buildtest tests package sandboxtest with the flags of go test that need the go
// command.
package buildtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/syscall-sandbox/sandbox/sandboxtest" // go test must not take an older result for this one's
)

// TestGoTest runs some of sandboxtest's tests by go test with the flags that concern children: they
// write neither coverage nor profiles, which are their parents', and run once.
func TestGoTest(t *testing.T) {
	dir := t.TempDir()
	counters := filepath.Join(dir, "counters")
	if err := os.Mkdir(counters, 0o755); err != nil {
		t.Fatal(err)
	}
	profile := func(name string) string { return filepath.Join(dir, name) }
	cmd := exec.Command("go", "test", "-run=^(TestRun|TestRepeated|TestTBInner|TestFlags|TestExits)$", "-count=2", "-cpu=1,2", "-v", "-json", "-failfast",
		"-shuffle=on", "-cover", "-coverprofile="+profile("cover"), "../..", "-args", "-given=x", "--", "-test.v", "b")
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
