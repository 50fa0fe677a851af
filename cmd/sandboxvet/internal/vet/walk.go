// SPDX-License-Identifier: MIT

package vet

import (
	"golang.org/x/tools/go/ssa"

	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/flow"
)

// A step is a call on the way to something, and the steps before it.
type step struct {
	edge *flow.Edge
	prev *step
}

// A reached leaf is a system call and the way to it.
type reached struct {
	flow.Leaf
	in   *flow.State
	last *step
	// earlier: only on a goroutine that a library has started before, and that may have
	// ended by now.
	earlier bool
}

// A walk is what runs under a policy.
type walk struct {
	seen    map[*flow.State]*step
	leaves  []reached
	unknown []unknown
	escapes []*flow.Edge
	queue   []*flow.State
	whole   bool // all goroutines: escapes are followed
	earlier bool // what is found from now on

	cut func(ssa.Instruction) bool // what is left out; nil: nothing
}

type unknown struct {
	flow.Unknown
	in   *flow.State
	last *step
}

func newWalk(whole bool) *walk { return &walk{seen: make(map[*flow.State]*step), whole: whole} }

// begin lets the walk begin at a state, by a call or a start.
func (w *walk) begin(s *flow.State, by *flow.Edge) {
	if _, ok := w.seen[s]; ok {
		return
	}
	w.seen[s] = nil
	if by != nil {
		w.seen[s] = &step{edge: by}
	}
	w.queue = append(w.queue, s)
}

// run follows calls, breadth first, so that ways are as short as they can be.
func (w *walk) run() {
	for len(w.queue) > 0 {
		s := w.queue[0]
		w.queue = w.queue[1:]
		w.note(s, nil)
		for _, e := range s.Edges {
			w.follow(e, w.seen[s])
		}
	}
}

// note takes what is in a state, or of it only what runs at some instructions.
func (w *walk) note(s *flow.State, only map[ssa.Instruction]bool) {
	for _, l := range s.Leaves {
		if (only == nil || only[l.Site]) && (w.cut == nil || !w.cut(l.Site)) {
			w.leaves = append(w.leaves, reached{l, s, w.seen[s], w.earlier})
		}
	}
	for _, u := range s.Unknowns {
		if only == nil || only[u.Site] {
			w.unknown = append(w.unknown, unknown{u, s, w.seen[s]})
		}
	}
}

func (w *walk) follow(e *flow.Edge, last *step) {
	if w.cut != nil && w.cut(e.Site) {
		return
	}
	if e.Kind != flow.Calls {
		w.escapes = append(w.escapes, e)
		if !w.whole {
			return
		}
	}
	if _, ok := w.seen[e.To]; !ok {
		w.seen[e.To] = &step{e, last}
		w.queue = append(w.queue, e.To)
	}
}

// after lets the walk begin with what runs after an instruction of a state: the rest of the
// function, what it deferred, and the rest of its callers up to the beginning of the
// goroutine.
func (w *walk) after(s *flow.State, site ssa.Instruction) {
	type place struct {
		state *flow.State
		instr ssa.Instruction
	}
	work := []place{{s, site}}
	done := map[place]bool{work[0]: true}
	for len(work) > 0 {
		p := work[0]
		work = work[1:]
		rest := p.state.After(p.instr)
		w.note(p.state, rest)
		for _, e := range p.state.Edges {
			if rest[e.Site] {
				w.follow(e, nil)
			}
		}
		for _, in := range p.state.In {
			next := place{in.From, in.Site}
			if in.Kind == flow.Calls && !done[next] {
				done[next] = true
				work = append(work, next)
			}
		}
	}
}
