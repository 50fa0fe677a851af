// SPDX-License-Identifier: MIT

package learn

import (
	"fmt"
	"slices"
	"strings"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/gobase"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A Difference is how a filter and what a phase called differ.
type Difference struct {
	// Missing are calls of the phase that the filter does not permit: one for each
	// set of values, by number. Arguments that were not recorded have values for
	// which the filter refuses the call.
	Missing []seccomp.Call
	// Undecided are calls that the filter permits for some values of what was not
	// recorded, and refuses for others.
	Undecided []seccomp.Call
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
// Of a descriptor, pointer or process id nothing was recorded: if it depends on them
// whether the filter permits a call, the call is undecided, and a rule is used if some
// value reaches it. So a condition IsSelf must be turned into a number first, any number:
// f.ForPID(1). Not in question are calls that the Go runtime alone makes like that: mmap
// without a file, threads. Nor is a call missing for which the filter has the errno that
// its callers have a fallback for.
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
		u.refused(own, given[u.nr] || u.nr == sysno.Mmap, &d)
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

// refused adds the calls that the filter, which has rules for this call only, does not
// permit for all values. What the library's rules may permit is theirs, if nobody else
// makes such calls.
func (u *allowance) refused(f seccomp.Filter, nobodyElse bool, d *Difference) {
	for _, c := range u.calls {
		refused := u.witnesses(f, c)
		if len(refused) == 0 {
			continue
		}
		mine, library := u.permitted(f, c)
		switch {
		case library && nobodyElse || mine && c.unseen() || u.fallback(f):
		case mine || library:
			d.Undecided = append(d.Undecided, refused...)
		default:
			d.Missing = append(d.Missing, refused...)
		}
	}
}

// witnesses are calls like the recorded one that the filter does not permit.
func (u *allowance) witnesses(f seccomp.Filter, c Call) []seccomp.Call {
	call := seccomp.Call{Arch: abi.AuditArchX86_64, Nr: u.nr, Args: c.Args}
	if action, _ := f.Decide(call); !action.Permits() {
		return []seccomp.Call{call}
	}
	if c.unseen() {
		return nil
	}
	asked := seccomp.Filter{Rules: []seccomp.Rule{{Call: u.name, When: u.conds(c), Action: seccomp.Allow}}}
	witnesses, _ := seccomp.Uncovered(f, asked)
	return witnesses
}

// permitted reports whether rules permit the recorded call for some values of what was
// not recorded: those of the policy, and those of the Go runtime's share.
func (u *allowance) permitted(f seccomp.Filter, c Call) (mine, library bool) {
	for i, r := range f.Rules {
		if r.Action.Permits() && reaches(f.Rules[:i+1], u.conds(c)) {
			mine = mine || !ofLibrary(r)
			library = library || ofLibrary(r)
		}
	}
	return mine, library
}

// fallback reports whether the filter answers the call by the errno of the table.
func (u *allowance) fallback(f seccomp.Filter) bool {
	for a := range gobase.Answers() {
		if a.Nr == u.nr {
			last := len(f.Rules) - 1
			return last >= 0 && f.Rules[last].When == nil && f.Rules[last].Action == seccomp.Errno(a.Errno)
		}
	}
	return false
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
	for _, c := range d.Undecided {
		lines = append(lines, "undecided: "+decode(c.Nr, c.Args))
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
