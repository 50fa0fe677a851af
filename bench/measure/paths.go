// SPDX-License-Identifier: MIT

package measure

import (
	"fmt"

	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/bench/policy"
	"github.com/syscall-sandbox/sandbox/internal/bpfsim"
)

// Paths counts executed instructions, RET included.
type Paths struct {
	Length  int     `json:"length"`
	Allowed float64 `json:"allowed"` // mean over the numbers with a rule that permits; one with conditions counts as the mean of its hits
	Denied  float64 `json:"denied"`  // mean over numbers 0..600 without a rule
	Longest int     `json:"longest"` // way through the program, whether or not a call takes it

	LongestRun int `json:"longest_run"` // executed, over all probes

	// Means over argument-checked numbers, each the mean of its hits; 0 without any.
	Weighted float64 `json:"args_weighted"`
	Uniform  float64 `json:"args_uniform"`
}

// A Disagreement is a call that a program answers differently from its policy.
type Disagreement struct {
	Call      policy.Call
	Got, Want policy.Action
}

func (d *Disagreement) Error() string {
	return fmt.Sprintf("%s: %s, the policy says %s", d.Call, d.Got, d.Want)
}

// Check compares a program with a policy on all probes. It returns the first
// disagreement, one about a native number before one about x32 or a foreign
// architecture, and how many there are of how many.
func Check(prog []bpf.RawInstruction, p *policy.Policy) (first *Disagreement, wrong, probes int, err error) {
	if err := bpfsim.Verify(prog); err != nil {
		return nil, 0, 0, err
	}
	calls := p.Probes()
	for _, c := range calls {
		ret, err := bpfsim.Run(prog, data(c))
		if err != nil {
			return nil, 0, 0, err
		}
		want := p.Eval(c)
		if policy.Action(ret) == want {
			continue
		}
		wrong++
		if first == nil || c.Native() && !first.Call.Native() {
			first = &Disagreement{c, policy.Action(ret), want}
		}
	}
	return first, wrong, len(calls), nil
}

func data(c policy.Call) bpfsim.Data {
	return bpfsim.Data{Nr: c.Nr, Arch: c.Arch, Args: c.Args}
}

// Count returns the figures of a program that bpfsim.Verify accepts.
func Count(prog []bpf.RawInstruction, p *policy.Policy) Paths {
	count := counter(prog)
	paths := Paths{Length: len(prog), Denied: mean(count, p.Denied())}
	var allowed, weights float64
	var permitted, checked int
	for _, r := range p.Rules {
		m := mean(count, r.Hits())
		if m == 0 || !permits(r.Action) {
			continue
		}
		allowed += m
		permitted++
		if r.Checked() {
			w := Weight(p, r.Name)
			paths.Uniform += m
			paths.Weighted += w * m
			weights += w
			checked++
		}
	}
	paths.Allowed = over(allowed, float64(permitted))
	paths.Uniform = over(paths.Uniform, float64(checked))
	paths.Weighted = over(paths.Weighted, weights)
	for _, c := range p.Probes() {
		paths.LongestRun = max(paths.LongestRun, count(c))
	}
	paths.Longest = longest(prog)
	return paths
}

// longest returns the length of the longest way from the first instruction to a RET,
// whether or not a call can take it: the bound that holds for every call. Jumps
// go only forward, so one pass backwards finds it.
func longest(prog []bpf.RawInstruction) int {
	const class, jump, always, ret = 0x07, 0x05, 0x05, 0x06 // BPF_CLASS, BPF_JMP, BPF_JMP|BPF_JA, BPF_RET
	ways := make([]int, len(prog))
	for pc := len(prog) - 1; pc >= 0; pc-- {
		switch in := prog[pc]; {
		case in.Op&class == ret:
			ways[pc] = 1
		case in.Op == always:
			ways[pc] = 1 + ways[pc+1+int(in.K)]
		case in.Op&class == jump:
			ways[pc] = 1 + max(ways[pc+1+int(in.Jt)], ways[pc+1+int(in.Jf)])
		default:
			ways[pc] = 1 + ways[pc+1]
		}
	}
	return ways[0]
}

func counter(prog []bpf.RawInstruction) func(policy.Call) int {
	var trace []int
	return func(c policy.Call) int {
		_, trace, _ = bpfsim.RunTrace(prog, data(c), trace[:0])
		return len(trace)
	}
}

func mean(count func(policy.Call) int, calls []policy.Call) float64 {
	sum := 0
	for _, c := range calls {
		sum += count(c)
	}
	return over(float64(sum), float64(len(calls)))
}

func over(sum, n float64) float64 {
	if n == 0 {
		return 0
	}
	return sum / n
}

func permits(a policy.Action) bool {
	return a == policy.Allow || a == policy.Log
}

// busy are the shares of a busy server's argument-checked calls.
var busy = map[string]float64{"futex": 0.75, "fcntl": 0.125, "socket": 0.03, "openat": 0.03}

// Weight returns the share of a number among the argument-checked calls of a policy:
// that of the table for futex, fcntl, socket and openat, and for all others equal
// parts of what is left of 1. Shares of calls that a policy does not
// check fall away; the mean divides by the sum of the rest.
func Weight(p *policy.Policy, name string) float64 {
	if w, ok := busy[name]; ok {
		return w
	}
	rest, others := 1.0, 0
	for _, w := range busy {
		rest -= w
	}
	for _, r := range p.Rules {
		if _, ok := busy[r.Name]; r.Checked() && !ok {
			others++
		}
	}
	return over(rest, float64(others))
}
