// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func init() {
	children["breaks"] = breaks
	children["sweep"] = sweep
}

// narrow permits all that a breaks child does.
var narrow = sandbox.NewPolicy("narrow", sandbox.PolicyInitialization.Builder())

// operations are what puts filters on. Each returns a way to run a function where they are.
var operations = map[string]func(config sandbox.Config) (on func(func()), err error){
	"setup": func(config sandbox.Config) (on func(func()), err error) {
		return here, sandbox.SetupSyscallSandbox(config)
	},
	"process": func(sandbox.Config) (on func(func()), err error) {
		return here, sandbox.SetProcessPolicy(narrow)
	},
	"go": func(sandbox.Config) (on func(func()), err error) {
		on, loop := elsewhere()
		return on, sandbox.Go(narrow, "role", loop)
	},
	"thread": func(sandbox.Config) (on func(func()), err error) {
		on, loop := elsewhere()
		go loop()
		on(func() {
			err = sandbox.SetSyscallSandboxPolicy(narrow)
			if locked() != (err == nil) {
				testproc.Fail("%v, and the goroutine is locked: %v", err, locked())
			}
		})
		return on, err
	},
}

func here(fn func()) { fn() }

// elsewhere runs functions on the goroutine of loop; nil is the last.
func elsewhere() (on func(func()), loop func()) {
	functions, done := make(chan func()), make(chan struct{})
	loop = func() {
		for fn := range functions {
			fn()
			done <- struct{}{}
		}
	}
	return func(fn func()) {
		if fn == nil {
			close(functions)
			return
		}
		functions <- fn
		<-done
	}, loop
}

// breaks lets a call of an operation fail, looks what has become of the process, does
// the operation once more and then violates the policy.
func breaks() {
	args := testproc.Args()
	op, action, errno := operations[args[0]], args[1], unix.Errno(atoi(args[2]))
	fails := nth{uint32(atoi(args[3])), uint64(atoi(args[4]))}
	config := sandbox.Config{}
	must(config.Action.UnmarshalText([]byte(action)))
	reported := make(chan struct{}, 1)
	if config.Action == sandbox.ActionDeny {
		config.OnViolation = func(sandbox.Violation) { reported <- struct{}{} }
	}
	r, w, err := os.Pipe() // the poller is there
	must(err)
	defer r.Close()
	defer w.Close()
	underBreaker()
	if args[0] != "setup" {
		must(sandbox.SetupSyscallSandbox(config))
		// One that has ended, to be forgotten.
		onThread(narrow, "earlier", func() {})
		eventually("the earlier thread is gone", func() bool { return len(kernelThreads()) == 1 })
	}
	before := stand()
	var on func(func())
	failed := -1
	if breaking(fails, errno, func() { on, err = op(config) }) {
		failed = int(fails.nr)
	}
	switch {
	case failed < 0 && err == nil:
		fmt.Println(action, "unbroken")
	case err == nil:
		fmt.Println(action, "harmless", sysnoName(failed))
	default:
		message := fmt.Sprintf("error %s %q", sysnoName(failed), err)
		var install *seccomp.InstallError
		if (failed == unix.SYS_SECCOMP || failed == unix.SYS_PRCTL) && !errors.As(err, &install) {
			testproc.Fail("%v is no InstallError", err)
		}
		if !errors.Is(err, errno) && !errors.Is(err, os.ErrNoDeadline) { // package os keeps the errno of epoll_ctl to itself
			testproc.Fail("%v is not %v", err, errno)
		}
		late := args[0] == "setup" && config.Action > sandbox.ActionInvokeSignalHandler
		if late && failed == unix.SYS_RT_SIGACTION { // it could be the call that gives SIGPROF back
			before.handlers[unix.SIGPROF] = stand().handlers[unix.SIGPROF]
		}
		unharmed(before, failed, late)
		if args[0] == "setup" {
			config, action = milder(config, action)
		}
		on, err = op(config)
		must(err)
		fmt.Println(action, message)
	}
	inForce(args[0], before)
	works()
	calm()
	on(func() { expectGetgroups(action) })
	<-reported
}

// milder is log-and-abort, if a setup that failed has left nothing that speaks against it.
func milder(config sandbox.Config, action string) (sandbox.Config, string) {
	if config.Action != sandbox.ActionDeny || sandbox.SetUpLate() {
		return config, action
	}
	return sandbox.Config{Action: sandbox.ActionInvokeSignalHandler}, "log-and-abort"
}

func sysnoName(nr int) string {
	if nr < 0 {
		return "none"
	}
	name, _ := sysno.Name(uint32(nr))
	return name
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	must(err)
	return n
}

// unharmed: the process stands as before, as soon as threads that are ending have ended, and
// works.
func unharmed(before standing, failed int, late bool) {
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		difference := before.differs(late)
		if difference == "" || failed == unix.SYS_CLOSE && strings.Contains(difference, "descriptors") {
			break
		}
		if time.Now().After(end) {
			testproc.Fail("%s failed: %s", sysnoName(failed), difference)
		}
	}
	works()
}

// inForce: the operation has put a filter where it should, and nowhere else.
func inForce(op string, before standing) {
	after := stand()
	kinds := 1
	if op == "thread" || op == "go" {
		kinds = 2
	}
	if len(after.filters) != kinds || kinds == 1 && after.kinds() == before.kinds() || kinds == 2 && after.filters[before.kinds()] != sum(after.filters)-1 {
		testproc.Fail("%s: threads have %v, before %v", op, after.filters, before.filters)
	}
	if op == "setup" && after.enabled == before.enabled || !after.enabled {
		testproc.Fail("%s: enabled: %v", op, after.enabled)
	}
}

func sum(count map[string]int) (n int) {
	for _, c := range count {
		n += c
	}
	return n
}

// sweep runs breaks for every call of an operation, and prints what came of each.
func sweep() {
	run := func(fails nth) broken {
		args := append(testproc.Args(), strconv.Itoa(int(fails.nr)), strconv.Itoa(int(fails.k)))
		b := breakOne("breaks", args...)
		diedAsSaid(b, fails)
		return b
	}
	turns := make(chan nth)
	var all sync.WaitGroup
	var mu sync.Mutex
	for range 2 {
		all.Go(func() {
			for fails := range turns {
				b := run(fails)
				mu.Lock()
				fmt.Print(b.stdout)
				mu.Unlock()
			}
		})
	}
	for _, fails := range different(run(nth{}).calls) {
		turns <- fails
	}
	close(turns)
	all.Wait()
}

// different leaves out most of what is made in loops, over signals and over threads: of
// calls between the same two others it takes the first and the last.
func different(calls []uint32) (list []nth) {
	first, last := make(map[[3]uint32]nth), make(map[[3]uint32]nth)
	count := make(map[uint32]uint64)
	for i, nr := range calls {
		count[nr]++
		n := nth{nr, count[nr]}
		around := [3]uint32{calls[max(i-1, 0)], nr, calls[min(i+1, len(calls)-1)]}
		if _, ok := first[around]; !ok {
			first[around] = n
			list = append(list, n)
		}
		last[around] = n
	}
	for around, n := range last {
		if n != first[around] {
			list = append(list, n)
		}
	}
	return list
}

// diedAsSaid checks that a worker said by which action its violation would end, that it ended
// so, and that the violation was reported: whatever failed before, the reporter lives.
func diedAsSaid(b broken, fails nth) {
	status := b.state.Sys().(syscall.WaitStatus)
	reported := strings.Contains(b.stderr, reportLine) && strings.Contains(b.stderr, "  remedy:   ")
	action, _, ok := strings.Cut(b.stdout, " ")
	switch action {
	case "abort":
		ok = ok && status.Signaled() && status.Signal() == unix.SIGSYS
	case "log-and-abort":
		ok = ok && reported && status.ExitStatus() == 2
	default:
		ok = ok && reported && status.ExitStatus() == 0
	}
	if !ok {
		testproc.Fail("call %d of %s: %v: %s\n%s", fails.k, sysnoName(int(fails.nr)), b.state, b.stdout, b.stderr)
	}
}

// patience is for children that do hundreds of things on a loaded machine.
const patience = 8 * time.Minute

// Whatever call fails of those that setup, narrowing, SetSyscallSandboxPolicy and Go make,
// either it does not matter, and the policy is in force with its reports; or there is a typed
// error that says what to do, the process is as it was, and the next try succeeds.
func TestEveryCallFails(t *testing.T) {
	testproc.Require(t, testproc.WaitKillableRecv)
	for _, c := range []struct {
		op, action string
		errnos     []unix.Errno
	}{
		{"setup", "abort", []unix.Errno{unix.EPERM, unix.ENOSYS}},
		{"setup", "log-and-abort", []unix.Errno{unix.EPERM}},
		{"setup", "log-and-deny", []unix.Errno{unix.EPERM}},
		{"process", "log-and-deny", []unix.Errno{unix.EPERM, unix.EACCES}},
		{"thread", "log-and-abort", []unix.Errno{unix.EINVAL}},
		{"go", "abort", []unix.Errno{unix.EPERM}},
		{"go", "log-and-deny", []unix.Errno{unix.EINVAL}},
	} {
		for _, errno := range c.errnos {
			t.Run(fmt.Sprint(c.op, " ", c.action, " ", errno), func(t *testing.T) {
				t.Parallel()
				r := testproc.Cmd{Name: "sweep", Args: []string{c.op, c.action, strconv.Itoa(int(errno))}, Timeout: patience}.Run(t).ExpectExit(t, 0)
				checkSweep(t, r.Stdout)
			})
		}
	}
}

// checkSweep reads lines of breaks.
func checkSweep(t *testing.T, lines string) {
	must := []string{"seccomp", "prctl"} // without these there is no filter
	for line := range strings.Lines(lines) {
		words := strings.Fields(line) // action, outcome, call, text
		if words[1] != "error" {
			continue
		}
		must = slices.DeleteFunc(must, func(call string) bool { return call == words[2] })
		if !regexp.MustCompile(`container|unit allow|SetNoNewPrivs|older than|no seccomp|those already there|ActionKillProcess|ActionInvokeSignalHandler|max_user_watches`).MatchString(line) {
			t.Errorf("what to do is not said: %s", line)
		}
	}
	if len(must) > 0 {
		t.Errorf("%v failed and there was no error:\n%s", must, lines)
	}
}
