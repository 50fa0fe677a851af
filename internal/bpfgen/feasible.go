// SPDX-License-Identifier: MIT

package bpfgen

// A masked word cannot have every value, and a word that is looked at under several
// masks has values that depend on each other. So that no test is made whose answer
// is known already, a state remembers what is known of such words.

// maxKnown bounds what a state remembers. Without the rest, tests would be made in vain
// and rules called reached that are void: beyond it rules are not compiled as a diagram.
const maxKnown = 16

// knowledge: a variable's value is in a range. The zero value is none.
type knowledge struct {
	v  uint8 // index of the variable, plus one
	in interval
}

// findShared returns the set of variables of which knowledge is kept.
func findShared(vars []variable) (set uint32) {
	for i, v := range vars {
		for j, w := range vars {
			if v.self || w.self || v.word != w.word {
				continue
			}
			if i != j || !v.full() {
				set |= 1 << i
			}
		}
	}
	return set
}

// learn adds what a test found out; false if no value of the word is left.
func (d *diagram) learn(s *state, v uint8, in interval) bool {
	for i := range s.known {
		if s.known[i].v == 0 {
			s.known[i] = knowledge{v + 1, in}
			return d.feasible(s, d.boxes.vars[v].word)
		}
	}
	d.full = true
	return false
}

// forget drops knowledge of words that no variable ahead asks for, and puts the
// rest in a fixed order.
func (d *diagram) forget(s *state, ahead uint32) {
	if d.shared == 0 {
		return
	}
	var kept [maxKnown]knowledge
	n := 0
	for v := range d.boxes.vars {
		for _, k := range s.known {
			if int(k.v) == v+1 && d.asked(d.boxes.vars[v].word, ahead) {
				kept[n] = k
				n++
			}
		}
	}
	s.known = kept
}

func (d *diagram) asked(word uint8, ahead uint32) bool {
	for v := range d.boxes.vars {
		if ahead>>v&1 == 1 && d.boxes.vars[v].word == word {
			return true
		}
	}
	return false
}

// feasible reports whether some value of the word fits all that is known of it.
func (d *diagram) feasible(s *state, word uint8) bool {
	var ranges [maxKnown]maskedRange
	n := 0
	for _, k := range s.known {
		if k.v != 0 && d.boxes.vars[k.v-1].word == word {
			ranges[n] = maskedRange{d.boxes.vars[k.v-1].mask, k.in}
			n++
		}
	}
	t := newSettler(ranges[:n])
	return t.settle(31, t.allEdges())
}

type maskedRange struct {
	mask uint32
	in   interval
}

// A settler looks for a value whose masked values are in their ranges. It settles
// the bits from the highest down, trying 0 and 1, and keeps for each range whether
// the value has so far been on its lower and on its upper edge. What failed once
// at a bit is not tried again; with one range that does not happen.
type settler struct {
	ranges []maskedRange
	mask   uint32          // of all ranges together
	failed map[uint64]bool // by bit and edges
	value  uint32          // found by settle
}

func newSettler(ranges []maskedRange) settler {
	t := settler{ranges: ranges}
	for _, r := range ranges {
		t.mask |= r.mask
	}
	if len(ranges) > 1 {
		t.failed = make(map[uint64]bool)
	}
	return t
}

func (t *settler) allEdges() uint64 { return 1<<(2*len(t.ranges)) - 1 }

// settle reports whether bits 0 to bit can be settled. edges has two bits per range:
// on the lower edge, on the upper.
func (t *settler) settle(bit int, edges uint64) bool {
	if bit < 0 || edges == 0 {
		return true
	}
	key := uint64(bit)<<58 | edges
	if t.failed != nil && t.failed[key] {
		return false
	}
	for x := range 1 + t.mask>>bit&1 { // a bit under no mask can as well be 0
		if next, ok := t.step(bit, edges, x); ok && t.settle(bit-1, next) {
			t.value |= x << bit
			return true
		}
	}
	if t.failed != nil {
		t.failed[key] = true
	}
	return false
}

// step gives a bit of the word the value x.
func (t *settler) step(bit int, edges uint64, x uint32) (next uint64, ok bool) {
	for i, r := range t.ranges {
		y := x & (r.mask >> bit)
		low, high := uint64(1)<<(2*i), uint64(2)<<(2*i)
		lo, hi := r.in.lo>>bit&1, r.in.hi>>bit&1
		if edges&low != 0 && y < lo || edges&high != 0 && y > hi {
			return 0, false
		}
		if edges&low != 0 && y > lo {
			edges &^= low
		}
		if edges&high != 0 && y < hi {
			edges &^= high
		}
	}
	return edges, true
}
