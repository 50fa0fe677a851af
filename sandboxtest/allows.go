// SPDX-License-Identifier: MIT

package sandboxtest

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/sysargs"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Allows fails the test unless the policy, put on one thread, allows the calls. They are
// written as in a report, name(arguments):
//
//	sandboxtest.Allows(t, policy, "read", "openat(AT_FDCWD, _, O_RDONLY|O_CLOEXEC)", "socket(family=AF_INET)")
//
// Arguments are numbers or constants, flags joined by |. For one that is not given, by _
// or because it is missing, the call must be allowed whatever its value: a name alone is
// a call with any arguments. So it is for a string: a filter does not see what pointers
// point to. A number is the whole register, as Go code passes it.
//
// No process is needed: the answer is computed, exactly. Calls that the policy does not
// name but the Go runtime needs are allowed too.
func Allows(t testing.TB, p sandbox.SyscallSandboxPolicy, calls ...string) {
	t.Helper()
	ask(t, p, "Allows", calls, question.refusedWitness)
}

// Refuses is the opposite of Allows: it fails the test unless the policy refuses the
// calls, by whatever answer, for every value of arguments that are not given. Where the
// kernel reads 32 bits of an argument that decides what a call does, the upper half of the
// register may be anything: else it would be a way around.
func Refuses(t testing.TB, p sandbox.SyscallSandboxPolicy, calls ...string) {
	t.Helper()
	ask(t, p, "Refuses", calls, question.allowedWitness)
}

// A question is a call with some arguments, asked of a policy's filter.
type question struct {
	filter seccomp.Filter
	call   sysargs.Call
}

func newQuestion(p sandbox.SyscallSandboxPolicy, s sandbox.Scope, text string) (question, error) {
	f, err := p.Filter(s, sandbox.ActionKillProcess)
	if err != nil {
		return question{}, err
	}
	c, err := sysargs.Parse(text)
	return question{f.ForPID(os.Getpid()), c}, err
}

// refusesSome reports whether a policy refuses a call for some values of the arguments
// that are not given, and whether by an errno.
func refusesSome(p sandbox.SyscallSandboxPolicy, s sandbox.Scope, text string) (refuses, byErrno bool, err error) {
	q, err := newQuestion(p, s, text)
	if err != nil {
		return false, false, err
	}
	w, refuses, err := q.refusedWitness()
	if refuses {
		action, _ := q.filter.Decide(w)
		byErrno = action == seccomp.Errno(uint16(action.Value()))
	}
	return refuses, byErrno, err
}

// ask fails the test for each call that has a witness against it.
func ask(t testing.TB, p sandbox.SyscallSandboxPolicy, name string, calls []string, against func(question) (seccomp.Call, bool, error)) {
	t.Helper()
	if passedBy(t) {
		return
	}
	if len(calls) == 0 {
		t.Fatalf("sandboxtest: %s of no calls says nothing", name)
	}
	if err := p.Err(); err != nil {
		t.Fatalf("sandboxtest: %v", err)
	}
	for _, text := range calls {
		q, err := newQuestion(p, sandbox.ScopeThread, text)
		if err != nil {
			t.Errorf("sandboxtest: %s(%q): %v", name, text, err)
			continue
		}
		w, found, err := against(q)
		switch {
		case err != nil:
			t.Errorf("sandboxtest: %s(%q): %v", name, text, err)
		case found:
			t.Errorf("sandboxtest: policy %q: %s(%q): %s", p, name, text, q.answer(w))
		}
	}
}

// refusedWitness looks for a call that fits and is refused.
func (q question) refusedWitness() (seccomp.Call, bool, error) {
	asked := seccomp.Filter{Rules: []seccomp.Rule{{When: q.given(false), Action: seccomp.Allow}}}
	return q.witness(func(own seccomp.Filter) (outer, inner seccomp.Filter) { return own, asked }, &asked)
}

// allowedWitness looks for a call that fits and is allowed.
func (q question) allowedWitness() (seccomp.Call, bool, error) {
	rest := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Allow, Rules: []seccomp.Rule{{When: q.given(true), Action: seccomp.KillProcess}}}
	return q.witness(func(own seccomp.Filter) (outer, inner seccomp.Filter) { return rest, own }, &rest)
}

// witness returns a call that inner permits and outer does not, one of which is the
// policy's own filter and the other is made of what is asked.
func (q question) witness(order func(own seccomp.Filter) (outer, inner seccomp.Filter), asked *seccomp.Filter) (seccomp.Call, bool, error) {
	name, known := sysno.Name(q.call.Nr)
	if !known {
		return q.unknownWitness(asked.Default != seccomp.Allow)
	}
	asked.Rules[0].Call = name
	own := seccomp.Filter{Default: q.filter.Default, Rules: slices.DeleteFunc(slices.Clone(q.filter.Rules), func(r seccomp.Rule) bool { return r.Call != name })}
	witnesses, undecided := seccomp.Uncovered(order(own))
	if len(undecided) > 0 {
		return seccomp.Call{}, false, fmt.Errorf("the conditions of %s are too many to compare", name)
	}
	if len(witnesses) == 0 {
		return seccomp.Call{}, false, nil
	}
	return witnesses[0], true, nil
}

// unknownWitness: numbers without a name have no rules.
func (q question) unknownWitness(wantsAllowed bool) (seccomp.Call, bool, error) {
	read, _ := seccomp.CallOf("read")
	c := seccomp.Call{Arch: read.Arch, Nr: q.call.Nr, Args: q.call.Args}
	action, _ := q.filter.Decide(c)
	return c, action.Permits() != wantsAllowed, nil
}

// given are the conditions that the arguments are what was given. With narrow those that
// the kernel reads as 32 bits are compared so.
func (q question) given(narrow bool) (when []seccomp.Cond) {
	for i, v := range q.call.Args {
		switch {
		case !q.call.Given[i] || q.call.Quoted[i]:
		case narrow && sysargs.Chosen(q.call.Nr, i) == 1<<32-1:
			when = append(when, seccomp.Arg32(i).Is(v&(1<<32-1)))
		default:
			when = append(when, seccomp.Arg64(i).Is(v))
		}
	}
	return when
}

// answer says what the policy answers to a call, and by which rule.
func (q question) answer(c seccomp.Call) string {
	action, rule := q.filter.Decide(c)
	what := "refuses"
	if action.Permits() {
		what = "allows"
	}
	text := fmt.Sprintf("it %s %s (%s", what, sysargs.Format(c.Nr, c.Args), action)
	if rule != nil && rule.Reason != "" {
		text += ": " + rule.Reason
	}
	return text + ")"
}
