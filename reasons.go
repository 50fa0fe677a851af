// SPDX-License-Identifier: MIT

package sandbox

import (
	"slices"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A Group is what one of the builder's Allow methods allows: "OpenFiles" is
// AllowOpenFiles.
type Group struct {
	Name  string
	Rules []seccomp.Rule // each with its reason
}

// Groups returns the builder's groups: those for node code, then Bitcoin Core's.
func Groups() (all []Group) {
	for _, g := range slices.Concat(nodeGroups[:], groups[:], []*group{&groupProcessPolicies}) {
		public := Group{Name: g.name}
		for _, c := range g.calls {
			r := seccomp.Rule{Call: callName(c.nr), Action: seccomp.Allow, Reason: c.reason}
			if rule, ok := c.rule(); ok && c.when != "" {
				r.When = rule.when
			}
			public.Rules = append(public.Rules, r)
		}
		all = append(all, public)
	}
	return all
}

// Groups returns the names of the groups that the policy's own rules hold whole.
func (p SyscallSandboxPolicy) Groups() (names []string) {
	if p.Err() != nil {
		return nil
	}
	for _, g := range p.p.held() {
		names = append(names, g.name)
	}
	return names
}

// groups are those that the rules hold, those for node code first.
func (r ruleSet) groups() (held []*group) {
	for _, g := range slices.Concat(nodeGroups[:], groups[:], []*group{&groupProcessPolicies}) {
		if !slices.ContainsFunc(g.calls, func(c groupCall) bool { return !r.permits(c) }) {
			held = append(held, g)
		}
	}
	return held
}

// permits reports whether the rules have an entry of a group.
func (r ruleSet) permits(c groupCall) bool {
	return r.allowed.has(c.nr) || c.when != "" && slices.ContainsFunc(r.conds, c.is)
}

// is reports whether a rule is the entry's.
func (c groupCall) is(r conditionRule) bool {
	rule, ok := c.rule()
	return ok && r.nr == c.nr && slices.EqualFunc(r.when, rule.when, func(a, b seccomp.Cond) bool { return a.String() == b.String() })
}

// because is the reason of a rule of the policy's own: that of a group which the policy
// holds, of any group, or that the author said so.
func (p SyscallSandboxPolicy) because(r conditionRule) string {
	for _, of := range [...][]*group{p.p.held(), nodeGroups[:], groups[:]} {
		for _, g := range of {
			for _, c := range g.calls {
				if c.nr == r.nr && (r.when == nil && c.when == "" || r.when != nil && c.when != "" && c.is(r)) {
					return g.name + ": " + c.reason
				}
			}
		}
	}
	if r.when != nil {
		return "allowed by name and arguments"
	}
	return "allowed by name"
}
