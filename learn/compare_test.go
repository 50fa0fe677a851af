// SPDX-License-Identifier: MIT

package learn

import (
	"slices"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func allow(call string, when ...seccomp.Cond) seccomp.Rule {
	return seccomp.Rule{Call: call, When: when, Action: seccomp.Allow}
}

func TestCompare(t *testing.T) {
	cmd := seccomp.Arg32(1)
	refuse := allow("fcntl", cmd.Is(4))
	refuse.Action = seccomp.Errno(abi.EPERM)
	runtime := allow("kill", seccomp.Arg32(0).IsSelf())
	runtime.Reason = "Go runtime: signal_unix.go"
	heap := allow("mmap", seccomp.Arg32(2).Is(3), seccomp.Arg32(3).Is(0x22), seccomp.Arg32(4).Is(0xffffffff))
	heap.Reason = "Go runtime: mem_linux.go"
	var many []Call
	for v := range uint64(130) {
		if v != 5 {
			many = append(many, Call{Syscall: "ioctl", Args: Args{1: v}})
		}
	}
	for _, test := range []struct {
		name  string
		calls []Call
		rules []seccomp.Rule
		want  string
	}{
		{"the same", fcntls(3, 4), []seccomp.Rule{allow("fcntl", cmd.Is(3, 4))}, ""},
		{"nothing", nil, nil, ""},
		{"missing by number", []Call{{Syscall: "close"}}, nil, "missing: close(_)"},
		{"missing by value", fcntls(3, 4), []seccomp.Rule{allow("fcntl", cmd.Is(3))}, "missing: " + decode(fcntl, Args{0, 4})},
		{"missing by an earlier rule", fcntls(3, 4), []seccomp.Rule{refuse, allow("fcntl")},
			"missing: " + decode(fcntl, Args{0, 4}) + "\nwider: fcntl, used for\n  " + decode(fcntl, Args{0, 3}) + " (7 times)"},
		{"depends on a descriptor", fcntls(3), []seccomp.Rule{allow("fcntl", seccomp.Arg32(0).Is(0), cmd.Is(3))}, "undecided: " + decode(fcntl, Args{0, 3})},
		{"unused", fcntls(3), []seccomp.Rule{allow("openat"), allow("fcntl", cmd.Is(3)), allow("fcntl", cmd.Is(4))},
			"unused: openat\nunused: fcntl if arg1:32 == 0x4"},
		{"refusals are not unused", nil, []seccomp.Rule{refuse}, ""},
		{"the library's own are not unused", nil, []seccomp.Rule{runtime, {Call: "seccomp", Action: seccomp.Allow, Reason: "Sandbox setup: puts on the next policy"}, allow("munmap")}, ""},
		{"wider", fcntls(3, 4), []seccomp.Rule{allow("fcntl")},
			"wider: fcntl, used for\n  " + decode(fcntl, Args{0, 3}) + " (7 times)\n  " + decode(fcntl, Args{0, 4}) + " (7 times)"},
		{"wider by a flag", fcntls(3), []seccomp.Rule{allow("fcntl", cmd.Only(7))},
			"wider: fcntl if arg1:32 & 0xfffffff8 == 0x0, used for\n  " + decode(fcntl, Args{0, 3}) + " (7 times)"},
		{"narrower by a descriptor is not wider", fcntls(3), []seccomp.Rule{allow("fcntl", seccomp.Arg32(0).Is(1), cmd.Is(3)), allow("fcntl", cmd.Is(3))}, ""},
		{"hot is not wider", []Call{{Syscall: "recvfrom"}}, []seccomp.Rule{allow("recvfrom")}, ""},
		{"not seen is neither missing nor wider", []Call{{Syscall: "clone", Mark: "passes"}}, []seccomp.Rule{allow("clone", seccomp.Arg64(0).Masked(0x10000, 0x10000))}, ""},
		{"not seen and refused", []Call{{Syscall: "clone", Mark: "passes"}}, nil, "missing: " + decode(clone56, Args{})},
		{"too many values to say which", many, []seccomp.Rule{allow("ioctl", cmd.Less(64)), allow("ioctl")}, ""},
		{"own pid", []Call{{Syscall: "kill", Args: Args{1: 15}}}, []seccomp.Rule{allow("kill", seccomp.Arg32(0).IsSelf(), cmd.Is(15))}, "undecided: " + decode(kill, Args{0, 15})},
		{"own pid, by the runtime's share", []Call{{Syscall: "kill", Args: Args{1: 15}}}, []seccomp.Rule{runtime}, "undecided: " + decode(kill, Args{0, 15})},
		{"the runtime's own", []Call{{Syscall: "mmap", Args: Args{2: 3, 3: 0x22}}}, []seccomp.Rule{heap}, ""},
		{"not the runtime's", []Call{{Syscall: "mmap", Args: Args{2: 3, 3: 1}}}, []seccomp.Rule{heap}, "missing: " + decode(mmap, Args{2: 3, 3: 1})},
		{"has a fallback", []Call{{Syscall: "uname"}}, []seccomp.Rule{{Call: "uname", Action: seccomp.Errno(abi.ENOSYS)}}, ""},
		{"has none", []Call{{Syscall: "uname"}}, []seccomp.Rule{{Call: "uname", Action: seccomp.Errno(abi.EPERM)}}, "missing: uname(_)"},
	} {
		p := Phase{Policies: []string{"net"}, Thread: true, Calls: test.calls}
		got := p.Compare(seccomp.Filter{Rules: test.rules}.ForPID(1))
		if got.String() != test.want {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
}

// A filter may permit what no rule names.
func TestComparePermissiveDefault(t *testing.T) {
	p := Phase{Policies: []string{"net"}, Thread: true, Calls: []Call{{Syscall: "clone", Mark: "passes"}, {Syscall: "close"}}}
	if d := p.Compare(seccomp.Filter{Default: seccomp.Allow}); d.String() != "" {
		t.Error(d)
	}
}

const fcntl, clone56, kill, mmap = 72, 56, 62, 9

func fcntls(commands ...uint64) (calls []Call) {
	for _, c := range commands {
		calls = append(calls, Call{Syscall: "fcntl", Args: Args{1: c}, Count: 7})
	}
	return calls
}

// A policy made of a phase differs from it in nothing.
func TestCompareWithOwnRules(t *testing.T) {
	for seed := range uint64(300) {
		p := newMaker(seed).phase()
		p.Calls = slices.DeleteFunc(p.Calls, func(c Call) bool { return p.given()[c.nr()] || never(c.nr()) })
		if d := p.Compare(seccomp.Filter{Rules: p.Rules()}); d.String() != "" {
			t.Fatalf("seed %d: %v\n%s\nrules\n%s", seed, p.Calls, d, text(p.Rules()))
		}
	}
}

// Without one of its rules something is missing; with Is put in the place of a wider
// rule nothing is wider, and nothing that was permitted and used is refused.
func TestCompareActsOnIt(t *testing.T) {
	for seed := range uint64(300) {
		p := newMaker(seed).phase()
		rules := p.Rules()
		var wide []seccomp.Rule
		for i, r := range rules {
			if d := p.Compare(seccomp.Filter{Rules: slices.Delete(slices.Clone(rules), i, i+1)}); len(d.Missing) == 0 {
				t.Fatalf("seed %d: nothing is missing without %s", seed, ruleText(r))
			}
			if i == 0 || rules[i-1].Call != r.Call {
				wide = append(wide, allow(r.Call))
			}
		}
		var narrowed []seccomp.Rule
		d := p.Compare(seccomp.Filter{Rules: wide})
		for _, w := range d.Wider {
			wide = slices.DeleteFunc(wide, func(r seccomp.Rule) bool { return r.Call == w.Rule.Call })
			narrowed = append(narrowed, w.Is...)
		}
		again := p.Compare(seccomp.Filter{Rules: append(wide, narrowed...)})
		if len(again.Wider)+len(again.Unused) > 0 || len(again.Missing) != len(d.Missing) {
			t.Fatalf("seed %d: %s", seed, again)
		}
	}
}
