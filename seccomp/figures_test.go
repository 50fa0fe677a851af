// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"cmp"
	"testing"

	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// figures are what a program costs, counted in executed instructions: all of them are the
// same on every machine.
type figures struct {
	length   int
	allowed  float64 // mean over the calls with rules, each the mean over its rules
	denied   float64 // mean over the numbers 0 to 600 without a rule
	longest  int     // way through the program, whether or not a call takes it
	weighted float64 // mean over the calls with conditions, as often as a busy server makes them
	uniform  float64 // the same, each as often
}

// busy are the shares of a busy server's calls whose arguments are looked at; all
// others have equal parts of the rest.
var busy = map[string]float64{"futex": 0.75, "fcntl": 0.125, "socket": 0.03, "openat": 0.03}

const busyRest = 0.065

// A cost is what a call's rules cost.
type cost struct {
	sum, rules float64
	checked    bool // has conditions
}

func (c cost) mean() float64 { return c.sum / c.rules }

// costs takes for each rule of a table the first row that it answers.
func costs(tab table, p *seccomp.Program) map[string]cost {
	costs, counted := map[string]cost{}, map[string]bool{}
	for _, row := range tab.rows {
		d := p.Explain(row.call)
		if d.Rule == nil || counted[d.Rule.Reason] {
			continue
		}
		counted[d.Rule.Reason] = true
		c := costs[d.Rule.Call]
		costs[d.Rule.Call] = cost{c.sum + float64(len(d.Path)), c.rules + 1, d.Rule.When != nil}
	}
	return costs
}

func count(t *testing.T, tab table) (f figures) {
	t.Helper()
	p, err := tab.filter.Compile()
	if err != nil {
		t.Fatal(err)
	}
	costs := costs(tab, p)
	checked, others := 0.0, 0.0
	for name, c := range costs {
		f.allowed += c.mean() / float64(len(costs))
		if c.checked {
			checked++
			f.uniform += c.mean()
			if busy[name] == 0 {
				others++
			}
		}
	}
	weights := 0.0
	for name, c := range costs {
		if weight := cmp.Or(busy[name], busyRest/max(others, 1)); c.checked {
			f.weighted += weight * c.mean()
			weights += weight
		}
	}
	if checked > 0 {
		f.uniform /= checked
		f.weighted /= weights
	}
	f.length, f.longest, f.denied = p.Len(), longest(p.Instructions()), meanDenied(p, costs)
	return f
}

func meanDenied(p *seccomp.Program, ruled map[string]cost) float64 {
	sum, n := 0.0, 0.0
	for nr := range uint32(601) {
		c := seccomp.Call{Arch: abi.AuditArchX86_64, Nr: nr}
		if _, ok := ruled[c.Name()]; !ok {
			sum += float64(len(p.Explain(c).Path))
			n++
		}
	}
	return sum / n
}

// longest goes backwards: jumps only lead forward.
func longest(code []bpf.RawInstruction) int {
	ways := make([]int, len(code))
	for pc := len(code) - 1; pc >= 0; pc-- {
		switch in := code[pc]; in.Op & 0x07 { // BPF_CLASS
		case 0x06: // BPF_RET
			ways[pc] = 1
		case 0x05: // BPF_JMP
			if in.Op == 0x05 { // BPF_JA
				ways[pc] = 1 + ways[pc+1+int(in.K)]
			} else {
				ways[pc] = 1 + max(ways[pc+1+int(in.Jt)], ways[pc+1+int(in.Jf)])
			}
		default:
			ways[pc] = 1 + ways[pc+1]
		}
	}
	return ways[0]
}

// The counted figures of two whole policies. They are bounds that a change of the compiler
// may improve on and not lose; the benchmark measures times and compares with others.
func TestFigures(t *testing.T) {
	net := count(t, readTable(t, "../testdata/decide/net.txt"))
	args := count(t, readTable(t, "../testdata/decide/args.txt"))
	t.Logf("net %+v", net)
	t.Logf("args %+v", args)
	for _, c := range []struct {
		name string
		got  float64
		most float64
	}{
		{"net: length", float64(net.length), 68},
		{"net: mean over allowed", net.allowed, 9.4},
		{"net: mean over denied", net.denied, 10.3},
		{"net: longest", float64(net.longest), 13},
		{"args: length", float64(args.length), 136},
		{"args: checked, weighted", args.weighted, 10},
		{"args: checked, uniform", args.uniform, 13.5},
		{"args: longest", float64(args.longest), 22},
	} {
		if c.got > c.most || c.got == 0 {
			t.Errorf("%s is %.2f, at most %.2f", c.name, c.got, c.most)
		}
	}
	if net.uniform != 0 || args.uniform == 0 {
		t.Error("net has no conditions, args has")
	}
}
