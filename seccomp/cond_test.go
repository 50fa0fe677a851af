// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// String and ParseCond are inverse, for all forms.
func TestCondText(t *testing.T) {
	m := newMaker(5)
	m.args = []int{0, 3, ip}
	conds := []seccomp.Cond{seccomp.Arg32(0).IsSelf(), seccomp.Arg64(5).IsSelf(), seccomp.Arg64(1).Between(0, 1<<63), seccomp.Arg32(1).Between(3, 0xffffffff)}
	for range 2000 {
		conds = append(conds, m.cond())
	}
	for _, c := range conds {
		read, err := seccomp.ParseCond(c.String())
		if err != nil || read.String() != c.String() {
			t.Fatalf("%q: %q, %v", c, read, err)
		}
		for range 8 {
			call := seccomp.Call{Arch: abi.AuditArchX86_64, IP: m.value(true)}
			for i := range call.Args {
				call.Args[i] = m.value(true)
			}
			if holds(c, call) != holds(read, call) {
				t.Fatalf("%q means something else when read, for %v", c, call)
			}
		}
	}
}

func holds(c seccomp.Cond, call seccomp.Call) bool {
	a, _ := seccomp.Filter{Rules: []seccomp.Rule{{Call: "read", When: []seccomp.Cond{c}, Action: seccomp.Allow}}}.Decide(call)
	return a == seccomp.Allow
}

func TestParseCondRefuses(t *testing.T) {
	for _, s := range []string{
		"", "arg0", "arg0 ==", "arg0 == x", "arg == 1", "arg6 == 1", "arg-1 == 1", "arg0:33 == 1", "arg0 = 1", "arg0 in 1", "arg0 in {}",
		"arg0 in {1", "arg0 in 5..3", "arg0 not 5", "arg0 & 1", "arg0 & 1 = 1", "arg0 & 1 == 2", "arg0:32 == 0x100000000", "arg0 < own pid",
		"arg0 == 1 2", "arg0 == -1", "ip", "ip == own pid", "ip != own pid", "ip:32 == 1", "ip0 == 1", "argip == 1", "ip in 5..3", "ip & 1 == 2", "ip in {}",
	} {
		if c, err := seccomp.ParseCond(s); err == nil {
			t.Errorf("%q is read as %q", s, c)
		}
	}
}

// All mistakes at once, in the order of the rules.
func TestConditionMistakes(t *testing.T) {
	a := seccomp.Arg32(0)
	rules := []seccomp.Rule{
		{Call: "read", When: []seccomp.Cond{seccomp.Arg64(6).Is(1)}, Action: seccomp.Allow},
		{Call: "read", When: []seccomp.Cond{seccomp.Arg64(-1).Is(1)}, Action: seccomp.Allow},
		{Call: "read", When: []seccomp.Cond{a.Is()}, Action: seccomp.Allow},
		{Call: "read", When: []seccomp.Cond{a.Is(1 << 32)}, Action: seccomp.Allow},
		{Call: "read", When: []seccomp.Cond{a.Less(1 << 40)}, Action: seccomp.Allow},
		{Call: "read", When: []seccomp.Cond{a.Between(5, 3)}, Action: seccomp.Allow},
		{Call: "read", When: []seccomp.Cond{a.Masked(6, 1)}, Action: seccomp.Allow},
		{Call: "read", When: []seccomp.Cond{a.Is(4)}, Action: seccomp.Errno(0)},
		{Call: "ioctl", When: []seccomp.Cond{a.Is(4), a.Is(5)}, Action: seccomp.Allow},
		{Call: "ioctl", When: []seccomp.Cond{a.LessOrEqual(9)}, Action: seccomp.Allow},
		{Call: "ioctl", When: []seccomp.Cond{a.Is(3, 8)}, Action: seccomp.Errno(2)},
		{Call: "ioctl", When: []seccomp.Cond{a.Greater(9)}, Action: seccomp.Errno(3)},
		{Call: "ioctl", Action: seccomp.Errno(4)},
		{Call: "fcntl", Action: seccomp.Allow},
		{Call: "fcntl", Action: seccomp.Allow},
		{Call: "opnat", When: []seccomp.Cond{a.Is(3)}, Action: seccomp.Allow},
	}
	_, err := seccomp.Filter{Rules: rules}.Compile()
	want := []struct {
		index  int
		reason string
	}{
		{0, "arguments 0 to 5"}, {1, "arguments 0 to 5"}, {2, "no value"}, {3, "wider than 32 bits"}, {4, "wider than 32 bits"},
		{5, "greater than"}, {6, "is never"}, {7, "errno 0"}, {8, "no call reaches it"}, {10, "no call reaches it"}, {12, "no call reaches it"},
		{14, "no call reaches it"}, {15, "no call of this name"},
	}
	got := joined(err)
	if len(got) != len(want) {
		t.Fatalf("%d mistakes, not %d:\n%v", len(got), len(want), err)
	}
	for i, w := range want {
		var e *seccomp.RuleError
		if !errors.As(got[i], &e) || e.Index != w.index || !strings.Contains(e.Reason, w.reason) || e.Call != rules[w.index].Call {
			t.Errorf("%v, want rule %d: %s", got[i], w.index, w.reason)
		}
	}
}

// Explain names the rule, the path and whether the kernel's cache answers.
func TestExplain(t *testing.T) {
	f := seccomp.Filter{Default: seccomp.Errno(1), Unknown: seccomp.Errno(38), Rules: []seccomp.Rule{
		{Call: "read", Action: seccomp.Allow, Reason: "always"},
		{Call: "write", Action: seccomp.Log},
		{Call: "ioctl", When: []seccomp.Cond{seccomp.Arg32(1).Is(0x5401)}, Action: seccomp.Allow, Reason: "terminals"},
		{Call: "fcntl", When: []seccomp.Cond{seccomp.Arg32(1).Is(1)}, Action: seccomp.Allow},
		{Call: "fcntl", When: []seccomp.Cond{seccomp.Arg32(1).Not(1)}, Action: seccomp.Allow},
		{Call: "kill", When: []seccomp.Cond{seccomp.Arg32(0).IsSelf()}, Action: seccomp.Allow, Reason: "own"},
	}}
	p, err := f.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		call   seccomp.Call
		action seccomp.Action
		rule   int
		cached bool
	}{
		{call("read"), seccomp.Allow, 0, true},
		{call("write"), seccomp.Log, 1, false},              // only ALLOW is cached
		{call("ioctl", 0, 0x5401), seccomp.Allow, 2, false}, // the argument must be looked at
		{call("ioctl", 0, 1), seccomp.Errno(1), -1, false},
		{call("fcntl", 0, 1), seccomp.Allow, 3, true}, // allowed either way: the compiler sees it
		{call("fcntl", 0, 2), seccomp.Allow, 4, true},
		{call("open"), seccomp.Errno(1), -1, false},
		{seccomp.Call{Arch: abi.AuditArchX86_64, Nr: 999}, seccomp.Errno(38), -1, false},
		{seccomp.Call{Arch: abi.AuditArchX86_64, Nr: abi.X32Bit}, seccomp.KillProcess, -1, false},
		{seccomp.Call{Arch: abi.AuditArchI386, Nr: 3}, seccomp.KillProcess, -1, false},
		{call("kill", 7), seccomp.Allow, 5, false},
		{call("kill", 8), seccomp.Errno(1), -1, false},
	} {
		d := p.ForPID(7).Explain(c.call)
		if d.Action != c.action || d.Cached != c.cached || (d.Rule == nil) != (c.rule < 0) {
			t.Errorf("%v: %+v", c.call, d)
		}
		if d.Rule != nil && (d.Rule.Reason != f.Rules[c.rule].Reason || d.Rule.Action != c.action) {
			t.Errorf("%v: rule %v", c.call, d.Rule)
		}
		if n := len(d.Path); n < 3 || d.Path[0] != 0 || !strings.Contains(strings.Split(p.String(), "\n")[d.Path[n-1]], "ret") {
			t.Errorf("%v: path %v", c.call, d.Path)
		}
	}
	// Unbound, IsSelf holds for no process id.
	if d := p.Explain(call("kill", 7)); d.Action != seccomp.Errno(1) {
		t.Errorf("%+v", d)
	}
}

// Conditions and filters keep nothing of the caller's.
func TestConditionsAreCopies(t *testing.T) {
	values := []uint64{1, 2}
	cond := seccomp.Arg32(0).Is(values...)
	rules := []seccomp.Rule{{Call: "kill", When: []seccomp.Cond{cond, seccomp.Arg32(0).IsSelf()}, Action: seccomp.Allow, Reason: "why"}}
	f := seccomp.Filter{Rules: rules}
	p, err := f.Compile()
	if err != nil {
		t.Fatal(err)
	}
	before, text := p.String(), p.ForPID(2).String()
	values[1] = 7
	if got := cond.String(); got != "arg0:32 in {0x1, 0x2}" {
		t.Error(got)
	}
	rules[0].Reason = "changed"
	rules[0].When[0] = seccomp.Arg32(0).Is(9)
	p.Explain(call("kill", 2))
	p.ForPID(2).Explain(call("kill", 2)).Rule.When[0] = seccomp.Arg32(0).Is(9)
	if d := p.ForPID(2).Explain(call("kill", 2)); d.Action != seccomp.Allow || d.Rule.Reason != "why" {
		t.Errorf("%+v", d)
	}
	if p.String() != before || p.ForPID(2).String() != text || before == text {
		t.Error("binding changes the program")
	}
	f.ForPID(2)
	if rules[0].When[1].String() != "arg0:32 == own pid" {
		t.Error("binding changes the filter")
	}
}

// A comparison with the process id that makes no difference is not in the program, but
// the rule that answers is still the one that compares.
func TestForPIDWithoutComparison(t *testing.T) {
	p, err := seccomp.Filter{Rules: []seccomp.Rule{
		{Call: "kill", When: []seccomp.Cond{seccomp.Arg32(0).IsSelf()}, Action: seccomp.Allow, Reason: "own"},
		{Call: "kill", Action: seccomp.Allow, Reason: "others"},
	}}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for pid, reason := range map[uint64]string{self: "own", 1: "others"} {
		if d := p.ForPID(self).Explain(call("kill", pid)); d.Rule == nil || d.Rule.Reason != reason || !d.Cached {
			t.Errorf("%d: %+v", pid, d)
		}
	}
	if d := p.Explain(call("kill", self)); d.Rule.Reason != "others" {
		t.Errorf("%+v", d)
	}
}

// What the kernel's action cache answers is what is allowed without a look at the
// arguments, be it written so or not; never what any argument can change.
func TestCachedCalls(t *testing.T) {
	a := seccomp.Arg64(0)
	f := seccomp.Filter{Default: seccomp.Errno(1), Unknown: seccomp.Errno(38), Rules: []seccomp.Rule{
		{Call: "read", Action: seccomp.Allow},
		{Call: "write", When: []seccomp.Cond{a.Less(7)}, Action: seccomp.Allow},
		{Call: "write", When: []seccomp.Cond{a.GreaterOrEqual(7)}, Action: seccomp.Allow},
		{Call: "open", When: []seccomp.Cond{a.GreaterOrEqual(0)}, Action: seccomp.Allow},
		{Call: "close", When: []seccomp.Cond{a.Masked(0, 0)}, Action: seccomp.Allow},
		{Call: "stat", When: []seccomp.Cond{a.Not(7)}, Action: seccomp.Allow},
		{Call: "fstat", When: []seccomp.Cond{seccomp.Arg32(0).LessOrEqual(0xffffffff)}, Action: seccomp.Allow},
		{Call: "lstat", When: []seccomp.Cond{seccomp.Arg64(0).LessOrEqual(0xffffffff)}, Action: seccomp.Allow},
		{Call: "poll", When: []seccomp.Cond{a.Is(3)}, Action: seccomp.Log},
		{Call: "poll", Action: seccomp.Allow},
		{Call: "lseek", Action: seccomp.Log},
		{Call: "mmap", When: []seccomp.Cond{a.IsSelf()}, Action: seccomp.Allow},
		{Call: "mprotect", When: []seccomp.Cond{a.Is(1)}, Action: seccomp.Errno(1)},
	}}
	p, err := f.Compile()
	if err != nil {
		t.Fatal(err)
	}
	cached := []string{"read", "write", "open", "close", "fstat"}
	for _, name := range allNames() {
		for _, v := range []uint64{0, 1, 3, 7, self, 1 << 40} {
			if d := p.ForPID(self).Explain(call(name, v)); d.Cached != slices.Contains(cached, name) {
				t.Errorf("%s(%d): %+v", name, v, d)
			}
		}
	}
}

func call(name string, args ...uint64) seccomp.Call {
	c, ok := seccomp.CallOf(name)
	if !ok {
		panic(name)
	}
	copy(c.Args[:], args)
	return c
}

// Too long is an error, never a cut program.
func TestTooLong(t *testing.T) {
	f := seccomp.Filter{Default: seccomp.Errno(1)}
	for i := range 3000 {
		f.Rules = append(f.Rules, seccomp.Rule{Call: "ioctl", Action: seccomp.Errno(uint16(1 + i%4000)),
			When: []seccomp.Cond{seccomp.Arg64(1).Is(uint64(i) << 33)}})
	}
	if _, err := f.Compile(); err == nil || !strings.Contains(err.Error(), "longer than the kernel's limit") {
		t.Error(err)
	}
	// Other mistakes are not kept back.
	f.Rules = append(f.Rules, seccomp.Rule{Call: "raed", Action: seccomp.Allow}, seccomp.Rule{Call: "write", Action: seccomp.Errno(0)},
		seccomp.Rule{Call: "read", When: []seccomp.Cond{seccomp.Arg32(0).Is(1), seccomp.Arg32(0).Is(2)}, Action: seccomp.Allow})
	if _, err := f.Compile(); err == nil || len(joined(err)) != 3 || !strings.Contains(err.Error(), `did you mean "read"`) || !strings.Contains(err.Error(), "no call reaches it") {
		t.Error(err)
	}
}

// The rules of one call are tried in their order, and the first whose conditions all
// hold answers; where none does, the default.
func ExampleFilter() {
	f := seccomp.Filter{
		Default: seccomp.Errno(1),
		Rules: []seccomp.Rule{
			{Call: "socket", When: []seccomp.Cond{seccomp.Arg32(0).Is(1)}, Action: seccomp.Errno(97)},       // AF_UNIX
			{Call: "socket", When: []seccomp.Cond{seccomp.Arg32(0).LessOrEqual(10)}, Action: seccomp.Allow}, // AF_INET6 and below
		},
	}
	for _, family := range []uint64{1, 2, 10, 16} {
		c, _ := seccomp.CallOf("socket")
		c.Args[0] = family
		action, _ := f.Decide(c)
		fmt.Println(family, action)
	}
	// Output:
	// 1 errno(EAFNOSUPPORT)
	// 2 allow
	// 10 allow
	// 16 errno(EPERM)
}

// The kernel reads the command of ioctl(2) as 32 bits: what is above it does not
// matter to it, and must not matter to the filter.
func ExampleArg32() {
	const TIOCSTI = 0x5412
	narrow := seccomp.Arg32(1).Not(TIOCSTI)
	wide := seccomp.Arg64(1).Not(TIOCSTI)
	for _, cond := range []seccomp.Cond{narrow, wide} {
		f := seccomp.Filter{Rules: []seccomp.Rule{{Call: "ioctl", When: []seccomp.Cond{cond}, Action: seccomp.Allow}}}
		c, _ := seccomp.CallOf("ioctl")
		c.Args[1] = 1<<32 | TIOCSTI
		action, _ := f.Decide(c)
		fmt.Println(cond, "->", action)
	}
	// Output:
	// arg1:32 != 0x5412 -> kill_process
	// arg1 != 0x5412 -> allow
}

func ExampleProgram_Explain() {
	p, err := seccomp.Filter{Default: seccomp.Errno(1), Rules: []seccomp.Rule{
		{Call: "openat", When: []seccomp.Cond{seccomp.Arg32(2).Only(0x80000)}, Action: seccomp.Allow, Reason: "read only"},
	}}.Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	c, _ := seccomp.CallOf("openat")
	c.Args[2] = 0x80000 // O_CLOEXEC
	d := p.Explain(c)
	fmt.Println(d.Action, d.Rule.Reason, d.Cached)
	// Output: allow read only false
}
