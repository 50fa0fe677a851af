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
	count  = flag.Int("policies", 150, "random policies of each kind")
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

// TestOutside compares this library, which has a program for every policy, with the
// policy's plain reading, and every judge with both. A judge without words for
// a policy is passed over; one that has judged nothing fails the test.
func TestOutside(t *testing.T) {
	all := courts(t)
	judged, probes := make(map[string][]int), make(map[string]int)
	for i := range uint64(*count) {
		for kind, random := range kinds {
			p := random(*seed + i)
			own := program(t, ours, p)
			if own == nil {
				t.Fatalf("%s: no program", p.Name)
			}
			calls := p.Probes()
			answers := plain(t, p, own, calls)
			for _, judge := range all {
				if !judge.fit(p) {
					continue
				}
				if other := program(t, judge.Peer, p); other != nil {
					if judged[judge.Name] == nil {
						judged[judge.Name] = make([]int, len(kinds))
					}
					judged[judge.Name][kind]++
					probes[judge.Name] += compare(t, p, other, calls, answers, judge)
				}
			}
		}
	}
	for _, judge := range all {
		n := judged[judge.Name]
		if n == nil {
			t.Errorf("%s has judged nothing", judge.Name)
			continue
		}
		t.Logf("%s judged %d policies of numbers, %d with arguments, %d of all the form; %d probes", judge.Name, n[0], n[1], n[2], probes[judge.Name])
		if judge.Name == "gvisor" && min(n[0], n[1], n[2]) < *count/3 {
			t.Error("gvisor has judged too little")
		}
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

// plain compares our program with the policy and returns the answers of both.
func plain(t *testing.T, p *policy.Policy, own []bpf.RawInstruction, calls []policy.Call) []policy.Action {
	t.Helper()
	answers := make([]policy.Action, len(calls))
	for i, c := range calls {
		a, err := bpfsim.Run(own, bpfsim.Data{Nr: c.Nr, Arch: c.Arch, Args: c.Args})
		answers[i] = p.Eval(c)
		if err != nil || policy.Action(a) != answers[i] {
			t.Fatalf("%s, %s: ours %s (%v), the policy says %s", p.Name, c, policy.Action(a), err, answers[i])
		}
	}
	return answers
}

// compare compares a judge's program with these answers.
func compare(t *testing.T, p *policy.Policy, other []bpf.RawInstruction, calls []policy.Call, answers []policy.Action, judge court) (n int) {
	t.Helper()
	for i, c := range calls {
		if !judge.call(c) {
			continue
		}
		n++
		b, err := bpfsim.Run(other, bpfsim.Data{Nr: c.Nr, Arch: c.Arch, Args: c.Args})
		if err != nil || policy.Action(b) != answers[i] {
			t.Errorf("%s, %s: %s says %s (%v), we and the policy %s", p.Name, c, judge.Name, policy.Action(b), err, answers[i])
			return n
		}
	}
	return n
}
