// SPDX-License-Identifier: MIT

package bpfgen

// The rules of one call are spread out into boxes before they are compiled:
// conjunctions of predicates, in the order of the rules.

// maxBoxes and maxVars bound what is compiled as a diagram.
const (
	maxBoxes = 256
	maxVars  = 32
)

// A box is one alternative of a rule.
type box struct {
	rule  int
	ret   uint32
	vars  uint32 // set of indices into boxes.vars
	preds []boxPred
}

type boxPred struct {
	v  uint8 // index into boxes.vars
	in []interval
}

// on returns the box's intervals for a variable, nil if it has no predicate on it.
func (b *box) on(v uint8) []interval {
	for i := range b.preds {
		if b.preds[i].v == v {
			return b.preds[i].in
		}
	}
	return nil
}

func contains(in []interval, x uint32) bool {
	for _, i := range in {
		if x <= i.hi {
			return x >= i.lo
		}
	}
	return false
}

// boxes are the boxes of some rules and the variables that they are about.
type boxes struct {
	splitter
	list  []box
	vars  []variable
	preds []boxPred
}

func (b *boxes) reset() {
	b.splitter.reset()
	b.list, b.vars, b.preds = b.list[:0], b.vars[:0], b.preds[:0]
}

// spread appends the boxes of one rule; false beyond the limits.
func (b *boxes) spread(index int, r *Rule) bool {
	from := len(b.list)
	b.list = append(b.list, box{rule: index, ret: r.Ret})
	for i := range r.When {
		alts := b.split(&r.When[i])
		end := len(b.list)
		if end+(end-from)*max(len(alts)-1, 0) > maxBoxes {
			return false
		}
		// Each box so far with each alternative; the first takes the box's place.
		for j := from; j < end; j++ {
			for k := len(alts) - 1; k > 0; k-- {
				b.list = append(b.list, b.list[j])
				if !b.join(&b.list[len(b.list)-1], alts[k]) {
					return false
				}
			}
			if len(alts) == 0 {
				b.list[j].rule = -1
			} else if !b.join(&b.list[j], alts[0]) {
				return false
			}
		}
		b.dropImpossible(from)
	}
	return len(b.list) <= maxBoxes
}

// join adds an alternative to a box; a box that no value satisfies loses its rule.
// It is false beyond the limits.
func (b *boxes) join(bx *box, alt alternative) bool {
	from := len(b.preds)
	b.preds = append(b.preds, bx.preds...)
	for _, p := range alt {
		v, ok := b.variable(p.v)
		if !ok {
			return false
		}
		if bx.vars>>v&1 == 0 {
			bx.vars |= 1 << v
			b.preds = append(b.preds, boxPred{v, p.in})
			continue
		}
		for i := from; i < len(b.preds); i++ {
			if b.preds[i].v == v {
				if b.preds[i].in = b.intersect(b.preds[i].in, p.in); len(b.preds[i].in) == 0 {
					bx.rule = -1
				}
			}
		}
	}
	bx.preds = b.preds[from:len(b.preds):len(b.preds)]
	return true
}

func (b *boxes) variable(v variable) (uint8, bool) {
	for i := range b.vars {
		if b.vars[i] == v {
			return uint8(i), true
		}
	}
	if len(b.vars) == maxVars {
		return 0, false
	}
	b.vars = append(b.vars, v)
	return uint8(len(b.vars) - 1), true
}

func (b *boxes) dropImpossible(from int) {
	keep := b.list[:from]
	for _, bx := range b.list[from:] {
		if bx.rule >= 0 {
			keep = append(keep, bx)
		}
	}
	b.list = keep
}
