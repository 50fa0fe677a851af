// SPDX-License-Identifier: MIT

package learn

import "slices"

// Nested returns the recording with the calls of each phase also in the phases around
// it, those whose policies are the first of its own. Policies can only be narrowed, so
// the outer must permit what the inner does, though the calls were recorded with the
// inner alone: make the policy of an outer phase, and compare it, with
// r.Nested().Phases[i]. [Recording.GoSource] sees to it by itself. Counts of a nested
// recording say so much that merging it, or nesting it again, makes no sense.
func (r *Recording) Nested() *Recording {
	if r == nil {
		return nil
	}
	own, out := canonical(r).Phases, canonical(r)
	// Inner phases come after outer ones: see comparePhases.
	for i := len(own) - 1; i >= 0; i-- {
		outer := &out.Phases[i]
		for j := i + 1; j < len(own); j++ {
			if !outer.surrounds(&own[j]) {
				continue
			}
			outer.Calls = append(outer.Calls, own[j].clone().Calls...)
			for _, u := range out.Phases[j].used() {
				if u.unlisted() {
					outer.Calls = append(outer.Calls, Call{Syscall: u.name, Mark: innerByNumber})
				}
			}
		}
		outer.fold()
	}
	return out
}

// innerByNumber marks that an outer policy may not list values: together with its own
// they may be few alternatives again, and would not hold what the inner permits.
const innerByNumber = "an inner phase has too many values to list"

func (p *Phase) surrounds(inner *Phase) bool {
	n := len(p.Policies)
	return n < len(inner.Policies) && slices.Equal(p.Policies, inner.Policies[:n])
}

// directlyInside are the indexes of the phases inside of phase i with no other
// between.
func directlyInside(phases []Phase, i int) (inside []int) {
	for j := range phases {
		between := func(p Phase) bool { return phases[i].surrounds(&p) && p.surrounds(&phases[j]) }
		if phases[i].surrounds(&phases[j]) && !slices.ContainsFunc(phases, between) {
			inside = append(inside, j)
		}
	}
	return inside
}
