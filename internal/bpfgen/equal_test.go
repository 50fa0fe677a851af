// SPDX-License-Identifier: MIT

package bpfgen

import (
	"slices"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/bpfsim"
)

// clone is a deep copy: equal rules need not be one slice.
func clone(rules []Rule) []Rule {
	rules = slices.Clone(rules)
	for i := range rules {
		rules[i].When = slices.Clone(rules[i].When)
		for j := range rules[i].When {
			rules[i].When[j].Values = slices.Clone(rules[i].When[j].Values)
		}
	}
	return rules
}

// Spans with equal rules are compiled once, and all the same reported each: void rules and
// what is undecided. Their answers are those of spans compiled by themselves.
func TestEqualRules(t *testing.T) {
	ip := []Rule{
		{Ret: allow, When: []Cond{{IP: true, Wide: true, Not: true, Op: Between, A: 0x401000, B: 0x5fffff}}},
		{Ret: allow, When: []Cond{{IP: true, Wide: true, Op: In, Values: []uint64{0x402017}}}},
		{Ret: abi.RetLog, When: []Cond{{IP: true, Wide: true, Op: In, Values: []uint64{0x402017, 0}}}},
	}
	many := distinctRules(maxBoxes + 1)
	for _, distance := range []int{1, 2, 5, 9} { // beyond what the builder remembers too
		var spans []Span
		var void []Place
		var undecided []int
		var calls []bpfsim.Data
		for i := range 20 {
			s := Span{Lo: uint32(3 * i), Ret: deny, Weight: 0.1}
			switch i % distance {
			case 0:
				s.Rules = clone(ip)
				void = append(void, Place{i, 2})
			case 1:
				s.Rules = clone(many)
				undecided = append(undecided, i)
			default:
				s.Rules = distinctRules(i%distance + 1)
			}
			spans = append(spans, s)
			for _, nr := range []uint32{s.Lo, s.Lo + 2} {
				for _, at := range []uint64{0, 0x400fff, 0x401000, 0x402016, 0x402017, 0x402018, 0x5fffff, 0x600000, 0x402018 | 1<<32, ^uint64(0)} {
					d := callWith(nr, at, at)
					d.IP = at
					calls = append(calls, d)
				}
				calls = append(calls, distinctCalls(nr, i)...)
			}
		}
		p := judgeRules(t, append(spans, Span{Lo: 60, Ret: kill}), calls, false)
		if !slices.Equal(p.Void, void) || !slices.Equal(p.Undecided, undecided) {
			t.Errorf("distance %d: void %v, want %v; undecided %v, want %v", distance, p.Void, void, p.Undecided, undecided)
		}
	}
}

// A difference in anything keeps rules apart.
func TestSameTellsAllApart(t *testing.T) {
	base := Cond{Arg: 1, Wide: true, Op: Between, A: 1, B: 5}
	span := func(c Cond) *Span { return &Span{Ret: deny, Rules: []Rule{{Ret: allow, When: []Cond{c}}}} }
	if !span(base).same(span(base)) {
		t.Error("not the same as itself")
	}
	for name, change := range map[string]func(*Cond){
		"arg": func(c *Cond) { c.Arg = 2 }, "ip": func(c *Cond) { c.IP = true }, "wide": func(c *Cond) { c.Wide = false },
		"not": func(c *Cond) { c.Not = true }, "op": func(c *Cond) { c.Op = Self }, "A": func(c *Cond) { c.A = 2 },
		"B": func(c *Cond) { c.B = 6 }, "values": func(c *Cond) { c.Values = []uint64{1} },
	} {
		other := base
		if change(&other); span(base).same(span(other)) {
			t.Errorf("%s makes no difference", name)
		}
	}
	for name, other := range map[string]*Span{
		"ret":        {Ret: allow, Rules: span(base).Rules},
		"rule's ret": {Ret: deny, Rules: []Rule{{Ret: deny, When: []Cond{base}}}},
		"conditions": {Ret: deny, Rules: []Rule{{Ret: allow, When: []Cond{base, base}}}},
		"rules":      {Ret: deny, Rules: append(span(base).Rules, Rule{Ret: allow})},
	} {
		if span(base).same(other) {
			t.Errorf("%s makes no difference", name)
		}
	}
}

// An argument and the instruction pointer are different words, whatever the values.
func TestIPIsNoArgument(t *testing.T) {
	spans := []Span{{Lo: 0, Ret: deny}, {Lo: 7, Ret: deny, Rules: []Rule{
		{Ret: abi.RetLog, When: []Cond{{Arg: 5, Wide: true, Op: In, Values: []uint64{9 | 3<<32}}, {IP: true, Wide: true, Op: In, Values: []uint64{8 | 4<<32}}}},
		{Ret: allow, When: []Cond{{IP: true, Wide: true, Op: Masked, A: 0xf0000000f, B: 0x100000002}}},
	}}, {Lo: 8, Ret: kill}}
	var calls []bpfsim.Data
	for _, a := range []uint64{0, 9, 9 | 3<<32, 8 | 4<<32} {
		for _, ip := range []uint64{0, 2, 0x100000002, 0xf00000012, 0xff100000ff2, 8 | 4<<32, 9 | 3<<32} {
			d := callWith(7, a, a, a, a, a, a)
			d.IP = ip
			calls = append(calls, d)
		}
	}
	p := judgeRules(t, spans, calls, true)
	loads := map[uint32]bool{}
	for _, in := range p.Code {
		if in.Op == opLoad {
			loads[in.K] = true
		}
	}
	for _, off := range []uint32{abi.OffIP, abi.OffIP + 4, abi.OffArgs + 40, abi.OffArgs + 44} {
		if !loads[off] {
			t.Errorf("no load of offset %d: %v", off, loads)
		}
	}
	if len(loads) != 6 {
		t.Errorf("loads of %v", loads)
	}
}
