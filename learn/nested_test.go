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

// Seventeen combinations are not listed; with those of the outer phases they are a
// product and would be.
func TestNestedByNumber(t *testing.T) {
	r := &Recording{Phases: []Phase{{Policies: []string{"a"}}, {Policies: []string{"a", "b"}}, {Policies: []string{"a", "b", "c"}}}}
	for i := range uint64(17 * 17) {
		args := Args{i % 17, i / 17}
		at := &r.Phases[0]
		if args[0] == args[1] {
			at = &r.Phases[2]
		}
		at.Calls = append(at.Calls, Call{Syscall: "socket", Args: args, Count: 1})
	}
	nested := r.Nested()
	for _, p := range nested.Phases {
		if rules := p.Rules(); text(rules) != "socket" {
			t.Errorf("%v:\n%s", p.Policies, text(rules))
		}
	}
	if calls := nested.Phases[1].Calls; len(calls) != 17 || calls[1].Count != 1 {
		t.Errorf("%d calls", len(calls))
	}
	all := Phase{Policies: []string{"a"}, Calls: append(r.Phases[0].Calls, r.Phases[2].Calls...)}
	if len(all.Rules()) != 1 || all.Rules()[0].When == nil {
		t.Errorf("no product: %s", text(all.Rules()))
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
