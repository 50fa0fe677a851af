// SPDX-License-Identifier: MIT

package sandboxtest

import (
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/sysargs"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Run runs fn in a child process with the policy on the whole process
// ([sandbox.SetProcessPolicy]). The test fails if the policy refuses a call, with the
// report of the violation; if fn fails its testing.TB; and if fn does not return. fn must
// not call functions of this package that need a child.
//
// fn's testing.TB works as the test's own; its Cleanup functions run after fn, under the
// policy. TempDir makes a directory under the policy: call the test's own TempDir before.
func Run(t testing.TB, p sandbox.SyscallSandboxPolicy, fn func(testing.TB)) {
	t.Helper()
	inChild(t, call{policy: p, scope: sandbox.ScopeProcess, at: caller()}, fn)
}

// RunThread is Run with the policy on one thread ([sandbox.Go]), the one that fn runs
// on. Goroutines that fn starts, or that packages start for it, are not under the policy.
func RunThread(t testing.TB, p sandbox.SyscallSandboxPolicy, fn func(testing.TB)) {
	t.Helper()
	inChild(t, call{policy: p, scope: sandbox.ScopeThread, at: caller()}, fn)
}

func inChild(t testing.TB, c call, fn func(testing.TB)) {
	t.Helper()
	if fn == nil {
		t.Fatal("sandboxtest: the function to run is nil")
	}
	o, ok := c.run(t, func(b *childTB) { fn(b) })
	if !ok {
		return
	}
	o.pass(t)
}

// Refused runs fn in a child process, on a thread with the policy, and passes only if the
// policy refuses fn the call of that name: if the child ends by a violation, on fn's
// thread, of exactly that call. A child that never makes the call fails the test, as one
// does that makes another refused call before it. The name is the kernel's, which is not
// always the function's: os.Mkdir calls mkdirat.
//
// Calls that a policy answers by an errno, by DenyErrno or because the standard library
// falls back on something else, are no violations: see [Refuses] for those.
func Refused(t testing.TB, p sandbox.SyscallSandboxPolicy, call string, fn func()) {
	t.Helper()
	refused(t, p, call, fn, caller())
}

func refused(t testing.TB, p sandbox.SyscallSandboxPolicy, name string, fn func(), at string) {
	t.Helper()
	switch _, ok := seccomp.CallOf(name); {
	case fn == nil:
		t.Fatal("sandboxtest: the function to run is nil")
	case !ok:
		_, err := sysargs.Parse(name)
		t.Fatalf("sandboxtest: Refused wants the name of a call, not %q (%v)", name, err)
	}
	o, ok := call{policy: p, scope: sandbox.ScopeThread, at: at}.run(t, func(*childTB) { fn() })
	if !ok || !o.reached(t) {
		return
	}
	v, violated := o.violation()
	switch {
	case violated && v.call == name && v.thread == threadName && o.exit == exitViolation:
	case violated && v.call == name:
		t.Errorf("sandboxtest: %s was refused, but on thread %q, and the child ended by %s\n%s", name, v.thread, o.end(), o.output())
	case violated:
		t.Errorf("sandboxtest: policy %q refused %s, not %s\n%s", p, v.call, name, o.output())
	case o.has(eventDone):
		t.Errorf("sandboxtest: the function returned and nothing was refused: %s", notRefused(p, name))
	default:
		t.Errorf("sandboxtest: the child ended by %s and not because %s was refused\n%s", o.end(), name, o.output())
	}
}

// exitViolation is the exit code of a process that the report of a violation ends: that
// of a panic.
const exitViolation = 2

// notRefused says why a call may not have been refused.
func notRefused(p sandbox.SyscallSandboxPolicy, name string) string {
	f, err := p.Filter(sandbox.ScopeThread, sandbox.ActionInvokeSignalHandler)
	c, ok := seccomp.CallOf(name)
	if err != nil || !ok {
		return "it never made the call"
	}
	var permits, answers, refuses bool
	for _, r := range append(f.Rules, seccomp.Rule{Call: name, Action: f.Default}) {
		if r.Call != name {
			continue
		}
		switch {
		case r.Action.Permits():
			permits = true
		case r.Action == f.Default:
			refuses = true
		default:
			answers = true
		}
		if len(r.When) == 0 {
			break
		}
	}
	action, _ := f.Decide(c)
	switch {
	case permits && !refuses && !answers:
		return "the policy allows " + name
	case answers && !permits && !refuses:
		return "the policy answers " + name + " with " + action.String() + ", which is no violation: see Refuses"
	case !permits && !answers:
		return "it never made the call " + name + " on the thread that it runs on"
	default:
		return "it never made the call " + name + ", or with arguments that the policy allows"
	}
}
