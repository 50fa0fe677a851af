// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"os"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

func init() {
	children["violation"] = violation
	children["disallowed"] = disallowed
	children["waits for a signal"] = waitsForSignal
}

// violation makes a refused call at a place of the program.
func violation() {
	action, place := testproc.Args()[0], testproc.Args()[1]
	if len(testproc.Args()) > 2 {
		sandbox.SetReportTimeout(3) // instead of half a minute
	}
	setUp(action)
	switch place {
	case "main":
		refusedCall()
	case "goroutine":
		go refusedCall()
		select {}
	case "timer":
		time.AfterFunc(0, refusedCall)
		select {}
	case "thread":
		onThread(sandbox.PolicyNet, "peer with a long name", refusedCall)
	case "own lock":
		must(sandbox.SetSyscallSandboxPolicy(sandbox.PolicyScheduler))
		refusedCall()
	case "steady":
		must(sandbox.SetProcessPolicy(sandbox.PolicyTxIndex))
		refusedCall()
	case "steady from thread":
		must(sandbox.SetProcessPolicy(sandbox.PolicyScheduler))
		onThread(sandbox.PolicyValidationScriptCheck, "scriptch.0", func() { go refusedCall(); select {} })
	case "gc":
		for range 4 {
			go func() {
				for {
					runtime.KeepAlive(make([]byte, 1<<16))
					runtime.GC()
				}
			}()
		}
		onThread(sandbox.PolicyNet, "net", func() {
			for range 20 {
				runtime.GC()
			}
			refusedCall()
		})
	}
	testproc.Fail("the refused call returned at %s", place)
}

// refusedCall stands in the goroutine trace of a report.
//
//go:noinline
func refusedCall() {
	if err := sandbox.TestDisallowedSandboxCall(); err != nil {
		testproc.Fail("%v", err)
	}
}

const reportLine = `ERROR: The syscall "getgroups" (syscall number 115) is not allowed by the syscall sandbox in thread "`

func TestViolationLogAndAbort(t *testing.T) {
	comm := regexp.QuoteMeta(comm())
	for place, tail := range map[string]string{
		"main":               comm + `" \(policy "initialization"\)\.`,
		"goroutine":          comm + `" \(policy "initialization"\)\.`,
		"timer":              comm + `" \(policy "initialization"\)\.`,
		"thread":             `peer with a long name" \(policy "net"\)\.`,
		"own lock":           comm + `" \(policy "scheduler"\)\.`,
		"steady":             comm + `" \(policy "tx-index"\)\.`,
		"steady from thread": comm + `" \(policy "scheduler"\)\.`,
		"gc":                 `net" \(policy "net"\)\.`,
	} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			// Go's trace reads the stacks of goroutines that wait, and dies where a collection
			// moves one meanwhile (runtime/stack.go shrinkstack).
			env := []string{"GODEBUG=gcshrinkstackoff=1"}
			r := testproc.Cmd{Name: "violation", Args: []string{"log-and-abort", place}, Env: env}.Run(t).ExpectExit(t, 2)
			if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(reportLine) + tail + `$`).MatchString(r.Stderr) {
				t.Errorf("no line for this thread and policy in\n%s", r.Stderr)
			}
			if strings.Count(r.Stderr, "ERROR:") != 1 {
				t.Errorf("more than one report:\n%s", r.Stderr)
			}
			_, trace, _ := strings.Cut(r.Stderr, "SIGSYS: bad system call\n")
			if !strings.Contains(trace, "sandbox_test.refusedCall") || !strings.Contains(trace, "violation_linux_amd64_test.go:") {
				t.Errorf("Go's trace with the calling line is missing:\n%s", r.Stderr)
			}
		})
	}
}

// With GOTRACEBACK=crash every thread prints its stack, then the process aborts: the
// runtime sends signals to itself for that.
func TestViolationCrashDump(t *testing.T) {
	for _, place := range []string{"main", "thread"} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			r := testproc.Cmd{Name: "violation", Args: []string{"log-and-abort", place}, Env: []string{"GOTRACEBACK=crash"}}.Run(t).
				ExpectSignal(t, syscall.SIGABRT)
			if !strings.Contains(r.Stderr, reportLine) || strings.Count(r.Stderr, "SIGQUIT: quit") < 2 {
				t.Errorf("the threads' stacks are missing:\n%s", r.Stderr)
			}
		})
	}
}

func TestViolationAbort(t *testing.T) {
	for _, place := range []string{"main", "goroutine", "thread", "steady", "gc"} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			r := testproc.Run(t, "violation", "abort", place).ExpectSignal(t, syscall.SIGSYS)
			if r.Stderr != "" {
				t.Errorf("abort says something: %s", r.Stderr)
			}
		})
	}
}

// comm is the kernel's name for threads of this test binary: its first 15 bytes.
func comm() string {
	name, err := os.Executable()
	if err != nil {
		return err.Error()
	}
	name = name[strings.LastIndexByte(name, '/')+1:]
	return name[:min(len(name), 15)]
}

// The process ends whatever standard error is.
func TestViolationStderrClosed(t *testing.T) {
	for name, open := range map[string]func() (*os.File, error){
		"read end closed": func() (*os.File, error) {
			r, w, err := os.Pipe()
			if err == nil {
				r.Close()
			}
			return w, err
		},
		"/dev/full": func() (*os.File, error) { return os.OpenFile("/dev/full", os.O_WRONLY, 0) },
		"read only": func() (*os.File, error) { return os.Open(os.DevNull) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, err := open()
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			testproc.Cmd{Name: "violation", Args: []string{"log-and-abort", "thread"}, Stderr: w}.Run(t).ExpectExit(t, 2)
		})
	}
}

// A full pipe that nobody reads blocks writev in the handler, and would block the
// runtime's handler for ever: the watchdog's SIGKILL ends the process.
func TestViolationStderrFullPipe(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	fill(t, int(w.Fd()))
	testproc.Cmd{Name: "violation", Args: []string{"log-and-abort", "thread", "soon"}, Stderr: w}.Run(t).ExpectSignal(t, syscall.SIGKILL)
}

// The report fits, Go's trace does not: the same watchdog.
func TestViolationStderrFillsUp(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	fd := int(w.Fd())
	fill(t, fd)
	page := make([]byte, os.Getpagesize())
	if _, err := unix.Read(int(r.Fd()), page); err != nil {
		t.Fatal(err)
	}
	testproc.Cmd{Name: "violation", Args: []string{"log-and-abort", "main", "soon"}, Stderr: w}.Run(t).ExpectSignal(t, syscall.SIGKILL)
}

func fill(t *testing.T, fd int) {
	t.Helper()
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	page := make([]byte, os.Getpagesize())
	for {
		if _, err := unix.Write(fd, page); err == unix.EAGAIN {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.SetNonblock(fd, false); err != nil {
		t.Fatal(err)
	}
}

// disallowed is TestDisallowedSandboxCall as a program would use it.
func disallowed() {
	action := testproc.Args()[0]
	if action != "not set up" {
		setUp(action)
	}
	if err := sandbox.TestDisallowedSandboxCall(); err != nil {
		testproc.Fail("%v", err)
	}
}

// TestDisallowedSandboxCall runs the library's function of that name in a
// subprocess, under each action and without setup.
func TestDisallowedSandboxCall(t *testing.T) {
	t.Run("log-and-abort", func(t *testing.T) {
		r := testproc.Run(t, "disallowed", "log-and-abort").ExpectExit(t, 2)
		if !strings.Contains(r.Stderr, reportLine) || !strings.Contains(r.Stderr, "sandbox.TestDisallowedSandboxCall(") {
			t.Error(r.Stderr)
		}
	})
	t.Run("abort", func(t *testing.T) {
		testproc.Run(t, "disallowed", "abort").ExpectSignal(t, syscall.SIGSYS)
	})
	for _, action := range []string{"off", "not set up"} {
		t.Run(action, func(t *testing.T) {
			r := testproc.Run(t, "disallowed", action).ExpectExit(t, 1)
			if !strings.Contains(r.Stderr, "getgroups(2) was executed") {
				t.Error(r.Stderr)
			}
		})
	}
}

// waitsForSignal is killed by a SIGSYS that is not seccomp's.
func waitsForSignal() {
	setUp("log-and-abort")
	must(unix.Tgkill(unix.Getpid(), unix.Getpid(), unix.SIGSYS))
	<-time.After(time.Hour) // an empty select could be a deadlock before the signal is there
}

// tgkill(2) with SIGSYS goes to the runtime's handler, which crashes as ever.
func TestSIGSYSOfOthersGoesToGo(t *testing.T) {
	r := testproc.Run(t, "waits for a signal").ExpectExit(t, 2)
	if strings.Contains(r.Stderr, "ERROR:") || !strings.Contains(r.Stderr, "SIGSYS: bad system call") {
		t.Error(r.Stderr)
	}
}
