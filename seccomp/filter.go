// SPDX-License-Identifier: MIT

package seccomp

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/bpfgen"
	"github.com/syscall-sandbox/sandbox/internal/bpfsim"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// A Rule gives a call its action, if all conditions hold; without conditions,
// always.
type Rule struct {
	Call   string // the kernel's name: "openat"
	When   []Cond // all must hold; none: always
	Action Action // what the kernel does then
	Reason string // for people; it does not change the program
}

// Group returns a rule for each of the calls, all with the same action and without
// conditions.
//
//	f.Rules = append(f.Rules, seccomp.Group(seccomp.Errno(1), "ptrace", "process_vm_readv")...)
func Group(a Action, calls ...string) []Rule {
	rules := make([]Rule, len(calls))
	for i, call := range calls {
		rules[i] = Rule{Call: call, Action: a}
	}
	return rules
}

// A Filter is a decision about every system call. Its zero value kills the
// process on any. Calls of a foreign architecture and of the x32 ABI kill
// whatever it says.
//
// The rules of one call are tried in their order: the first whose conditions all
// hold answers; if there is none, Default does. Rules of different calls do not
// meet, so their order does not matter.
type Filter struct {
	Default Action // of the numbers that this library's table knows, when no rule answers
	Unknown Action // of the other numbers below 0x40000000: gaps, and calls newer than the table
	Rules   []Rule // first what answers first, among the rules of one call
}

// Decide returns what the filter answers to a call, and the rule that says so:
// nil for Default, Unknown and what always kills. The rule is a copy. Decide reads
// the filter as it stands and does not use the compiler. IsSelf holds for no
// argument: see [Filter.ForPID].
func (f Filter) Decide(c Call) (Action, *Rule) {
	if !c.Native() {
		return KillProcess, nil
	}
	name := c.Name()
	if name == "" {
		return f.Unknown, nil
	}
	for _, r := range f.Rules {
		if r.Call == name && r.matches(c) {
			return r.Action, &r
		}
	}
	return f.Default, nil
}

func (r *Rule) matches(c Call) bool {
	for i := range r.When {
		if !r.When[i].holds(&c) {
			return false
		}
	}
	return true
}

// ForPID returns the filter with IsSelf turned into a comparison with pid.
func (f Filter) ForPID(pid int) Filter {
	f.Rules = cloneRules(f.Rules)
	for i := range f.Rules {
		r := &f.Rules[i]
		for j, c := range r.When {
			if c.c.Op == bpfgen.Self {
				r.When[j].c.Op, r.When[j].c.Values = bpfgen.In, []uint64{uint64(pid)}
			}
		}
	}
	return f
}

// cloneRules copies rules with their conditions.
func cloneRules(rules []Rule) []Rule {
	rules = slices.Clone(rules)
	n := 0
	for i := range rules {
		n += len(rules[i].When)
	}
	conds := make([]Cond, 0, n)
	for i := range rules {
		if r := &rules[i]; r.When != nil {
			from := len(conds)
			conds = append(conds, r.When...)
			r.When = conds[from:len(conds):len(conds)]
		}
	}
	return rules
}

// NeedsPID reports whether a condition is [Arg.IsSelf], so that the filter means something
// only for a process that exists: see ForPID. Its program may do without.
func (f Filter) NeedsPID() bool {
	return slices.ContainsFunc(f.Rules, func(r Rule) bool {
		return slices.ContainsFunc(r.When, func(c Cond) bool { return c.c.Op == bpfgen.Self })
	})
}

// Compile returns the program that answers as Decide does. It asks the kernel
// nothing. It reports all mistakes, joined with [errors.Join], each a
// [*RuleError]: names that linux/amd64 does not have, actions that do not exist,
// errno values outside 1..4094, conditions that make no sense, and rules that no
// call reaches because earlier rules of the call, or their own conditions, exclude
// it. That is exact within a limit on the work for one call: 256 alternatives, and
// 1024 different states of knowledge about its arguments. Beyond it the program is
// right all the same, and [Program.Unchecked] names the call.
func (f Filter) Compile() (*Program, error) {
	b := spanner{filter: f}
	spans := b.spans()
	compiled, err := bpfgen.Compile(spans, abi.RetKillProcess)
	b.void(spans, compiled.Void)
	if len(b.errs) > 0 {
		return nil, b.mistakes()
	}
	if err != nil {
		return nil, fmt.Errorf("seccomp: %w", err)
	}
	// The kernel would say the same, but with a bare EINVAL.
	if err := bpfsim.Verify(compiled.Code); err != nil {
		return nil, fmt.Errorf("seccomp: the compiled program is invalid: %w", err)
	}
	p := &Program{code: compiled.Code, self: compiled.Self, filter: f}
	p.filter.Rules = cloneRules(f.Rules)
	for _, s := range compiled.Undecided {
		name, _ := sysno.Name(spans[s].Lo)
		p.unchecked = append(p.unchecked, name)
	}
	return p, nil
}

// A spanner turns a filter into what the compiler takes, and collects mistakes.
// Rules with mistakes are left out, so that the others are still compared.
type spanner struct {
	filter Filter
	first  [sysno.Max + 1]int32 // by number: index+1 of its first rule
	next   []int32              // by rule: index+1 of the call's next rule
	errs   []*RuleError
	conds  []bpfgen.Cond
	rules  []bpfgen.Rule
}

func (b *spanner) mistake(index int, reason, nearest string) {
	e := &RuleError{Index: index, Reason: reason, Nearest: nearest}
	if index >= 0 {
		e.Call = b.filter.Rules[index].Call
	}
	b.errs = append(b.errs, e)
}

// mistakes joins all, in the order of the rules.
func (b *spanner) mistakes() error {
	slices.SortStableFunc(b.errs, func(x, y *RuleError) int { return cmp.Compare(x.Index, y.Index) })
	errs := make([]error, len(b.errs))
	for i, e := range b.errs {
		errs[i] = e
	}
	return errors.Join(errs...)
}

// link looks for mistakes in single rules and links the rules of each call.
func (b *spanner) link() {
	if reason := b.filter.Default.invalid(); reason != "" {
		b.mistake(-1, "default: "+reason, "")
	}
	if reason := b.filter.Unknown.invalid(); reason != "" {
		b.mistake(-1, "unknown: "+reason, "")
	}
	b.next = make([]int32, len(b.filter.Rules))
	conds := 0
	for i := len(b.filter.Rules) - 1; i >= 0; i-- {
		r := &b.filter.Rules[i]
		if reason := r.Action.invalid(); reason != "" {
			b.mistake(i, reason, "")
		}
		sound := true
		for j := range r.When {
			if reason := r.When[j].mistake(); reason != "" {
				b.mistake(i, reason, "")
				sound = false
			}
		}
		nr, ok := sysno.Number(r.Call)
		if !ok {
			b.mistake(i, "linux/amd64 has no call of this name", sysno.Nearest(r.Call))
		} else if sound {
			b.next[i], b.first[nr] = b.first[nr], int32(i+1)
			conds += len(r.When)
		}
	}
	b.conds = make([]bpfgen.Cond, 0, conds)
	b.rules = make([]bpfgen.Rule, 0, len(b.filter.Rules))
}

// spans returns the answer of every 32-bit number.
func (b *spanner) spans() []bpfgen.Span {
	b.link()
	spans := make([]bpfgen.Span, 0, len(b.filter.Rules)+48)
	add := func(lo uint32, a Action) {
		if n := len(spans); n == 0 || spans[n-1].Ret != a.Value() || spans[n-1].Rules != nil {
			spans = append(spans, bpfgen.Span{Lo: lo, Ret: a.Value()})
		}
	}
	for nr := uint32(0); nr <= sysno.Max; nr++ {
		switch first := b.first[nr]; {
		case first != 0 && b.single(first-1):
			add(nr, b.filter.Rules[first-1].Action)
		case first != 0:
			spans = append(spans, bpfgen.Span{Lo: nr, Ret: b.filter.Default.Value(), Rules: b.rulesOf(first), Weight: weights[nr]})
		case sysno.Known(nr):
			add(nr, b.filter.Default)
		default:
			add(nr, b.filter.Unknown)
		}
	}
	add(sysno.Max+1, b.filter.Unknown)
	add(abi.X32Bit, KillProcess)
	return spans
}

// single reports whether a rule is its call's only one, and without conditions.
func (b *spanner) single(i int32) bool {
	return b.next[i] == 0 && len(b.filter.Rules[i].When) == 0
}

func (b *spanner) rulesOf(first int32) []bpfgen.Rule {
	from := len(b.rules)
	for i := first; i != 0; i = b.next[i-1] {
		r := &b.filter.Rules[i-1]
		start := len(b.conds)
		for j := range r.When {
			b.conds = append(b.conds, r.When[j].c)
		}
		b.rules = append(b.rules, bpfgen.Rule{When: b.conds[start:len(b.conds):len(b.conds)], Ret: r.Action.Value()})
	}
	return b.rules[from:len(b.rules):len(b.rules)]
}

// void reports rules that no call reaches.
func (b *spanner) void(spans []bpfgen.Span, places []bpfgen.Place) {
	for _, p := range places {
		i := b.first[spans[p.Span].Lo]
		for range p.Rule {
			i = b.next[i-1]
		}
		b.mistake(int(i-1), "no call reaches it: its conditions exclude each other, or earlier rules of the call answer all that they leave", "")
	}
}
