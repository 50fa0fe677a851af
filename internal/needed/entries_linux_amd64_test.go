// SPDX-License-Identifier: MIT

package needed

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/gobase"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// nothing is a policy that permits the Go runtime's share and what puts on the next
// policy, and no more.
//
// What is needed there is needed in every policy: an entry of nothing's that another
// policy has too is the only one there by which its calls are permitted, since entries
// that others cover are left out of a filter. A scenario that meets it under nothing
// meets it under the other policy, which permits all the rest and more.
var nothing = sandbox.NewPolicy("nothing", sandbox.NewSeccompPolicyBuilder().AllowNothing())

// A subject is a policy in a scope.
type subject struct {
	Policy string
	Scope  sandbox.Scope
}

func (s subject) policy() (sandbox.SyscallSandboxPolicy, error) {
	if s.Policy == nothing.String() {
		return nothing, nil
	}
	return sandbox.ParsePolicy(s.Policy)
}

func (s subject) filter() (seccomp.Filter, error) {
	p, err := s.policy()
	if err != nil {
		return seccomp.Filter{}, err
	}
	return p.Filter(s.Scope, sandbox.ActionKillProcess)
}

// base permits what is proved for nothing: for a policy, all of nothing; for nothing on
// the process, what it permits on a thread already.
func (s subject) base() (seccomp.Filter, error) {
	switch {
	case s.Policy != nothing.String():
		return subject{nothing.String(), s.Scope}.filter()
	case s.Scope == sandbox.ScopeProcess:
		return subject{nothing.String(), sandbox.ScopeThread}.filter()
	}
	return seccomp.Filter{}, nil
}

// A class is the subjects that have the same filter, so that what is proved for the first
// is proved for all.
type class struct {
	name string
	subject
	entries []string
}

// classes are nothing in both scopes, the policies on a thread, and PolicyInitialization
// on the process, where it belongs.
func classes() ([]class, error) {
	all := []class{
		{name: "the Go runtime's share, and the next policy: on a thread", subject: subject{nothing.String(), sandbox.ScopeThread}},
		{name: "the Go runtime's share on the process, besides", subject: subject{nothing.String(), sandbox.ScopeProcess}},
	}
	byProgram := make(map[string]int)
	for _, p := range sandbox.Policies() {
		c := class{name: p.String(), subject: subject{p.String(), sandbox.ScopeThread}}
		if p == sandbox.PolicyInitialization {
			c.Scope = sandbox.ScopeProcess
		}
		f, err := c.filter()
		if err != nil {
			return nil, err
		}
		program, err := f.Compile()
		if err != nil {
			return nil, err
		}
		if i, ok := byProgram[program.String()]; ok {
			all[i].name += ", " + c.name
			continue
		}
		byProgram[program.String()] = len(all)
		all = append(all, c)
	}
	for i := range all {
		var err error
		if all[i].entries, err = all[i].subject.entries(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// entries are the rules by which the subject permits calls beyond its base, as text. One
// that permits a call whatever its arguments is two entries, where another policy finds
// some arguments enough: that it is there at all, and that it is not the narrower.
func (s subject) entries() (entries []string, err error) {
	f, err := s.filter()
	if err != nil {
		return nil, err
	}
	base, err := s.base()
	if err != nil {
		return nil, err
	}
	for _, r := range f.Rules {
		if !r.Action.Permits() || has(base, r) {
			continue
		}
		entries = append(entries, text(r))
		if narrower := s.narrower(r); narrower != nil {
			entries = append(entries, text(r)+beyond+conditions(*narrower))
		}
	}
	return entries, nil
}

const beyond = " beyond "

// narrower is a rule of another policy that permits some of what r does whatever the
// arguments. PolicyInitialization is Bitcoin Core's list, which had numbers only.
func (s subject) narrower(r seccomp.Rule) *seccomp.Rule {
	if s.Policy == sandbox.PolicyInitialization.String() || s.Policy == nothing.String() || r.When != nil {
		return nil
	}
	for _, p := range sandbox.Policies() {
		f, err := subject{p.String(), s.Scope}.filter()
		if err != nil {
			continue
		}
		for _, other := range f.Rules {
			if other.Call == r.Call && other.When != nil && other.Action.Permits() {
				return &other
			}
		}
	}
	return nil
}

func text(r seccomp.Rule) string {
	if r.When == nil {
		return r.Call
	}
	return r.Call + " if " + conditions(r)
}

func conditions(r seccomp.Rule) string {
	var conds []string
	for _, c := range r.When {
		conds = append(conds, c.String())
	}
	return strings.Join(conds, " && ")
}

func has(f seccomp.Filter, r seccomp.Rule) bool {
	return slices.ContainsFunc(f.Rules, func(other seccomp.Rule) bool {
		return other.Action == r.Action && text(other) == text(r)
	})
}

// reached reports whether some call gets to the last of the rules: an errno for arguments
// that the policy permits has nothing left to answer.
func reached(rules []seccomp.Rule) bool {
	var mistake *seccomp.RuleError
	_, err := seccomp.Filter{Rules: rules}.Compile()
	return !errors.As(err, &mistake) || mistake.Index != len(rules)-1
}

// without is the subject's filter as it would be if the tables had no such entry; the
// empty one: as it is.
func (s subject) without(entry string) (seccomp.Filter, error) {
	f, err := s.filter()
	if err != nil || entry == "" {
		return f, err
	}
	entry, _, narrow := strings.Cut(entry, beyond)
	i := slices.IndexFunc(f.Rules, func(r seccomp.Rule) bool { return r.Action.Permits() && text(r) == entry })
	if i < 0 {
		return f, fmt.Errorf("%s has no entry %q", s.Policy, entry)
	}
	taken := f.Rules[i]
	base, err := s.base()
	if err != nil {
		return f, err
	}
	// What other entries permit of the call, what the base does, and the errno that a
	// refused call has.
	left := rulesOf(f, taken.Call)
	left = slices.DeleteFunc(left, func(r seccomp.Rule) bool { return text(r) == entry || has(base, r) })
	if narrow {
		left = append(left, *s.narrower(taken))
	}
	for _, r := range rulesOf(base, taken.Call) {
		if reached(append(slices.Clone(left), r)) {
			left = append(left, r)
		}
	}
	if !decides(left) {
		left = append(left, answer(taken.Call)...)
	}
	f.Rules = slices.DeleteFunc(f.Rules, func(r seccomp.Rule) bool { return r.Call == taken.Call })
	f.Rules = append(f.Rules, left...)
	return f, nil
}

// decides reports whether the rules of a call leave nothing to a filter's default.
func decides(rules []seccomp.Rule) bool {
	return slices.ContainsFunc(rules, func(r seccomp.Rule) bool { return r.When == nil })
}

func rulesOf(f seccomp.Filter, call string) (rules []seccomp.Rule) {
	for _, r := range f.Rules {
		if r.Call == call {
			rules = append(rules, r)
		}
	}
	return rules
}

func answer(call string) []seccomp.Rule {
	for a := range gobase.Answers() {
		if name, _ := sysno.Name(a.Nr); name == call {
			return []seccomp.Rule{{Call: call, Action: seccomp.Errno(a.Errno)}}
		}
	}
	return nil
}

// What is taken out is refused, and nothing else.
func TestWithout(t *testing.T) {
	all, err := classes()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		whole, err := c.filter()
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range c.entries {
			f, err := c.without(entry)
			if err != nil {
				t.Fatal(err)
			}
			lost, undecided := seccomp.Uncovered(f, whole)
			gained, undecided2 := seccomp.Uncovered(whole, f)
			call, _, _ := strings.Cut(entry, " ")
			if len(lost) != 1 || lost[0].Name() != call || len(gained) > 0 || len(undecided)+len(undecided2) > 0 {
				t.Errorf("%s without %s: refused are %v, permitted besides are %v, undecided %v %v", c.name, entry, lost, gained, undecided, undecided2)
			}
		}
	}
}
