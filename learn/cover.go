// SPDX-License-Identifier: MIT

package learn

import (
	"math"
	"slices"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A box is one alternative of a call: of each argument that chooses, the values it may
// have, in the order of the arguments. It permits all combinations of them.
type box []valueSet

// A valueSet is the values of one argument under a mask.
type valueSet struct {
	index  int
	mask   uint64
	values []uint64 // sorted; one only, unless the mask is a whole argument
}

func (s valueSet) wide() bool { return s.mask > math.MaxUint32 }

// whole reports whether a condition can list values: one with a mask compares one.
func (s valueSet) whole() bool { return s.mask == math.MaxUint32 || s.mask == math.MaxUint64 }

func (s valueSet) cond() seccomp.Cond {
	arg := seccomp.Arg32(s.index)
	if s.wide() {
		arg = seccomp.Arg64(s.index)
	}
	if s.whole() {
		return arg.Is(s.values...)
	}
	return arg.Masked(s.mask, s.values[0])
}

func (b box) conds() []seccomp.Cond {
	conds := make([]seccomp.Cond, len(b))
	for i, s := range b {
		conds[i] = s.cond()
	}
	return conds
}

// pointOf is the box of one call.
func pointOf(nr uint32, c Call) (point box) {
	for i, v := range c.Args {
		if mask := chosen(nr, i); mask != 0 {
			point = append(point, valueSet{i, mask, []uint64{v & mask}})
		}
	}
	return point
}

// cover returns boxes that together hold the values of the calls and no others, and
// that do not overlap. It joins boxes that differ in one argument, until none do; which
// argument comes first can matter, so it tries all and takes the fewest boxes.
func cover(nr uint32, calls []Call) []box {
	var points []box
	for _, c := range calls {
		points = append(points, pointOf(nr, c))
	}
	slices.SortFunc(points, compareBoxes)
	points = slices.CompactFunc(points, func(a, b box) bool { return compareBoxes(a, b) == 0 })
	var best []box
	for first := range points[0] {
		boxes := slices.Clone(points)
		for n := math.MaxInt; len(boxes) < n; {
			n = len(boxes)
			for i := range points[0] {
				boxes = joinAlong(boxes, (first+i)%len(points[0]))
			}
		}
		if best == nil || len(boxes) < len(best) {
			best = boxes
		}
	}
	slices.SortFunc(best, compareBoxes)
	return best
}

// joinAlong joins boxes that agree in all but one argument.
func joinAlong(boxes []box, along int) []box {
	if !boxes[0][along].whole() {
		return boxes
	}
	// Boxes that agree in the others become neighbours.
	others := func(b box) box { return slices.Concat(b[:along], b[along+1:]) }
	return fold(slices.Clone(boxes),
		func(a, b box) int { return compareBoxes(others(a), others(b)) },
		func(into *box, b box) {
			joined := slices.Clone(*into)
			values := slices.Concat(joined[along].values, b[along].values)
			slices.Sort(values)
			joined[along].values = values
			*into = joined
		})
}

func compareBoxes(a, b box) int {
	return slices.CompareFunc(a, b, func(s, t valueSet) int { return slices.Compare(s.values, t.values) })
}
