// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe" // calls take pointers

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// The known ways around a seccomp sandbox, each tried in a child whose policy is
// the union of what the phase of work permits. What the union refuses, each of its
// members refuses.

// An escape is one way, with the number of its row in the project's survey of
// hazards. Where nothing can be tried, or nothing is a bypass, why says so.
type escape struct {
	row      string
	why      string
	attempts []attempt
	check    func(t *testing.T) // what is not one call of one child
}

// An attempt is made in a child: do prepares what the bypass needs, calls narrow,
// which puts the policy in force, and returns what the kernel answered.
type attempt struct {
	name   string
	do     func(narrow func()) (uintptr, unix.Errno)
	end    end
	policy string // empty: steady
}

// An end looks how the child ended.
type end func(t *testing.T, action string, r *testproc.Result)

func init() { children["escape"] = escapeChild }

func escapes() []escape {
	return slices.Concat(escapesByCall, escapesByArgument, escapesOfMemory, escapesOfSignals, escapesOfFilters, escapesOfKernel, escapesOfFiles)
}

// steadyRoles are the built-in policies of the node at work. Shutoff is narrower than
// Scheduler and sealed.
func steadyRoles() []sandbox.SyscallSandboxPolicy {
	return []sandbox.SyscallSandboxPolicy{
		sandbox.PolicyMessageHandler, sandbox.PolicyNet, sandbox.PolicyNetAddConnection, sandbox.PolicyNetHTTPServer,
		sandbox.PolicyNetHTTPServerWorker, sandbox.PolicyNetOpenConnection, sandbox.PolicyScheduler,
		sandbox.PolicyTorControl, sandbox.PolicyTxIndex, sandbox.PolicyValidationScriptCheck,
	}
}

// escapePolicy returns a built-in policy, the union of those at work ("steady"), or that
// union with the terminal ioctls ("terminal").
func escapePolicy(name string) (sandbox.SyscallSandboxPolicy, error) {
	b := sandbox.NewSeccompPolicyBuilder().AllowNothing().AllowPolicy(steadyRoles()...)
	switch name {
	case "steady":
		return sandbox.NewPolicy(name, b), nil
	case "terminal":
		return sandbox.NewPolicy(name, b.AllowTerminal()), nil
	}
	return sandbox.ParsePolicy(name)
}

// escapeChild makes an attempt: action, policy, row, name of the attempt.
func escapeChild() {
	// The handler waits for the reporter: for seconds where a collection stops it, or where
	// the violation itself holds the only processor.
	runtime.GOMAXPROCS(max(2, runtime.GOMAXPROCS(0)))
	debug.SetGCPercent(-1)
	runtime.GC()
	args := testproc.Args()
	p, err := escapePolicy(args[1])
	must(err)
	for _, e := range escapes() {
		for _, a := range e.attempts {
			if e.row != args[2] || a.name != args[3] {
				continue
			}
			r, errno := a.do(func() {
				setUp(args[0])
				must(sandbox.SetProcessPolicy(p))
			})
			fmt.Println(answer(r, errno))
			return
		}
	}
	testproc.Fail("no attempt %v", args)
}

func answer(r uintptr, errno unix.Errno) string {
	if errno != 0 {
		return "errno " + unix.ErrnoName(errno)
	}
	return fmt.Sprintf("executed, result %d", r)
}

// TestEscape tries each way around and names how it ends.
func TestEscape(t *testing.T) {
	for _, e := range escapes() {
		t.Run(e.row, func(t *testing.T) {
			t.Parallel()
			if e.why != "" {
				t.Log(e.why)
			}
			for i, a := range e.attempts {
				t.Run(a.name, func(t *testing.T) {
					t.Parallel()
					tryEscape(t, e.row, a, "log-and-abort")
					if i == 0 {
						tryEscape(t, e.row, a, "abort")
					}
				})
			}
			if e.check != nil {
				e.check(t)
			}
		})
	}
}

func tryEscape(t *testing.T, row string, a attempt, action string) {
	t.Helper()
	policy := a.policy
	if policy == "" {
		policy = "steady"
	}
	r := testproc.Run(t, "escape", action, policy, row, a.name)
	t.Logf("under %q, %s: %s", policy, action, ended(r))
	a.end(t, action, r)
}

// ended says in a line how a child ended.
func ended(r *testproc.Result) string {
	how := fmt.Sprintf("exit code %d", r.Exit)
	if r.Signal != 0 {
		how = unix.SignalName(r.Signal)
	}
	for line := range strings.Lines(r.Stdout + r.Stderr) {
		return how + ", " + strings.TrimSpace(line)
	}
	return how + ", without a word"
}

// TestEscapePolicies holds what TestEscape rests on: the union permits all that any
// role may do, and the rows are all there.
func TestEscapePolicies(t *testing.T) {
	steady, err := escapePolicy("steady")
	if err != nil {
		t.Fatal(err)
	}
	outer := escapeFilter(t, steady)
	for _, p := range append(steadyRoles(), sandbox.PolicyShutoff) {
		if witnesses, undecided := seccomp.Uncovered(outer, escapeFilter(t, p)); len(witnesses)+len(undecided) > 0 {
			t.Errorf("%v may do more than the union: %v %v", p, witnesses, undecided)
		}
	}
	seen := make(map[string]bool)
	for _, e := range escapes() {
		seen[e.row[:2]] = true
		if e.why == "" && len(e.attempts) == 0 && e.check == nil {
			t.Errorf("%s shows nothing", e.row)
		}
	}
	for nn := 1; nn <= 39; nn++ {
		if row := fmt.Sprintf("%02d", nn); !seen[row] && nn != 37 && nn != 38 {
			t.Errorf("row %s is missing", row)
		}
	}
}

func escapeFilter(t *testing.T, p sandbox.SyscallSandboxPolicy) seccomp.Filter {
	t.Helper()
	f, err := p.Filter(sandbox.ScopeProcess, sandbox.ActionInvokeSignalHandler)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// raw is a call under the policy, with nothing to prepare.
func raw(nr uintptr, args ...uintptr) func(func()) (uintptr, unix.Errno) {
	return func(narrow func()) (uintptr, unix.Errno) {
		narrow()
		return sys(nr, args...)
	}
}

func sys(nr uintptr, args ...uintptr) (uintptr, unix.Errno) {
	var a [6]uintptr
	copy(a[:], args)
	r, _, errno := unix.RawSyscall6(nr, a[0], a[1], a[2], a[3], a[4], a[5])
	return r, errno
}

// after is a call with a first argument that something prepares.
func after(prepare func() uintptr, nr uintptr, args ...uintptr) func(func()) (uintptr, unix.Errno) {
	return func(narrow func()) (uintptr, unix.Errno) {
		first := prepare()
		narrow()
		return sys(nr, append([]uintptr{first}, args...)...)
	}
}

// traps expects a violation: reported with the call's name, or the silent end.
func traps(call string) end {
	return func(t *testing.T, action string, r *testproc.Result) {
		t.Helper()
		if action == "abort" {
			r.ExpectSignal(t, syscall.SIGSYS)
			return
		}
		r.ExpectExit(t, 2)
		if !strings.Contains(r.Stderr, `ERROR: The syscall "`+call+`" (syscall number `) {
			t.Errorf("no report of %s:\n%s", call, r.Stderr)
		}
	}
}

// kills expects the silent end under every action.
func kills(t *testing.T, _ string, r *testproc.Result) {
	t.Helper()
	if r.ExpectSignal(t, syscall.SIGSYS); r.Stdout+r.Stderr != "" {
		t.Errorf("output %q %q", r.Stdout, r.Stderr)
	}
}

// answers expects an errno. Where it is the filter's, the kernel has not executed the call.
func answers(errno unix.Errno) end { return prints(answer(0, errno)) }

// executes expects the result of a call that is no bypass.
func executes(r uintptr) end { return prints(answer(r, 0)) }

func prints(want string) end {
	return func(t *testing.T, _ string, r *testproc.Result) {
		t.Helper()
		if r.ExpectExit(t, 0); r.Stdout != want+"\n" {
			t.Errorf("%q, not %q", r.Stdout, want)
		}
	}
}

// crashes expects the runtime to end the process for a signal, with no report.
func crashes(signal string) end {
	return func(t *testing.T, _ string, r *testproc.Result) {
		t.Helper()
		r.ExpectExit(t, 2)
		if !strings.Contains(r.Stderr, signal) || strings.Contains(r.Stderr, "ERROR:") {
			t.Errorf("not by %s:\n%s", signal, r.Stderr)
		}
	}
}

// garbage sets the upper half of a register, which the kernel ignores for an int.
const garbage = 0xffffffff_00000000

// escapeBuffer is memory for calls to read and write.
var escapeBuffer [4096]byte

func buffer() uintptr { return uintptr(unsafe.Pointer(&escapeBuffer)) }

var self, parent = uintptr(unix.Getpid()), uintptr(unix.Getppid())

// cwd is AT_FDCWD as an int argument.
const cwd = 0xffffffff_ffffff9c
