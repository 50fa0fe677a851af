// SPDX-License-Identifier: MIT

package sandbox

import (
	"cmp"
	"slices"

	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Which groups of the builder permit a refused call.

// groupProcessPolicies is AllowProcessPolicies as a group: onProcess.
var groupProcessPolicies = group{"ProcessPolicies", []groupCall{{nr: sysno.Seccomp, when: "arg0:32 == 0x1 && arg1:32 == 0x1", reason: "puts a policy on all threads"}}}

// A fit is a group that permits the call; a narrow one has conditions on it.
type fit struct {
	*group
	narrow bool
}

func (f fit) method() string { return "Allow" + f.name + "()" }

// groups are those that permit the call, narrow ones first, the smaller before the
// larger. Bitcoin Core's are too wide where the call is a matter of its arguments.
func (r refusedCall) groups() (narrow []fit) {
	var wide []fit
	all := append(slices.Clone(nodeGroups[:]), &groupProcessPolicies)
	if !conditioned(r.Nr) && r.asked() == [6]uint64{} {
		all = append(all, groups[:]...)
	}
	slices.SortStableFunc(all, func(a, b *group) int { return cmp.Compare(len(a.calls), len(b.calls)) })
	for _, g := range all {
		rule, ok := g.ruleFor(r.Nr)
		missing := len(r.refusing) == 0 || slices.ContainsFunc(r.refusing, func(l layer) bool { return !l.has(rule) })
		switch {
		case !ok || !missing || r.known && !rule.permits(r.Call):
		case rule.when != nil:
			narrow = append(narrow, fit{g, true})
		case !g.narrows(sysno.Socket):
			// Those are about one kind of socket, their other calls are for its sake.
			wide = append(wide, fit{g, false})
		}
	}
	return append(narrow, wide...)
}

// ruleFor is what the group allows of a call.
func (g *group) ruleFor(nr uint32) (r conditionRule, ok bool) {
	switch i := slices.IndexFunc(g.calls, func(c groupCall) bool { return c.nr == nr }); {
	case i < 0:
		return r, false
	case g.calls[i].when == "":
		return conditionRule{nr: nr}, true
	default:
		return g.calls[i].rule()
	}
}

// narrows reports whether the group has conditions on a call.
func (g *group) narrows(nr uint32) bool {
	rule, _ := g.ruleFor(nr)
	return rule.when != nil
}

// permits reports whether the rule allows the call.
func (r conditionRule) permits(call seccomp.Call) bool {
	f := seccomp.Filter{Rules: []seccomp.Rule{{Call: callName(r.nr), When: r.when, Action: seccomp.Allow}}}
	action, _ := f.Decide(call)
	return action.Permits()
}

// has reports whether the policy's own rules allow all that a rule does.
func (l layer) has(r conditionRule) bool {
	own := l.policy.p.rules
	return own.allowed.has(r.nr) || r.when != nil && own.asked.has(r.nr) && covered(own.conds, r)
}

// hasMostOf reports whether the policy's own rules allow more than half of a group:
// then the one call is missing, not the group.
func (l layer) hasMostOf(g *group) bool {
	n := 0
	for _, c := range g.calls {
		if rule, ok := g.ruleFor(c.nr); ok && l.has(rule) {
			n++
		}
	}
	return 2*n > len(g.calls)
}
