// SPDX-License-Identifier: MIT

// Package buildtest holds the tests that need the go command: reports of programs
// built in every way, and what imports what. It needs a C compiler too.
package buildtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

// TestPlaces has the other ways of building, and looks closer.
func TestReportInEveryBuild(t *testing.T) {
	for name, build := range map[string]struct {
		cgo   string
		flags []string
	}{
		"trimpath":       {"0", []string{"-trimpath"}},
		"unoptimised":    {"0", []string{"-gcflags=all=-N -l"}},
		"cgo":            {"1", nil},
		"race and cover": {"1", []string{"-race", "-cover", "-covermode=atomic"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			program := filepath.Join(t.TempDir(), "program")
			args := append([]string{"build", "-o", program}, build.flags...)
			cmd := exec.Command("go", append(args, "./program")...)
			cmd.Env = append(os.Environ(), "CGO_ENABLED="+build.cgo)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %v\n%s", cmd, err, out)
			}
			checkReport(t, program, "main", `in thread "program" (policy "initialization").`)
			checkReport(t, program, "thread", `in thread "net" (policy "net").`)
			if build.cgo == "1" && !strings.Contains(name, "race") {
				r := testproc.Cmd{Executable: program, Args: []string{"thread of C"}}.Run(t).ExpectExit(t, 2)
				if !strings.Contains(r.Stderr, `"getgroups" (syscall number 115) is not allowed`) || strings.Contains(r.Stderr, "returned") {
					t.Error(r.Stderr)
				}
			}
		})
	}
}

func checkReport(t *testing.T, program, place, tail string) {
	t.Helper()
	r := testproc.Cmd{Executable: program, Args: []string{place}, Env: []string{"GOCOVERDIR=" + t.TempDir()}}.Run(t).ExpectExit(t, 2)
	line := `ERROR: The syscall "getgroups" (syscall number 115) is not allowed by the syscall sandbox ` + tail + "\n"
	_, rest, found := strings.Cut(r.Stderr, line)
	_, trace, died := strings.Cut(rest, "\nSIGSYS: bad system call\n")
	if !found || !died || !strings.Contains(trace, "main.violate(") || !strings.Contains(trace, "program/main.go:") {
		t.Errorf("%s: report or trace is missing:\n%s", place, r.Stderr)
	}
}
