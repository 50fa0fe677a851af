// SPDX-License-Identifier: MIT

// Package judge lets compilers from outside judge this library's: the same random
// policies, compiled by both, must answer every probe alike, and as the policy in
// plain Go says.
package judge

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/bench/peer"
	"github.com/syscall-sandbox/sandbox/bench/policy"
	"github.com/syscall-sandbox/sandbox/internal/bpfsim"
)

var (
	count  = flag.Int("policies", 200, "random policies of each kind")
	seed   = flag.Uint64("seed", 1, "seed of the first")
	extern []peer.Peer
)

func TestMain(m *testing.M) {
	flag.Func("judge", "NAME=COMMAND: one more judge that speaks rawbpf's protocol and is exact for all policies (repeatable)", func(s string) error {
		name, command, ok := strings.Cut(s, "=")
		if !ok {
			return errors.New("not NAME=COMMAND")
		}
		extern = append(extern, peer.Peer{Name: name, Command: command})
		return nil
	})
	flag.Parse()
	os.Exit(m.Run())
}

// A court is a judge with what it can be asked: outside of that its answers are
// known to be wrong.
type court struct {
	peer.Peer
	fit  func(*policy.Policy) bool
	call func(policy.Call) bool
}

func always[T any](T) bool { return true }

func courts(t *testing.T) []court {
	all := []court{{
		Peer: peer.Peer{Name: "elastic", Prepare: peer.Elastic},
		fit:  func(p *policy.Policy) bool { return !p.HasArgs() }, // compares arguments with later numbers
		call: policy.Call.Native,                                  // has answers of its own for x32
	}, {
		Peer: peer.Peer{Name: "gvisor", Prepare: peer.GVisor},
		fit:  always[*policy.Policy],
		call: always[policy.Call],
	}}
	if lib, err := peer.Libseccomp(t.TempDir()); err == nil {
		all = append(all, court{Peer: lib, fit: (*policy.Policy).SafeForLibseccomp, call: always[policy.Call]})
	} else {
		t.Logf("without libseccomp: %v", err)
	}
	for _, p := range extern {
		all = append(all, court{Peer: p, fit: always[*policy.Policy], call: always[policy.Call]})
	}
	return all
}

// kinds of random policies.
var kinds = []func(seed uint64) *policy.Policy{
	func(seed uint64) *policy.Policy { return policy.Random(seed, false) },
	func(seed uint64) *policy.Policy { return policy.Random(seed, true) },
	policy.RandomForm,
}

var ours = peer.Peer{Name: "sandbox", Prepare: peer.Sandbox}

// TestPlain compares this library with the policy's plain reading only: it has a
// program for every policy.
func TestPlain(t *testing.T) {
	for i := range uint64(*count) {
		for _, random := range kinds {
			p := random(*seed + i)
			own := program(t, ours, p)
			if own == nil {
				t.Fatalf("%s: no program", p.Name)
			}
			compare(t, p, own, own, court{Peer: ours, call: always[policy.Call]})
		}
	}
}

// TestOutside passes a judge over that has no words for a policy; one that has judged
// nothing fails the test.
func TestOutside(t *testing.T) {
	for _, judge := range courts(t) {
		t.Run(judge.Name, func(t *testing.T) {
			judged, probes := make([]int, len(kinds)), 0
			for i := range uint64(*count) {
				for kind, random := range kinds {
					p := random(*seed + i)
					if !judge.fit(p) {
						continue
					}
					if other := program(t, judge.Peer, p); other != nil {
						judged[kind]++
						probes += compare(t, p, program(t, ours, p), other, judge)
					}
				}
			}
			t.Logf("policies: %d of numbers, %d with arguments, %d of all the form; %d probes", judged[0], judged[1], judged[2], probes)
			if judged[0]+judged[1]+judged[2] == 0 {
				t.Error("judged nothing")
			}
			if judge.Name == "gvisor" && min(judged[0], judged[1], judged[2]) < *count/3 {
				t.Error("judged too little")
			}
		})
	}
}

// program returns nil if the compiler has no words for the policy.
func program(t *testing.T, c peer.Peer, p *policy.Policy) []bpf.RawInstruction {
	t.Helper()
	prog, err := c.Program(p)
	if _, ok := errors.AsType[*policy.Inexpressible](err); ok {
		return nil
	}
	if err != nil {
		t.Fatalf("%s on %s: %v", c.Name, p.Name, err)
	}
	return prog
}

func compare(t *testing.T, p *policy.Policy, own, other []bpf.RawInstruction, judge court) int {
	t.Helper()
	n := 0
	for _, c := range p.Probes() {
		if !judge.call(c) {
			continue
		}
		n++
		d := bpfsim.Data{Nr: c.Nr, Arch: c.Arch, Args: c.Args}
		a, errA := bpfsim.Run(own, d)
		b, errB := bpfsim.Run(other, d)
		want := p.Eval(c)
		if errA != nil || errB != nil || a != b || policy.Action(a) != want {
			t.Errorf("%s, %s: ours %s (%v), %s %s (%v), the policy says %s", p.Name, c,
				policy.Action(a), errA, judge.Name, policy.Action(b), errB, want)
			return n
		}
	}
	return n
}
