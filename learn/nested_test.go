// SPDX-License-Identifier: MIT

package learn

import (
	"slices"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// full is the filter of a phase with what the library permits by itself.
func full(p *Phase) seccomp.Filter {
	f := seccomp.Filter{Rules: p.Rules()}
	for nr := range p.given() {
		name, _ := sysno.Name(nr)
		f.Rules = append(f.Rules, allow(name))
	}
	return f
}

// Policies can only be narrowed: what an inner one permits the outer must.
func TestNestedPoliciesNarrow(t *testing.T) {
	chains := 0
	for seed := range uint64(300) {
		r := newMaker(seed).recording()
		for range 4 {
			r.Phases = append(r.Phases, newMaker(seed+1000*uint64(len(r.Phases))).phase())
		}
		nested := r.Nested()
		for i := range nested.Phases {
			for j := range nested.Phases {
				outer, inner := &nested.Phases[i], &nested.Phases[j]
				if outer.surrounds(inner) && (inner.Thread || !outer.Thread) {
					chains++
					if w, u := seccomp.Uncovered(full(outer), full(inner)); len(w)+len(u) > 0 {
						t.Fatalf("seed %d: %v permits %v, and %v does not", seed, inner.Policies, w, outer.Policies)
					}
				}
			}
		}
	}
	if chains < 300 {
		t.Errorf("only %d chains", chains)
	}
}

// Eighteen combinations of two phases together are not listed; with those of the
// phase around them they are a product and would be.
func TestNestedByNumber(t *testing.T) {
	r := &Recording{Phases: []Phase{{Policies: []string{"a"}}, {Policies: []string{"a", "b"}}, {Policies: []string{"a", "b", "c"}}}}
	all := Phase{Policies: []string{"a"}}
	for i := range uint64(18 * 18) {
		call := Call{Syscall: "socket", Args: Args{i % 18, i / 18}, Count: 1}
		at := 0
		if call.Args[0] == call.Args[1] {
			at = 1 + int(call.Args[0]%2)
		}
		all.Calls = append(all.Calls, call)
		r.Phases[at].Calls = append(r.Phases[at].Calls, call)
	}
	if rules := all.Rules(); len(rules) != 1 || rules[0].When == nil {
		t.Errorf("no product: %s", text(rules))
	}
	nested := r.Nested().Phases
	for i, rules := range []int{1, 1, 9} {
		if got := nested[i].Rules(); len(got) != rules || (got[0].When == nil) != (rules == 1) {
			t.Errorf("%v:\n%s", nested[i].Policies, text(got))
		}
	}
	if calls := nested[1].Calls; len(calls) != 18 || calls[1].Count != 1 {
		t.Errorf("%d calls", len(calls))
	}
	if (*Recording)(nil).Nested() != nil {
		t.Error("a recording out of nothing")
	}
}

func TestDirectlyInside(t *testing.T) {
	phases := []Phase{{Policies: []string{"a"}}, {Policies: []string{"a", "b"}}, {Policies: []string{"a", "b", "c"}},
		{Policies: []string{"a", "d", "e"}}, {Policies: []string{"b"}}}
	for i, want := range [][]int{{1, 3}, {2}, nil, nil, nil} {
		if got := directlyInside(phases, i); !slices.Equal(got, want) {
			t.Errorf("%v: %v, want %v", phases[i].Policies, got, want)
		}
	}
}
