// SPDX-License-Identifier: MIT

package policy

import (
	"cmp"
	"math"
	"slices"

	"github.com/syscall-sandbox/sandbox/internal/bpfgen"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// Spans translates a policy for the compiler below package seccomp, which takes what
// the package has no words for: any answer to x32 and to foreign architectures, and
// numbers without a name.
func (p *Policy) Spans() []bpfgen.Span {
	rules := slices.Clone(p.Rules)
	slices.SortFunc(rules, func(a, b Rule) int { return cmp.Compare(a.Nr, b.Nr) })
	var spans []bpfgen.Span
	add := func(s bpfgen.Span) { // as package seccomp does, so that ties fall alike
		if n := len(spans); n == 0 || s.Rules != nil || spans[n-1].Rules != nil || spans[n-1].Ret != s.Ret {
			spans = append(spans, s)
		}
	}
	next := uint64(0) // the first number without a span
	for _, r := range rules {
		if uint64(r.Nr) > next {
			add(bpfgen.Span{Lo: uint32(next), Ret: uint32(p.Default)})
		}
		add(r.span(p.Default))
		next = uint64(r.Nr) + 1
	}
	if next <= math.MaxUint32 {
		add(bpfgen.Span{Lo: uint32(next), Ret: uint32(p.Default)})
	}
	return spans
}

func (r Rule) span(otherwise Action) bpfgen.Span {
	if !r.Checked() {
		return bpfgen.Span{Lo: r.Nr, Ret: uint32(r.Action)}
	}
	s := bpfgen.Span{Lo: r.Nr, Ret: uint32(otherwise), Weight: weight(r.Nr)}
	for _, alt := range r.alternatives() {
		rule := bpfgen.Rule{Ret: uint32(r.Action)}
		for _, c := range alt.conds {
			rule.When = append(rule.When, c.lower())
		}
		if alt.values != nil {
			rule.When = append(rule.When, bpfgen.Cond{Arg: alt.arg, Wide: true, Op: bpfgen.In, Values: alt.values})
		}
		s.Rules = append(s.Rules, rule)
	}
	return s
}

func (c Cond) lower() bpfgen.Cond {
	v := uint64(c.Value)
	out := bpfgen.Cond{Arg: c.Arg, Wide: true, Op: bpfgen.Between}
	switch c.Op {
	case "eq", "ne":
		out.Op, out.Values, out.Not = bpfgen.In, []uint64{v}, c.Op == "ne"
	case "le":
		out.B = v
	case "gt":
		out.B, out.Not = v, true
	case "ge":
		out.A, out.B = v, math.MaxUint64
	case "lt":
		out.A, out.B, out.Not = v, math.MaxUint64, true
	default:
		out.Op, out.A, out.B = bpfgen.Masked, uint64(c.Mask), v
	}
	return out
}

// weight is package seccomp's share of a call whose arguments are looked at.
func weight(nr uint32) float32 {
	switch nr {
	case sysno.Futex:
		return 0.75
	case sysno.Fcntl:
		return 0.125
	case sysno.Socket, sysno.Openat:
		return 0.03
	}
	return 0.008
}
