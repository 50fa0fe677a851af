// SPDX-License-Identifier: MIT

package sandboxtest

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/scenarios"
)

// Runtime runs what the Go runtime of this toolchain does under each policy, on one thread
// and on the whole process: allocation, garbage collection, preemption, timers, the
// network poller, profiles and traces, panics, the ends of a process, and so on. A policy
// that denies something that the runtime needs fails the test with the scenario's name.
//
// Each policy has a process for all scenarios that survive, and one for each that does not.
// Scenarios that make calls of their own, such as getrandom(2) for crypto/rand, are left
// out where the policy does not allow these, and the test's log says so. A policy that
// fits only threads is tried on a thread only.
func Runtime(t testing.TB, policies ...sandbox.SyscallSandboxPolicy) {
	t.Helper()
	surroundings{reports: true}.runtime(t, caller(), policies)
}

// surroundings are what children of Runtime run in beside the policy. This package's own
// tests have others than its users.
type surroundings struct {
	reports bool                  // by ActionInvokeSignalHandler; ActionKillProcess otherwise
	start   func(*exec.Cmd) error // nil: (*exec.Cmd).Start
	enter   func() error          // what a child does first; nil: nothing
}

func (in surroundings) runtime(t testing.TB, at string, policies []sandbox.SyscallSandboxPolicy) {
	t.Helper()
	if len(policies) == 0 {
		t.Fatal("sandboxtest: Runtime of no policies says nothing")
	}
	s, isParent := in.site(t, at, policies)
	if !isParent {
		return
	}
	for i, p := range policies {
		for _, scope := range [...]sandbox.Scope{sandbox.ScopeThread, sandbox.ScopeProcess} {
			r := runtimeTest{site: s, in: in, policy: p, index: i, scope: scope}
			subtest(t, p.String()+"/"+r.scopeName(), r.run)
		}
	}
}

// site is that of a call. In the child that was started for it, it does not return.
func (in surroundings) site(t testing.TB, at string, policies []sandbox.SyscallSandboxPolicy) (s site, isParent bool) {
	s = newSite(t, at)
	child := target()
	if child == nil {
		return s, true
	}
	if s.Task = child.Task; s == *child {
		in.becomeTask(t, policies)
	}
	return s, false
}

// subtest runs f as a subtest where t has such.
func subtest(t testing.TB, name string, f func(testing.TB)) {
	t.Helper()
	if t, ok := t.(*testing.T); ok {
		t.Run(name, func(t *testing.T) { f(t) })
		return
	}
	f(t)
}

// A runtimeTest is one policy in one scope.
type runtimeTest struct {
	site
	in     surroundings
	policy sandbox.SyscallSandboxPolicy
	index  int
	scope  sandbox.Scope
}

// A task is what a child of Runtime is to do.
type task struct {
	Policy    int // its index
	Scope     sandbox.Scope
	Scenarios []string
}

func (r runtimeTest) scopeName() string {
	if r.scope == sandbox.ScopeThread {
		return "thread"
	}
	return "process"
}

func (r runtimeTest) run(t testing.TB) {
	t.Helper()
	if _, err := r.policy.Filter(sandbox.ScopeThread, sandbox.ActionInvokeSignalHandler); err == nil && r.scope == sandbox.ScopeProcess {
		if _, err := r.policy.Filter(r.scope, sandbox.ActionInvokeSignalHandler); err != nil {
			t.Skipf("sandboxtest: not on the whole process: %v", err)
		}
	}
	call{policy: r.policy, scope: r.scope}.check(t)
	var surviving, ending []string
	for _, s := range scenarios.All() {
		if why := r.missing(s); why != "" {
			t.Logf("sandboxtest: policy %q on a %s: left out: %s: %s", r.policy, r.scopeName(), s.Name, why)
		} else if s.Survives() {
			surviving = append(surviving, s.Name)
		} else {
			ending = append(ending, s.Name)
		}
	}
	for len(surviving) > 0 {
		surviving = r.survive(t, surviving)
	}
	for _, name := range ending {
		r.end(t, name)
	}
}

// missing says which of a scenario's own calls the policy does not allow.
func (r runtimeTest) missing(s scenarios.Scenario) string {
	needed := s.Calls
	if r.scope == sandbox.ScopeProcess {
		needed = append(needed[:len(needed):len(needed)], s.Others...)
	}
	for _, text := range needed {
		switch refused, errno, err := refusesSome(r.policy, r.scope, text); {
		case err == nil && errno && strings.HasPrefix(text, "openat("):
			return "" // the calls after it are not made
		case err != nil || refused:
			return strings.TrimSpace(fmt.Sprintf("the policy does not allow %s %s", text, errorText(err)))
		}
	}
	return ""
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return "(" + err.Error() + ")"
}

// start runs some scenarios in one child.
func (r runtimeTest) start(t testing.TB, names []string) *outcome {
	t.Helper()
	text, err := json.Marshal(task{r.index, r.scope, names})
	if err != nil {
		t.Fatalf("sandboxtest: %v", err)
	}
	s := r.site
	s.Task = string(text)
	by := r.in.start
	if by == nil {
		by = (*exec.Cmd).Start
	}
	return start(t, s, by)
}

// survive runs scenarios one after the other and returns those that are left, because one
// before them ended the child.
func (r runtimeTest) survive(t testing.TB, names []string) (left []string) {
	t.Helper()
	return r.start(t, names).survived(t, names)
}

func (o *outcome) survived(t testing.TB, names []string) (left []string) {
	t.Helper()
	if !o.reached(t) {
		return nil
	}
	o.passEvents(t)
	begun, ended := o.count(eventBegin), o.count(eventEnd)
	switch {
	case ended < len(names) && begun > ended:
		t.Errorf("sandboxtest: %q ends the process, by %s\n%s", names[ended], o.end(), o.output())
		return names[begun:]
	case ended < len(names) || !o.has(eventDone) || o.exit != 0:
		t.Errorf("sandboxtest: after %d of %d scenarios the child ended by %s\n%s", ended, len(names), o.end(), o.output())
	case o.raced():
		t.Errorf("sandboxtest: the race detector found something\n%s", o.output())
	}
	return nil
}

// end runs a scenario that ends the process, or its thread, as it says.
func (r runtimeTest) end(t testing.TB, name string) {
	t.Helper()
	s, err := scenarios.Find(name)
	if err != nil {
		t.Fatalf("sandboxtest: %v", err)
	}
	r.start(t, []string{name}).ended(t, s)
}

func (o *outcome) ended(t testing.TB, s scenarios.Scenario) {
	t.Helper()
	if !o.reached(t) {
		return
	}
	failed := o.passEvents(t)
	_, violated := o.violation()
	as := !violated && o.has(eventDone) == s.End.Leaves && strings.Contains(o.stderr.String(), s.End.Text)
	if s.End.Signal != 0 {
		as = as && o.signal == s.End.Signal
	} else {
		as = as && o.exit == s.End.Exit
	}
	if !as && !failed {
		t.Errorf("sandboxtest: %q ends by %s, not as it should: %s\n%s", s.Name, o.end(), wantedEnd(s.End), o.output())
	}
}

func wantedEnd(e scenarios.End) string {
	var what string
	switch {
	case e.Leaves:
		what = "its thread alone"
	case e.Signal != 0:
		what = fmt.Sprintf("by signal %d", e.Signal)
	default:
		what = fmt.Sprintf("by exit code %d", e.Exit)
	}
	if e.Text != "" {
		what += fmt.Sprintf(", with %q", e.Text)
	}
	return what
}

// becomeTask makes this process the child that does a task; it does not return.
func (in surroundings) becomeTask(t testing.TB, policies []sandbox.SyscallSandboxPolicy) {
	var do task
	if err := json.Unmarshal([]byte(target().Task), &do); err != nil || do.Policy >= len(policies) {
		t.Fatalf("sandboxtest: the task %q: %v", target().Task, err)
	}
	if in.enter != nil {
		if err := in.enter(); err != nil {
			t.Fatalf("sandboxtest: %v", err)
		}
	}
	runs := make([]func() error, len(do.Scenarios))
	for i, name := range do.Scenarios {
		s, err := scenarios.Find(name)
		if err != nil {
			t.Fatalf("sandboxtest: %v", err)
		}
		runs[i] = s.Make()
	}
	call{policy: policies[do.Policy], scope: do.Scope, silent: !in.reports}.become(t, func(b *childTB) {
		for i, run := range runs {
			b.out.tell(eventBegin, do.Scenarios[i])
			if err := run(); err != nil {
				b.fail()
				b.out.tell(eventError, fmt.Sprintf("sandboxtest: %q: %v", do.Scenarios[i], err))
			}
			b.out.tell(eventEnd, do.Scenarios[i])
		}
	})
}
