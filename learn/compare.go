// SPDX-License-Identifier: MIT

package learn

import (
	"fmt"
	"slices"
	"strings"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A Difference is how a filter and what a phase called differ.
type Difference struct {
	// Missing are calls of the phase that the filter does not permit: one for each
	// set of values, by number. Arguments that were not recorded have values for
	// which the filter refuses the call.
	Missing []seccomp.Call
	// Unused are rules that permit something and that no call of the phase needs.
	Unused []seccomp.Rule
	// Wider are rules that were used but permit more than that.
	Wider []Wider
}

// A Wider is a rule that permits more of a call than was used.
type Wider struct {
	Rule seccomp.Rule
	Used []Call         // what was used of it
	Is   []seccomp.Rule // what would permit just that
}

// Compare holds the phase against a filter, usually the one of the policy in force,
// as SyscallSandboxPolicy.Filter returns it for the scope of the phase. A call is
// permitted if the filter's action for it is, see [seccomp.Action.Permits].
//
// Of a descriptor, pointer or process id nothing was recorded: a call is missing if
// the filter refuses it for any value of them, and a rule is used if some value
// reaches it. So a condition IsSelf must be turned into a number first, any number:
// f.ForPID(1). A kill of the own process is missing all the same if the filter
// permits no other: nothing recorded says whom it was for.
//
// Rules for what the library permits by itself, the Go runtime's share and seccomp,
// are neither unused nor wider; nor are rules wider for calls that [Phase.Rules]
// allows by number.
//
// A policy must also permit what the policies put on after it do: compare an outer one
// with the phase of [Recording.Nested].
func (p *Phase) Compare(f seccomp.Filter) Difference {
	var d Difference
	given := p.given()
	rest := make(map[string][]seccomp.Rule)
	for _, r := range f.Rules {
		rest[r.Call] = append(rest[r.Call], r)
	}
	used := p.used()
	for _, u := range used {
		own := seccomp.Filter{Default: f.Default, Rules: rest[u.name]}
		d.Missing = append(d.Missing, u.missing(own)...)
	}
	seen := make(map[string]int) // by call: rules so far
	for _, r := range f.Rules {
		i := seen[r.Call]
		seen[r.Call]++
		nr := Call{Syscall: r.Call}.nr()
		if !r.Action.Permits() || given[nr] || ofLibrary(r) {
			continue
		}
		at := slices.IndexFunc(used, func(u allowance) bool { return u.nr == nr })
		if at < 0 {
			d.Unused = append(d.Unused, clone(r))
			continue
		}
		d.judge(used[at], rest[r.Call][:i+1])
	}
	return d
}

// ofLibrary reports whether a rule is there whatever the policy says: by its reason, as
// seccomp.GoRuntime and the root package give it.
func ofLibrary(r seccomp.Rule) bool {
	return strings.HasPrefix(r.Reason, "Go runtime: ") || strings.HasPrefix(r.Reason, "Sandbox setup: ")
}

// judge looks at the last of the rules of a call.
func (d *Difference) judge(u allowance, rules []seccomp.Rule) {
	rule := rules[len(rules)-1]
	var calls []Call
	for _, c := range u.calls {
		if reaches(rules, u.conds(c)) {
			calls = append(calls, c)
		}
	}
	if len(calls) == 0 {
		d.Unused = append(d.Unused, clone(rule))
		return
	}
	part := allowance{nr: u.nr, name: u.name, calls: calls}
	part.settle()
	exact := part.rules()
	if len(part.boxes) > 0 && len(u.boxes) > 0 && exceeds(rules, exact) {
		d.Wider = append(d.Wider, Wider{clone(rule), calls, exact})
	}
}

// conds are the conditions that say which call was recorded: none if only its number
// was seen.
func (u *allowance) conds(c Call) []seccomp.Cond {
	if c.unseen() {
		return nil
	}
	return pointOf(u.nr, c).conds()
}

// missing are the calls that the filter, which has rules for this call only, does not
// permit.
func (u *allowance) missing(f seccomp.Filter) (calls []seccomp.Call) {
	for _, c := range u.calls {
		call := seccomp.Call{Arch: abi.AuditArchX86_64, Nr: u.nr, Args: c.Args}
		if action, _ := f.Decide(call); c.unseen() {
			// With arguments that nobody saw any rule that permits may be the one.
			permits := func(r seccomp.Rule) bool { return r.Action.Permits() }
			if !action.Permits() && !slices.ContainsFunc(f.Rules, permits) {
				calls = append(calls, call)
			}
			continue
		} else if !action.Permits() {
			calls = append(calls, call)
			continue
		}
		asked := seccomp.Filter{Rules: []seccomp.Rule{{Call: u.name, When: u.conds(c), Action: seccomp.Allow}}}
		witnesses, _ := seccomp.Uncovered(f, asked)
		calls = append(calls, witnesses...)
	}
	return calls
}

// reaches reports whether the last of the rules of a call is the first to match for
// some call on which all conditions hold.
func reaches(rules []seccomp.Rule, when []seccomp.Cond) bool {
	last := clone(rules[len(rules)-1])
	last.When = append(last.When, when...)
	witnesses, undecided := seccomp.Uncovered(seccomp.Filter{}, only(rules, last))
	return len(witnesses)+len(undecided) > 0
}

// exceeds reports whether the last of the rules of a call permits something beyond
// what the exact rules do.
func exceeds(rules, exact []seccomp.Rule) bool {
	witnesses, _ := seccomp.Uncovered(seccomp.Filter{Rules: exact}, only(rules, rules[len(rules)-1]))
	return len(witnesses) > 0
}

// only is a filter in which of all the rules last alone permits, standing in for the
// last one.
func only(rules []seccomp.Rule, last seccomp.Rule) seccomp.Filter {
	rules = slices.Clone(rules)
	for i := range rules {
		rules[i].Action = seccomp.KillProcess
	}
	last.Action = seccomp.Allow
	rules[len(rules)-1] = last
	return seccomp.Filter{Rules: rules}
}

func clone(r seccomp.Rule) seccomp.Rule {
	r.When = slices.Clone(r.When)
	return r
}

// String returns the difference as text, one line for each entry, without a newline
// at the end; "" if there is none.
func (d Difference) String() string {
	var lines []string
	for _, c := range d.Missing {
		lines = append(lines, "missing: "+decode(c.Nr, c.Args))
	}
	for _, r := range d.Unused {
		lines = append(lines, "unused: "+ruleText(r))
	}
	for _, w := range d.Wider {
		for i, c := range w.Used {
			if i == 0 {
				lines = append(lines, "wider: "+ruleText(w.Rule)+", used for")
			}
			lines = append(lines, fmt.Sprintf("  %s (%s)", c.Decoded, times(c)))
		}
	}
	return strings.Join(lines, "\n")
}

func ruleText(r seccomp.Rule) string {
	var conds []string
	for _, c := range r.When {
		conds = append(conds, c.String())
	}
	if conds == nil {
		return r.Call
	}
	return r.Call + " if " + strings.Join(conds, " && ")
}
