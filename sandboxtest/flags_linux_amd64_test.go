// SPDX-License-Identifier: MIT

package sandboxtest_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox"
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
		for _, name := range []string{"bench", "blockprofile", "coverprofile", "cpuprofile", "fuzz", "gocoverdir", "list", "memprofile", "mutexprofile", "skip", "testlogfile", "trace"} {
			if v := flag.Lookup("test." + name).Value.String(); v != "" {
				t.Errorf("-test.%s is %q", name, v)
			}
		}
	})
}

// Children leave alone the files that package testing writes for their parents.
func TestFilesStay(t *testing.T) {
	begins := map[string]string{"trace": "go 1.", "testlogfile": "# test log\n", "cpuprofile": "\x1f\x8b"}
	dir := t.TempDir()
	var flags []string
	for name := range begins {
		flags = append(flags, "-test."+name+"="+filepath.Join(dir, name))
	}
	for _, name := range []string{"memprofile", "blockprofile", "mutexprofile"} {
		flags = append(flags, "-test."+name+"="+filepath.Join(dir, name))
	}
	rerun(t, "(TestRepeated|TestFlags)", append(flags, "-test.count=2", "-test.shuffle=on", "-test.failfast", "-test.skip=nothing")...)
	for name, want := range begins {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.HasPrefix(string(data), want) {
			t.Errorf("%s begins with %q, %v", name, data[:min(20, len(data))], err)
		}
	}
}

// TestExits has children that end by os.Exit, which writes coverage where it can.
func TestExits(t *testing.T) {
	sandboxtest.Runtime(t, sandbox.NewPolicy("exits", nothing()))
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
