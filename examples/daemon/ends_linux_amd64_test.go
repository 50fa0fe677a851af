// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/syscall-sandbox/sandbox/examples/internal/faketime"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

// TestCrashDump asks for what an operator wants of a daemon that hangs: SIGQUIT under GOTRACEBACK=crash writes the stacks of all
// goroutines and ends by SIGABRT, for which the kernel writes the core (here none: the limit of its size is left as it was).
func TestCrashDump(t *testing.T) {
	for _, action := range []string{"log-and-abort", "abort"} {
		r := prepare(t)
		r.environment = append(r.environment, "GOTRACEBACK=crash")
		r.start(t, action)
		r.get(t, "/", "request")
		r.process.Signal(syscall.SIGQUIT)
		result := r.end().ExpectSignal(t, syscall.SIGABRT)
		for _, want := range []string{"SIGQUIT: quit", ".(*daemon).attend(", "net/http.(*Server).Serve("} {
			if !strings.Contains(result.Stderr, want) {
				t.Errorf("%s: no %q in\n%s", action, want, result.Stderr)
			}
		}
	}
}

// TestClockChange sets the wall clock of a running daemon a year ahead, and back. What it sees is exactly this: it has no vDSO,
// so that it reads the clocks by clock_gettime(2), and CLOCK_REALTIME steps. The machine's clock stays.
func TestClockChange(t *testing.T) {
	testproc.Require(t, testproc.UserNotif)
	r := prepare(t)
	r.args = append(r.args, "-log="+r.log)
	stdin, set, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	output, stdout, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	r.run(t, testproc.Cmd{Name: "clock", Stdin: stdin, Stdout: stdout}, "log-and-abort")
	stdin.Close()
	stdout.Close()
	defer set.Close()
	r.get(t, "/?now", "request")
	for _, step := range []time.Duration{400 * 24 * time.Hour, -800 * 24 * time.Hour} {
		fmt.Fprintln(set, step)
		if _, err := io.ReadFull(output, make([]byte, len(faketime.Stepped))); err != nil {
			t.Fatal(err)
		}
		r.watchdog(t)
		r.get(t, fmt.Sprint("/?step", step), "request")
	}
	years := regexp.MustCompile(`(?m)^(\d{4})/.*GET`).FindAllStringSubmatch(read(t, r.log), -1)
	now := time.Now()
	want := []int{now.Year(), now.AddDate(0, 0, 400).Year(), now.AddDate(0, 0, -400).Year()}
	for i, year := range want {
		if len(years) != len(want) || years[i][1] != fmt.Sprint(year) {
			t.Fatalf("logged in the years %v, want %v", years, want)
		}
	}
	r.terminate(t)
}
