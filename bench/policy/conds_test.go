// SPDX-License-Identifier: MIT

package policy

import (
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// TestConditionsOf compares the rows of conditions with what package seccomp decides.
func TestConditionsOf(t *testing.T) {
	const top32, top64 = 1<<32 - 1, 1<<64 - 1
	var conds []seccomp.Cond
	for _, a := range []seccomp.Arg{seccomp.Arg32(1), seccomp.Arg64(1)} {
		for _, v := range []uint64{0, 1, 5, 0x80000000, top32} {
			conds = append(conds, a.Is(v), a.Not(v), a.Less(v), a.LessOrEqual(v), a.Greater(v), a.GreaterOrEqual(v),
				a.Between(0, v), a.Between(v, top32), a.Masked(0xf0f, v&0xf0f), a.Only(v), a.Is(v, 7, 3), a.Not(9, v, 8))
		}
		conds = append(conds, a.Between(3, 1000), a.Between(5, 5))
	}
	wide := seccomp.Arg64(1)
	conds = append(conds, wide.Less(top64), wide.Greater(1<<32+5), wide.Not(top64, 0), wide.Between(7, 1<<40), wide.Masked(1<<40|6, 1<<40|2))
	values := []uint64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0xf0f, 999, 1000, 1001, 0x7fffffff, 0x80000000, 0x80000001, top32 - 1, top32,
		1 << 32, 1<<32 + 4, 1<<32 + 5, 1<<32 + 6, 1<<40 - 1, 1 << 40, 1<<40 + 1, 1<<40 | 2, 1<<40 | 6, top64 - 1, top64}
	for _, c := range conds {
		rule := seccomp.Rule{Call: "ioctl", When: []seccomp.Cond{c}, Action: seccomp.Allow}
		f, p := seccomp.Filter{Rules: []seccomp.Rule{rule}}, new(Policy)
		if err := p.add(rule); err != nil {
			t.Error(err)
			continue
		}
		for _, v := range values {
			args := [abi.NumArgs]uint64{0, v}
			_, by := f.Decide(seccomp.Call{Arch: abi.AuditArchX86_64, Nr: 16, Args: args})
			if got := p.Rules[0].holds(args); got != (by != nil) {
				t.Errorf("%s, %#x: %v in %v", c, v, got, p.Rules[0].Any)
			}
		}
	}
}

func TestConditionsOfNoForm(t *testing.T) {
	for _, s := range []string{"", "arg1", "argument == 0x1", "arg1 == own pid", "arg1 ~ 0x1", "arg1 & 0x1", "arg1 & 0x1 < 0x1", "arg1 in {}"} {
		if all, err := condsOf(s); err == nil {
			t.Errorf("%q is %v", s, all)
		}
	}
}

// TestRowsOfOneCall joins rules of one call, as far as a row can say what they do.
func TestRowsOfOneCall(t *testing.T) {
	when := func(v uint64) []seccomp.Cond { return []seccomp.Cond{seccomp.Arg64(0).Is(v)} }
	var p Policy
	for _, r := range []seccomp.Rule{
		{Call: "ioctl", When: when(1), Action: seccomp.Allow},
		{Call: "ioctl", When: when(2), Action: seccomp.Allow},
		{Call: "read", When: when(1), Action: seccomp.Allow},
		{Call: "read", Action: seccomp.Allow},
	} {
		if err := p.add(r); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.Rules) != 2 || len(p.Rules[0].Any) != 2 || p.Rules[1].Checked() {
		t.Errorf("%+v", p.Rules)
	}
	if err := p.add(seccomp.Rule{Call: "ioctl", When: when(3), Action: seccomp.Trap(0)}); err == nil {
		t.Error("a row has two actions")
	}
	if err := p.add(seccomp.Rule{Call: "no call"}); err == nil {
		t.Error("a row has no number")
	}
}
