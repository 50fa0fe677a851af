// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// textLo and textHi are where a program's own code is in these tests, gate the call
// instruction of its handler.
const textLo, textHi, gate = 0x401000, 0x5fffff, 0x402017

// watching are the rules of a call that a program watches itself make: executed
// programs run free, and so does its handler.
func watching(name string) []seccomp.Rule {
	return []seccomp.Rule{
		{Call: name, When: []seccomp.Cond{mustParse("ip not in %#x..%#x", textLo, textHi)}, Action: seccomp.Allow, Reason: "elsewhere"},
		{Call: name, When: []seccomp.Cond{seccomp.UnsafeIP().Is(gate)}, Action: seccomp.Allow, Reason: "gate"},
	}
}

func at(ip uint64, name string, args ...uint64) seccomp.Call {
	c := call(name, args...)
	c.IP = ip
	return c
}

// Addresses on every side of the bounds and of the gate.
func TestUnsafeIPDecides(t *testing.T) {
	f := seccomp.Filter{Default: seccomp.Trap(7), Unknown: seccomp.Errno(38)}
	for _, name := range []string{"read", "write", "open"} {
		f.Rules = append(f.Rules, watching(name)...)
	}
	f.Rules = append(f.Rules,
		seccomp.Rule{Call: "openat", When: []seccomp.Cond{seccomp.UnsafeIP().Less(textLo), seccomp.Arg32(2).Is(0)}, Action: seccomp.Log},
		seccomp.Rule{Call: "close", When: []seccomp.Cond{seccomp.UnsafeIP().Masked(0xfff, 0x17)}, Action: seccomp.Allow})
	p, err := f.Compile()
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		call seccomp.Call
		want seccomp.Action
	}{
		{at(0, "openat"), seccomp.Log}, {at(textLo-1, "openat"), seccomp.Log}, {at(textLo, "openat"), seccomp.Trap(7)},
		{at(1<<32, "openat"), seccomp.Trap(7)}, {at(0, "openat", 0, 0, 1), seccomp.Trap(7)},
		{at(0x17, "close"), seccomp.Allow}, {at(0x7fff12345017, "close"), seccomp.Allow}, {at(0x7fff12345117, "close"), seccomp.Trap(7)},
		{at(gate, "close", 0x17), seccomp.Allow}, {at(gate+1, "close", 0x17), seccomp.Trap(7)},
		{seccomp.Call{Arch: abi.AuditArchX86_64, Nr: 999, IP: gate}, seccomp.Errno(38)},
		{seccomp.Call{Arch: abi.AuditArchX86_64, Nr: abi.X32Bit, IP: gate}, seccomp.KillProcess},
		{seccomp.Call{Arch: abi.AuditArchI386, IP: gate}, seccomp.KillProcess},
	}
	for _, name := range []string{"read", "write", "open"} {
		for _, ip := range []uint64{0, textLo - 1, textHi + 1, gate, gate | 1<<32, 1 << 32, textLo << 32, 0x7fff00402018, ^uint64(0)} {
			rows = append(rows, struct {
				call seccomp.Call
				want seccomp.Action
			}{at(ip, name, textLo), seccomp.Allow})
		}
		for _, ip := range []uint64{textLo, textLo + 1, gate - 1, gate + 1, textHi - 1, textHi} {
			rows = append(rows, struct {
				call seccomp.Call
				want seccomp.Action
			}{at(ip, name, gate), seccomp.Trap(7)})
		}
	}
	var calls []seccomp.Call
	for _, row := range rows {
		if got, _ := f.Decide(row.call); got != row.want {
			t.Errorf("%v at %#x: %v, want %v", row.call, row.call.IP, got, row.want)
		}
		calls = append(calls, row.call)
	}
	compareAll(t, f, p, calls)
	for _, want := range []string{"ld   ip.low\n", "ld   ip.high\n"} {
		if !strings.Contains(p.String(), want) {
			t.Errorf("no %q in\n%v", want, p)
		}
	}
}

// The kernel's action cache knows numbers only: a call whose address is asked for runs
// the program each time, unless the answer does not depend on it.
func TestUnsafeIPIsNotCached(t *testing.T) {
	anywhere := []seccomp.Cond{seccomp.UnsafeIP().GreaterOrEqual(0)}
	f := seccomp.Filter{Rules: slices.Concat(watching("read"), []seccomp.Rule{
		{Call: "write", Action: seccomp.Allow},
		{Call: "open", When: anywhere, Action: seccomp.Allow},
		{Call: "close", When: []seccomp.Cond{seccomp.UnsafeIP().LessOrEqual(gate)}, Action: seccomp.Allow},
		{Call: "close", When: []seccomp.Cond{seccomp.UnsafeIP().Greater(gate)}, Action: seccomp.Allow},
	})}
	p, err := f.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for name, cached := range map[string]bool{"read": false, "write": true, "open": true, "close": true, "lseek": false} {
		for _, ip := range []uint64{0, gate, gate + 1, textHi + 1} {
			if d := p.Explain(at(ip, name)); d.Cached != cached {
				t.Errorf("%s at %#x: %+v", name, ip, d)
			}
		}
	}
	if d := p.Explain(at(gate, "read")); d.Rule == nil || d.Rule.Reason != "gate" {
		t.Errorf("%+v", d)
	}
}

// A watchingFilter has the same rules for many calls, and lets others through.
type watchingFilter struct {
	name   string
	filter seccomp.Filter
	most   int // instructions
}

func watchingFilters() []watchingFilter {
	filters := []watchingFilter{{name: "all", most: 15}, {name: "groups of eight", most: 65}, {name: "every other one", most: 240}}
	for n := range filters {
		f := &filters[n].filter
		f.Default = seccomp.Trap(7)
		for i, name := range allNames() {
			if group := []int{len(allNames()), 8, 1}[n]; i/group%2 == 0 {
				f.Rules = append(f.Rules, watching(name)...)
			} else {
				f.Rules = append(f.Rules, seccomp.Rule{Call: name, Action: seccomp.Allow})
			}
		}
	}
	return filters
}

// The program is small whatever the number of calls: they have their rules in common.
func TestWatchingFilterIsSmall(t *testing.T) {
	for _, w := range watchingFilters() {
		p, err := w.filter.Compile()
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d rules, %d instructions, longest way %d", w.name, len(w.filter.Rules), p.Len(), longest(p.Instructions()))
		if p.Len() > w.most {
			t.Errorf("%s: %d instructions, at most %d", w.name, p.Len(), w.most)
		}
		var calls []seccomp.Call
		for _, name := range allNames() {
			for _, ip := range []uint64{0, textLo, gate, textHi, textHi + 1, gate | 1<<32} {
				calls = append(calls, at(ip, name))
			}
		}
		compareAll(t, w.filter, p, calls)
	}
}

func BenchmarkCompileWatching(b *testing.B) {
	for _, w := range watchingFilters() {
		b.Run(w.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := w.filter.Compile(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Calls that share their rules have mistakes of their own each.
func TestSharedRulesAreReportedEach(t *testing.T) {
	f := seccomp.Filter{}
	for _, name := range []string{"read", "write", "lseek"} { // 0, 1, 8
		f.Rules = append(f.Rules, append(watching(name), seccomp.Rule{Call: name, When: []seccomp.Cond{seccomp.UnsafeIP().Is(gate, 0)}, Action: seccomp.Log})...)
	}
	_, err := f.Compile()
	if got := joined(err); len(got) != 3 {
		t.Fatal(err)
	}
	for i, e := range joined(err) {
		var mistake *seccomp.RuleError
		if index := 3*i + 2; !errors.As(e, &mistake) || mistake.Index != index || mistake.Call != f.Rules[index].Call || !strings.Contains(e.Error(), "no call reaches it") {
			t.Errorf("%v, want rule %d", e, index)
		}
	}
}

// A program that is beyond the limits says so of every call that shares the rules.
func TestSharedRulesAreUncheckedEach(t *testing.T) {
	f := seccomp.Filter{}
	names := []string{"read", "write", "lseek"}
	for _, name := range names {
		for i := range 257 {
			f.Rules = append(f.Rules, seccomp.Rule{Call: name, When: []seccomp.Cond{seccomp.UnsafeIP().Is(uint64(i))}, Action: seccomp.Errno(uint16(i + 1))})
		}
	}
	p, err := f.Compile()
	if err != nil || !slices.Equal(p.Unchecked(), names) {
		t.Errorf("%v, %v", p.Unchecked(), err)
	}
}

func TestUnsafeIPMistakes(t *testing.T) {
	ip := seccomp.UnsafeIP()
	for _, c := range []struct {
		cond   seccomp.Cond
		reason string
	}{
		{ip.IsSelf(), "process id"},
		{ip.Is(), "ip is compared with no value"},
		{ip.Between(5, 3), "ip: 0x5 is greater than 0x3"},
		{ip.Masked(6, 1), "ip & 0x6 is never 0x1"},
		{seccomp.Arg64(6).Is(1), "arguments 0 to 5, not 6"}, // it is not ip
		{seccomp.Arg32(6).Is(1), "arguments 0 to 5, not 6"},
	} {
		_, err := seccomp.Filter{Rules: []seccomp.Rule{{Call: "read", When: []seccomp.Cond{c.cond}, Action: seccomp.Allow}}}.Compile()
		if err == nil || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("%v: %v, want %s", c.cond, err, c.reason)
		}
	}
	if p, err := (seccomp.Filter{Rules: []seccomp.Rule{{Call: "read", When: []seccomp.Cond{ip.Is(^uint64(0))}, Action: seccomp.Allow}}}).Compile(); err != nil {
		t.Errorf("%v, %v", p, err)
	}
}

// Every operator in text, both ways.
func TestUnsafeIPText(t *testing.T) {
	ip := seccomp.UnsafeIP()
	for want, c := range map[string]seccomp.Cond{
		"ip == 0x402017":                 ip.Is(gate),
		"ip != 0x402017":                 ip.Not(gate),
		"ip in {0x1, 0x402017}":          ip.Is(1, gate),
		"ip not in {0x1, 0x402017}":      ip.Not(1, gate),
		"ip < 0x401000":                  ip.Less(textLo),
		"ip <= 0x401000":                 ip.LessOrEqual(textLo),
		"ip > 0x401000":                  ip.Greater(textLo),
		"ip >= 0x401000":                 ip.GreaterOrEqual(textLo),
		"ip in 0x401000..0x5fffff":       ip.Between(textLo, textHi),
		"ip & 0xfff == 0x17":             ip.Masked(0xfff, 0x17),
		"ip & 0xffffffffffff0000 == 0x0": ip.Only(0xffff),
	} {
		if c.String() != want {
			t.Errorf("%q, want %q", c, want)
		}
		text, err := c.MarshalText()
		var read seccomp.Cond
		if err != nil || read.UnmarshalText(text) != nil || read.String() != want || string(text) != want {
			t.Errorf("%q is read as %q, %v", text, read, err)
		}
		if holds(c, at(textLo, "read", gate)) != holds(read, at(textLo, "read", gate)) || holds(c, at(gate, "read")) != holds(read, at(gate, "read")) {
			t.Errorf("%q means something else when read", text)
		}
	}
	if c := mustParse("ip not in 0x401000..0x5fffff"); c.String() != "ip not in 0x401000..0x5fffff" || holds(c, at(textLo, "read")) || !holds(c, at(textHi+1, "read")) {
		t.Errorf("%q", c)
	}
}

// FuzzCondText: what ParseCond takes, it takes again as String writes it.
func FuzzCondText(f *testing.F) {
	for _, s := range []string{
		"arg0 == 0x1", "arg5:32 not in {0x1, 0x2}", "arg1 & 0xf != 0x1", "arg2:32 in 3..5", "arg0:32 == own pid",
		"ip in 0x401000..0x5fffff", "ip not in 0x401000..0x5fffff", "ip == 0x402017", "ip & 0xfff == 0x17", "ip >= 1", "ip == own pid", "ip:32 == 1",
	} {
		f.Add(s, uint64(gate))
	}
	f.Fuzz(func(t *testing.T, s string, v uint64) {
		c, err := seccomp.ParseCond(s)
		if err != nil {
			return
		}
		read, err := seccomp.ParseCond(c.String())
		if err != nil || read.String() != c.String() {
			t.Fatalf("%q is %q, then %q, %v", s, c, read, err)
		}
		probe := seccomp.Call{Arch: abi.AuditArchX86_64, IP: v, Args: [6]uint64{v, v, v, v, v, v}}
		if holds(c, probe) != holds(read, probe) {
			t.Fatalf("%q means something else as %q for %#x", s, read, v)
		}
	})
}

// Uncovered against all pairs of an address and an argument that conditions tell apart.
func TestUncoveredIP(t *testing.T) {
	var values []uint64
	for low := range uint64(8) {
		values = append(values, low, low|1<<32, low|2<<32)
	}
	values = append(values, 1<<63, ^uint64(0))
	conds := func(r *rand.Rand) (when []seccomp.Cond) {
		for range 1 + r.IntN(2) {
			arg, name := seccomp.UnsafeIP(), "ip"
			if r.IntN(3) == 0 {
				arg, name = seccomp.Arg64(0), "arg0"
			}
			lo := uint64(r.IntN(4)) + uint64(r.IntN(2))<<32
			hi := lo + uint64(r.IntN(3))
			when = append(when, []seccomp.Cond{arg.Is(lo), arg.Not(hi), arg.Between(lo, hi), arg.Less(hi + 1), arg.Masked(3|1<<32, lo),
				mustParse("%s not in %#x..%#x", name, lo, hi)}[r.IntN(6)])
		}
		return when
	}
	wider, byIP := 0, 0
	for seed := range uint64(1000) {
		r := rand.New(rand.NewPCG(seed, 9))
		outer, inner := seccomp.Filter{}, seccomp.Filter{}
		for _, f := range []*seccomp.Filter{&outer, &inner} {
			for range 1 + r.IntN(3) {
				f.Rules = append(f.Rules, seccomp.Rule{Call: "ioctl", When: conds(r), Action: []seccomp.Action{seccomp.Allow, seccomp.Errno(1)}[r.IntN(2)]})
			}
		}
		beyond := func(c seccomp.Call) bool {
			in, _ := inner.Decide(c)
			out, _ := outer.Decide(c)
			return in.Permits() && !out.Permits()
		}
		witnesses, undecided := seccomp.Uncovered(outer, inner)
		if undecided != nil || len(witnesses) > 1 || len(witnesses) == 1 && !beyond(witnesses[0]) {
			t.Fatalf("seed %d: %v, %v\nouter %v\ninner %v", seed, witnesses, undecided, outer.Rules, inner.Rules)
		}
		if len(witnesses) == 1 {
			wider++
			if witnesses[0].IP != 0 {
				byIP++
			}
			continue
		}
		for _, a := range values {
			for _, b := range values {
				if c := at(a, "ioctl", b); beyond(c) {
					t.Fatalf("seed %d: %v at %#x was not found\nouter %v\ninner %v", seed, c, a, outer.Rules, inner.Rules)
				}
			}
		}
	}
	if wider < 100 || wider > 900 || byIP < 50 {
		t.Errorf("%d of 1000 are wider, %d not at 0: the test tells nothing", wider, byIP)
	}
}

// A filter for a program that watches itself: its own calls are reported by SIGSYS, those
// of the programs that it executes, which inherit the filter, are not.
func ExampleUnsafeIP() {
	outside, _ := seccomp.ParseCond("ip not in 0x401000..0x5fffff") // the text segment
	f := seccomp.Filter{Default: seccomp.Trap(0), Rules: []seccomp.Rule{
		{Call: "openat", When: []seccomp.Cond{outside}, Action: seccomp.Allow},
		{Call: "openat", When: []seccomp.Cond{seccomp.UnsafeIP().Is(0x402017)}, Action: seccomp.Allow}, // the handler
	}}
	for _, ip := range []uint64{0x401234, 0x402017, 0x7f0012345678} {
		c, _ := seccomp.CallOf("openat")
		c.IP = ip
		action, _ := f.Decide(c)
		fmt.Printf("%#x %v\n", ip, action)
	}
	// Output:
	// 0x401234 trap(0)
	// 0x402017 allow
	// 0x7f0012345678 allow
}
