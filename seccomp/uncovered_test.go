// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// randomCond has few arguments and constants, so that conditions overlap.
func randomCond(r *rand.Rand) seccomp.Cond {
	arg := seccomp.Arg64(r.IntN(2))
	v := func() uint64 { return uint64(r.IntN(4)) + uint64(r.IntN(2))<<32 }
	if r.IntN(2) == 0 {
		arg = seccomp.Arg32(r.IntN(2))
		v = func() uint64 { return uint64(r.IntN(6)) }
	}
	switch r.IntN(8) {
	case 0:
		return arg.Is(v())
	case 1:
		return arg.Is(v(), v(), v())
	case 2:
		return arg.Not(v(), v())
	case 3:
		return arg.Less(v() + 1)
	case 4:
		return arg.GreaterOrEqual(v())
	case 5:
		lo := v()
		return arg.Between(lo, lo+uint64(r.IntN(3)))
	case 6:
		return arg.Only(v() | 4)
	default:
		mask := v()
		return arg.Masked(mask, v()&mask)
	}
}

func randomRules(r *rand.Rand, call string) (rules []seccomp.Rule) {
	for range r.IntN(4) {
		rule := seccomp.Rule{Call: call, Action: []seccomp.Action{seccomp.Allow, seccomp.Allow, seccomp.Errno(1), seccomp.Log}[r.IntN(4)]}
		for range r.IntN(3) {
			rule.When = append(rule.When, randomCond(r))
		}
		rules = append(rules, rule)
	}
	return rules
}

// Uncovered against all argument values that the conditions can tell apart.
func TestUncoveredRandom(t *testing.T) {
	values := []uint64{}
	for low := range uint64(10) {
		for high := range uint64(3) {
			values = append(values, low|high<<32, low|8|high<<32)
		}
	}
	values = append(values, 1<<63, ^uint64(0), 0xffffffff, 0xfffffff8)
	wider, count := 0, 3000
	if raceEnabled {
		count = 600
	}
	for seed := range uint64(count) {
		r := rand.New(rand.NewPCG(seed, 7))
		outer := seccomp.Filter{Default: seccomp.Errno(2), Rules: randomRules(r, "ioctl")}
		inner := seccomp.Filter{Default: seccomp.Errno(2), Rules: randomRules(r, "ioctl")}
		witnesses, undecided := seccomp.Uncovered(outer, inner)
		if undecided != nil {
			t.Fatalf("seed %d: undecided", seed)
		}
		permits := func(f seccomp.Filter, c seccomp.Call) bool { a, _ := f.Decide(c); return a.Permits() }
		for _, w := range witnesses {
			wider++
			if !permits(inner, w) || permits(outer, w) {
				t.Fatalf("seed %d: %v is no witness\nouter %v\ninner %v", seed, w, outer.Rules, inner.Rules)
			}
		}
		if len(witnesses) > 0 {
			continue
		}
		for _, a := range values {
			for _, b := range values {
				c := seccomp.Call{Arch: abi.AuditArchX86_64, Nr: 16, Args: [6]uint64{a, b}}
				if permits(inner, c) && !permits(outer, c) {
					t.Fatalf("seed %d: %v is a witness that was not found\nouter %v\ninner %v", seed, c, outer.Rules, inner.Rules)
				}
			}
		}
	}
	if wider < count/6 || wider > count-count/30 {
		t.Errorf("%d of %d are wider: the test tells nothing", wider, count)
	}
}

func TestUncoveredNumbers(t *testing.T) {
	none := seccomp.Filter{}
	all := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Allow}
	if w, _ := seccomp.Uncovered(all, none); w != nil {
		t.Errorf("%v", w)
	}
	if w, _ := seccomp.Uncovered(all, all); w != nil {
		t.Errorf("%v", w)
	}
	if w, _ := seccomp.Uncovered(none, all); len(w) < 400 {
		t.Errorf("%d witnesses", len(w))
	}
}

func ExampleUncovered() {
	outer := seccomp.Filter{Rules: []seccomp.Rule{
		{Call: "socket", When: []seccomp.Cond{seccomp.Arg32(0).Is(1, 2, 10)}, Action: seccomp.Allow},
	}}
	inner := seccomp.Filter{Rules: []seccomp.Rule{
		{Call: "socket", When: []seccomp.Cond{seccomp.Arg32(0).LessOrEqual(2)}, Action: seccomp.Allow},
	}}
	witnesses, _ := seccomp.Uncovered(outer, inner)
	fmt.Println(witnesses)
	// Output: [socket(0x0, 0x0, 0x0, 0x0, 0x0, 0x0)]
}
