// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

func init() {
	children["reports under a policy"] = reportsUnderPolicy
	children["storm"] = storm
	children["fills the table"] = fillsTable
	children["callback"] = callback
	children["executes a program"] = executesProgram
	children["refused close"] = refusedClose
	children["report file"] = reportFile
}

// setUpWith is setUp with more of the configuration.
func setUpWith(action string, c sandbox.Config) {
	must(c.Action.UnmarshalText([]byte(action)))
	must(sandbox.SetupSyscallSandbox(c))
}

// getgroups makes the refused call and returns what it answered.
//
//go:noinline
func getgroups() error {
	_, _, errno := unix.RawSyscall(unix.SYS_GETGROUPS, 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// expectGetgroups checks what the action promises.
func expectGetgroups(action string) {
	err := getgroups()
	switch {
	case action == "log-and-deny" && !errors.Is(err, unix.EPERM):
		testproc.Fail("log-and-deny answers %v", err)
	case action != "log-and-deny" && err != nil:
		testproc.Fail("%s answers %v", action, err)
	}
}

// reportsUnderPolicy violates a policy and waits for the report.
func reportsUnderPolicy() {
	action, policy, scope := testproc.Args()[0], parse(testproc.Args()[1]), testproc.Args()[2]
	calm()
	reported := make(chan sandbox.Violation, 1)
	setUpWith(action, sandbox.Config{OnViolation: func(v sandbox.Violation) { reported <- v }})
	if scope == "thread" {
		onThread(policy, "role", func() { expectGetgroups(action) })
	} else {
		must(sandbox.SetProcessPolicy(policy))
		expectGetgroups(action)
	}
	v := <-reported
	if v.Syscall != "getgroups" || v.Policies[len(v.Policies)-1] != policy.String() {
		testproc.Fail("%v", v)
	}
}

// A report needs no call that a policy may refuse: under every built-in policy, on a
// thread and on the whole process.
func TestReportUnderEveryPolicy(t *testing.T) {
	for _, action := range []string{"log-and-abort", "log-and-deny", "log-and-allow", "learn"} {
		for _, policy := range sandbox.Policies() {
			for _, scope := range []string{"thread", "process"} {
				t.Run(fmt.Sprint(action, " ", policy, " ", scope), func(t *testing.T) {
					t.Parallel()
					r := testproc.Run(t, "reports under a policy", action, policy.String(), scope)
					if action == "log-and-abort" {
						r.ExpectExit(t, 2)
					} else {
						r.ExpectExit(t, 0)
					}
					if action == "learn" {
						return
					}
					for _, want := range []string{reportLine, "  call:     getgroups(", "  stack:\n", "sandbox_test.getgroups\n", "  remedy:   "} {
						if strings.Count(r.Stderr, want) != 1 {
							t.Errorf("%d times %q in\n%s", strings.Count(r.Stderr, want), want, r.Stderr)
						}
					}
				})
			}
		}
	}
}

// storm is a million violations on eight threads.
func storm() {
	const threads, each = 8, 125_000
	setUpWith("log-and-deny", sandbox.Config{})
	before := residentKB()
	var wg sync.WaitGroup
	for i := range threads {
		wg.Add(1)
		must(sandbox.Go(sandbox.PolicyNet, fmt.Sprint("stormer ", i), func() {
			defer wg.Done()
			for range each {
				if getgroups() != unix.EPERM {
					testproc.Fail("not refused")
				}
			}
		}))
	}
	wg.Wait()
	total := uint64(0)
	for _, v := range sandbox.Violations() {
		total += v.Count
	}
	if n := len(sandbox.Violations()); total != threads*each || n != threads {
		testproc.Fail("%d violations counted in %d entries", total, n)
	}
	if after := residentKB(); after > before+50_000 {
		testproc.Fail("resident set grew from %d to %d KB", before, after)
	}
}

func residentKB() (kb int) {
	status, err := os.ReadFile("/proc/self/status")
	must(err)
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	_, err = fmt.Sscan(after, &kb)
	must(err)
	return kb
}

// A storm loses no thread, blocks nobody, and every violation is counted; each distinct
// one is reported once.
func TestStorm(t *testing.T) {
	t.Parallel()
	r := testproc.Run(t, "storm").ExpectExit(t, 0)
	if n := strings.Count(r.Stderr, reportLine); n > 8 {
		t.Errorf("%d reports", n)
	}
}

// fillsTable makes more distinct violations than there is room for.
func fillsTable() {
	const distinct = 20_000
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	must(err)
	setUpWith("log-and-deny", sandbox.Config{Report: null})
	onThread(sandbox.PolicyValidationScriptCheck, "worker", func() {
		for family := range uintptr(distinct) {
			if _, _, errno := unix.RawSyscall(unix.SYS_SOCKET, family, 0, 0); errno != unix.EACCES {
				testproc.Fail("socket: %v", errno)
			}
		}
	})
	var stored, lost uint64
	for _, v := range sandbox.Violations() {
		if v.Stack == nil {
			lost += v.Count
		} else {
			stored += v.Count
		}
	}
	if stored+lost != distinct || lost == 0 || stored < 4000 {
		testproc.Fail("%d stored, %d without room", stored, lost)
	}
}

// Where the table is full, violations are counted by call.
func TestTableFull(t *testing.T) {
	t.Parallel()
	testproc.Run(t, "fills the table").ExpectExit(t, 0)
}

// callback violates the policy from within Config.OnViolation.
func callback() {
	seen := make(chan string, 10)
	setUpWith("log-and-deny", sandbox.Config{OnViolation: func(v sandbox.Violation) {
		expectGetgroups("log-and-deny")
		seen <- v.Syscall
	}})
	_ = unix.Chroot("/nonexistent")
	if got := <-seen; got != "chroot" {
		testproc.Fail("called with %s", got)
	}
	_ = unix.Acct("/nonexistent")
	if got := <-seen; got != "acct" { // a callback for getgroups would have come before
		testproc.Fail("called with %s", got)
	}
	counts := make(map[string]uint64)
	for _, v := range sandbox.Violations() {
		counts[v.Syscall] += v.Count
	}
	if counts["chroot"] != 1 || counts["acct"] != 1 || counts["getgroups"] != 2 {
		testproc.Fail("%v", counts)
	}
}

// A violation inside the callback is counted and does not come back to it.
func TestOnViolation(t *testing.T) {
	t.Parallel()
	testproc.Run(t, "callback").ExpectExit(t, 0)
}

// executesProgram runs /bin/true by os/exec, where no policy allows it.
func executesProgram() {
	action := testproc.Args()[0]
	setUpWith(action, sandbox.Config{})
	for range 3 {
		err := exec.Command("/bin/true").Run()
		switch {
		case action == "log-and-deny":
			if !errors.Is(err, unix.EPERM) || !strings.HasPrefix(err.Error(), "fork/exec /bin/true: ") {
				testproc.Fail("%v", err)
			}
			if !strings.Contains(sandbox.ExplainError(err).Error(), `"initialization"`) {
				testproc.Fail("%v", sandbox.ExplainError(err))
			}
		case err != nil:
			testproc.Fail("%v", err)
		}
	}
	for _, v := range sandbox.Violations() {
		for _, f := range v.Stack {
			if f.Func == "github.com/syscall-sandbox/sandbox_test.executesProgram" {
				fmt.Println(v.Syscall, v.Count)
			}
		}
	}
}

// Where the program goes on, a forbidden os/exec is a counted violation with its stack,
// although signals are blocked between the fork and the execve.
func TestExecuteProgram(t *testing.T) {
	// The first fork of a process is os's probe for pidfd.
	for action, want := range map[string][]string{
		"log-and-deny":  {"clone 3", "clone 1"},
		"log-and-allow": {"clone 3", "execve 3"},
		"learn":         {"clone 3", "execve 3"},
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			r := testproc.Run(t, "executes a program", action).ExpectExit(t, 0)
			for _, line := range want {
				if !strings.Contains(r.Stdout, line+"\n") {
					t.Errorf("no %q in %q", line, r.Stdout)
				}
			}
		})
	}
}

// refusedClose closes a file where a refused close would hang others.
func refusedClose() {
	calm()
	setUp("log-and-deny")
	r, _, err := os.Pipe()
	must(err)
	noClose := sandbox.NewPolicy("no-close", sandbox.PolicyScheduler.Builder().Deny("close"))
	onThread(noClose, "closer", func() {
		r.Close()
		testproc.Fail("close returned")
	})
}

// What hangs or corrupts a Go process if refused by an errno ends it with a report.
func TestDenyEndsWhereAnErrnoHarms(t *testing.T) {
	t.Parallel()
	r := testproc.Run(t, "refused close").ExpectExit(t, 2)
	for _, want := range []string{`ERROR: The syscall "close" (syscall number 3)`, "  answer:   the process ends\n", "  count:    1\n", "SIGSYS: bad system call\n"} {
		if strings.Count(r.Stderr, want) != 1 {
			t.Errorf("no %q in\n%s", want, r.Stderr)
		}
	}
}

// reportFile closes the file that it gives for reports, and has its number taken.
func reportFile() {
	calm()
	action, name := testproc.Args()[0], testproc.Args()[1]
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	must(err)
	reported := make(chan struct{})
	setUpWith(action, sandbox.Config{Report: f, OnViolation: func(sandbox.Violation) { close(reported) }})
	must(f.Close())
	expectGetgroups(action)
	<-reported
}

// Reports go to Config.Report, also while dying; the first line of a deadly one is on
// standard error too.
func TestReportFile(t *testing.T) {
	for _, action := range []string{"log-and-abort", "log-and-deny", "log-and-allow"} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			name := t.TempDir() + "/termination-log"
			if err := os.WriteFile(name, nil, 0o666); err != nil {
				t.Fatal(err)
			}
			r := testproc.Run(t, "report file", action, name)
			firstLines := 0
			if action == "log-and-abort" {
				firstLines = 1
				r.ExpectExit(t, 2)
			} else {
				r.ExpectExit(t, 0)
			}
			report, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Count(string(report), reportLine) != 1 || !strings.Contains(string(report), "sandbox_test.getgroups\n") {
				t.Errorf("reported:\n%s", report)
			}
			if strings.Count(r.Stderr, reportLine) != firstLines || strings.Contains(r.Stderr, "remedy:") {
				t.Errorf("on standard error:\n%s", r.Stderr)
			}
		})
	}
}
