// SPDX-License-Identifier: MIT

package bpfgen

import (
	"math/bits"
	"slices"
)

// The boxes of one call become a decision diagram. A state of the diagram is what
// is still possible: the boxes that no test so far has excluded, and the variables
// that have been looked at. From a state, the first box's next variable is looked
// at: its values fall into ranges that are alike for all boxes, and each range
// leads to the state that is left.
//
// So no variable is looked at twice, what a range excludes is never asked again,
// and a state met twice is one piece of code. Where an argument is looked at under
// a mask, ranges that no value can reach are left out (see feasible), so every
// state is one that some call reaches: a rule whose boxes are first in none is
// void.

// maxStates bounds the work for one call. Beyond it, and beyond the limits on boxes and on
// what a state remembers, rules are compiled one after the other (see linear), and rules
// that others make void are not found out.
const maxStates = 1024

type boxSet [maxBoxes / 64]uint64

func (s *boxSet) has(i int) bool { return s[i/64]>>(i%64)&1 == 1 }
func (s *boxSet) add(i int)      { s[i/64] |= 1 << (i % 64) }
func (s *boxSet) remove(i int)   { s[i/64] &^= 1 << (i % 64) }

func (s *boxSet) first() int {
	for i, w := range s {
		if w != 0 {
			return i*64 + bits.TrailingZeros64(w)
		}
	}
	return -1
}

// cutAfter removes all boxes after i.
func (s *boxSet) cutAfter(i int) {
	for w := range s {
		switch {
		case w > i/64:
			s[w] = 0
		case w == i/64:
			s[w] &= 1<<(i%64)<<1 - 1
		}
	}
}

type state struct {
	live    boxSet
	decided uint32 // set of variables
	known   [maxKnown]knowledge
}

type diagram struct {
	b       *builder
	boxes   *boxes
	ret     int32  // node of calls that no rule matches
	shared  uint32 // variables that knowledge is kept of
	reached []bool // rules that some call reaches
	full    bool   // more was to be known than a state remembers
}

// diagram compiles the rules of one call and marks in reached those that some call
// reaches. ok is false beyond the limits.
func (b *builder) diagram(rules []Rule, ret uint32, reached []bool) (node int32, ok bool) {
	b.boxes.reset()
	for i := range rules {
		if !b.boxes.spread(i, &rules[i]) {
			return 0, false
		}
	}
	b.states, b.nodes = b.states[:0], b.nodes[:0]
	d := diagram{b: b, boxes: &b.boxes, ret: b.ret(ret), shared: findShared(b.boxes.vars), reached: reached}
	var root state
	for i := range b.boxes.list {
		root.live.add(i)
	}
	return d.build(root)
}

// build returns the node of a state, or false beyond the limit.
func (d *diagram) build(s state) (node int32, ok bool) {
	first := s.live.first()
	if first < 0 {
		return d.ret, true
	}
	bx := &d.boxes.list[first]
	if bx.vars&^s.decided == 0 {
		if d.b.witnesses != nil && !d.reached[bx.rule] {
			d.b.witnesses[bx.rule] = d.witness()
		}
		d.reached[bx.rule] = true
		return d.b.ret(bx.ret), true
	}
	d.normalise(&s)
	if i := slices.Index(d.b.states, s); i >= 0 {
		return d.b.nodes[i], true
	}
	if len(d.b.states) >= maxStates {
		return 0, false
	}
	v := next(bx, s.decided)
	cuts, choices := len(d.b.cuts), len(d.b.choices)
	d.cut(&s, v)
	ok = d.branch(&s, v, cuts)
	if ok {
		node = d.b.choose(d.boxes.vars[v], d.b.choices[choices:])
		d.b.states, d.b.nodes = append(d.b.states, s), append(d.b.nodes, node)
	}
	d.b.cuts, d.b.choices = d.b.cuts[:cuts], d.b.choices[:choices]
	return node, ok
}

// branch appends to b.choices where each range of v between b.cuts[from:] leads.
func (d *diagram) branch(s *state, v uint8, from int) bool {
	b := d.b
	start := len(b.choices)
	for i, end := from, len(b.cuts); i < end; i++ {
		in := interval{b.cuts[i], ^uint32(0)}
		if i+1 < end {
			in.hi = b.cuts[i+1] - 1
		}
		child, possible := d.after(s, v, in)
		if d.full {
			return false
		}
		if !possible {
			continue
		}
		b.trail = append(b.trail, knowledge{v, in})
		node, ok := d.build(child)
		b.trail = b.trail[:len(b.trail)-1]
		if !ok {
			return false
		}
		// Calls are made to be allowed: what no rule matches is rare.
		weight := float32(1)
		if node == d.ret {
			weight = 0.1
		}
		b.choices = appendChoice(b.choices, start, choice{in.lo, node, weight})
	}
	b.choices[start].lo = 0 // some range is possible: the state is one that a call reaches
	return true
}

// appendChoice appends c, or adds it to the last choice since start if that leads
// to the same node.
func appendChoice(choices []choice, start int, c choice) []choice {
	if n := len(choices); n > start && choices[n-1].node == c.node {
		choices[n-1].weight += c.weight
		return choices
	}
	return append(choices, c)
}

// next is the first variable of a box that has not been looked at.
func next(bx *box, decided uint32) uint8 {
	i := 0
	for decided>>bx.preds[i].v&1 == 1 {
		i++
	}
	return bx.preds[i].v
}

// cut appends to b.cuts the ascending values at which some live box changes its
// mind about v.
func (d *diagram) cut(s *state, v uint8) {
	from := len(d.b.cuts)
	d.b.cuts = append(d.b.cuts, 0)
	for i := range d.boxes.list {
		if bx := &d.boxes.list[i]; s.live.has(i) && bx.vars>>v&1 == 1 {
			for _, in := range bx.on(v) {
				d.b.cuts = append(d.b.cuts, in.lo)
				if in.hi < ^uint32(0) {
					d.b.cuts = append(d.b.cuts, in.hi+1)
				}
			}
		}
	}
	own := d.b.cuts[from:]
	slices.Sort(own)
	d.b.cuts = d.b.cuts[:from+len(slices.Compact(own))]
}

// after is the state when v has been found in a range; possible is false if no
// value of the word can be there.
func (d *diagram) after(s *state, v uint8, in interval) (child state, possible bool) {
	child = *s
	child.decided |= 1 << v
	if d.shared>>v&1 == 1 && !d.learn(&child, v, in) {
		return child, false
	}
	for i := range d.boxes.list {
		if !s.live.has(i) {
			continue
		}
		bx := &d.boxes.list[i]
		if bx.vars>>v&1 == 1 && !contains(bx.on(v), in.lo) {
			child.live.remove(i)
		} else if bx.vars&^child.decided == 0 {
			child.live.cutAfter(i) // it matches: those after it are not asked any more
			break
		}
	}
	return child, true
}

// normalise forgets what no live box asks for, so that equal states look equal.
func (d *diagram) normalise(s *state) {
	var asked uint32
	for i := range d.boxes.list {
		if s.live.has(i) {
			asked |= d.boxes.list[i].vars
		}
	}
	s.decided &= asked
	d.forget(s, asked&^s.decided)
}
