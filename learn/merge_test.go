// SPDX-License-Identifier: MIT

package learn

import (
	"math"
	"reflect"
	"strings"
	"testing"
)

func mustMerge(t *testing.T, rs ...*Recording) *Recording {
	t.Helper()
	r, err := Merge(rs...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func mustJSON(t *testing.T, r *Recording) string {
	t.Helper()
	b, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Runs come in from many machines in any order, and are merged in steps.
func TestMergeOrder(t *testing.T) {
	for seed := range uint64(200) {
		m := newMaker(seed)
		a, b, c := m.recording(), m.recording(), m.recording()
		all := mustJSON(t, mustMerge(t, a, b, c))
		for name, other := range map[string]*Recording{
			"c, a, b":   mustMerge(t, c, a, b),
			"(a, b), c": mustMerge(t, mustMerge(t, a, b), c),
			"a, (b, c)": mustMerge(t, a, mustMerge(t, b, c)),
			"(c, b), a": mustMerge(t, mustMerge(t, c, b), a),
		} {
			if got := mustJSON(t, other); got != all {
				t.Fatalf("seed %d: %s:\n%s\nnot\n%s", seed, name, got, all)
			}
		}
		if one, merged := mustJSON(t, a), mustJSON(t, mustMerge(t, a)); one != merged {
			t.Fatalf("seed %d: merging one changes it", seed)
		}
	}
}

func TestMergeCounts(t *testing.T) {
	stack := func(n uint64, f string) Stack { return Stack{n, []Frame{{f, "x.go", 1}}} }
	a := &Recording{Program: "node", Go: "go1.26.8", Runs: math.MaxInt, Lost: map[string]uint64{"read": 1},
		Phases: []Phase{{Policies: []string{"net"}, Calls: []Call{
			{Syscall: "fcntl", Args: Args{7, 3}, Count: 2, Mark: "emulated", Stacks: []Stack{stack(1, "main.a"), stack(1, "main.b")}},
			{Syscall: "close", Count: math.MaxUint64},
		}}}}
	b := &Recording{Program: "miner", Go: "go1.26.8", Runs: 1, Lost: map[string]uint64{"read": 2},
		Phases: []Phase{{Policies: []string{"net"}, Calls: []Call{
			{Syscall: "close", Count: 1},
			{Syscall: "fcntl", Args: Args{8, 3}, Count: 5, Stacks: []Stack{stack(5, "main.b")}},
			{Syscall: "fcntl", Args: Args{8, 4}, Count: 1},
		}}, {Policies: []string{"net"}, Thread: true}}}
	want := &Recording{Program: "miner, node", Go: "go1.26.8", Runs: math.MaxInt, Lost: map[string]uint64{"read": 3},
		Phases: []Phase{{Policies: []string{"net"}, Calls: []Call{
			{Syscall: "close", Decoded: "close(_)", Count: math.MaxUint64},
			{Syscall: "fcntl", Args: Args{0, 3}, Count: 7, Mark: "emulated", Stacks: []Stack{stack(6, "main.b"), stack(1, "main.a")}},
			{Syscall: "fcntl", Args: Args{0, 4}, Count: 1},
		}}, {Policies: []string{"net"}, Thread: true, Calls: []Call{}}}}
	got := mustMerge(t, a, b)
	for i := range got.Phases[0].Calls {
		got.Phases[0].Calls[i].Decoded = want.Phases[0].Calls[i].Decoded
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// The learner goes on recording into what it gave away.
func TestMergeShares(t *testing.T) {
	for seed := range uint64(50) {
		r := newMaker(seed).recording()
		merged := mustMerge(t, r)
		before := mustJSON(t, merged)
		for call := range r.Lost {
			r.Lost[call]++
		}
		for i := range r.Phases {
			p := &r.Phases[i]
			p.Policies[0] = "other"
			for j := range p.Calls {
				for k := range p.Calls[j].Stacks {
					s := &p.Calls[j].Stacks[k]
					s.Count++
					for l := range s.Frames {
						s.Frames[l].Line++
					}
				}
				p.Calls[j] = Call{Syscall: "getpid"}
			}
		}
		if after := mustJSON(t, merged); after != before {
			t.Fatalf("seed %d: the result changes with what it was made of", seed)
		}
	}
}

func TestMergeMistakes(t *testing.T) {
	good := &Recording{}
	for name, bad := range map[string]*Recording{
		"did not run under the learning action": nil,
		"-1 runs":                               {Runs: -1},
		"phase 0 names no policy":               {Phases: []Phase{{}}},
		`phase "a > b": this version knows no syscall "opennat"`: {Phases: []Phase{{Policies: []string{"a", "b"}, Calls: []Call{{Syscall: "opennat"}}}}},
		`did you mean "read"?`: {Lost: map[string]uint64{"reed": 1}},
	} {
		_, err := Merge(good, bad)
		if err == nil || !strings.Contains(err.Error(), name) || !strings.HasPrefix(err.Error(), "recording 2 of 2: ") {
			t.Errorf("%v, want %q", err, name)
		}
		if _, err := bad.JSON(); err == nil {
			t.Errorf("JSON takes what Merge refuses: %s", name)
		}
	}
	if r := mustMerge(t); mustJSON(t, r) != mustJSON(t, good) {
		t.Errorf("merging none: %+v", r)
	}
}
