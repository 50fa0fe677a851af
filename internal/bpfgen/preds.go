// SPDX-License-Identifier: MIT

package bpfgen

import (
	"math"
	"slices"
)

// BPF loads 32-bit words, so conditions are taken apart into predicates on
// variables: the lower or upper word of an argument or of the instruction pointer, as
// it is or masked. A predicate says that the variable lies in one of some intervals. A condition becomes
// alternatives, each a conjunction of predicates:
//
//	v == 0x100000005       lower in [5,5] and upper in [1,1]
//	v <= 0x100000005       upper in [0,0], or lower in [0,5] and upper in [1,1]
//	v & 0xf == 2           lower&0xf in [2,2]
//
// The lower word comes first where the order is free: it tells more values apart,
// and what is left, "the upper word is 0", is an end that many calls share.

// A variable is what a test compares: a word of the call under a mask.
type variable struct {
	word uint8  // 2*argument, or ipWord; +1 for the upper half; or nrWord
	self bool   // compared with the process id: 0 if different
	mask uint32 // all ones but for Masked conditions
}

func (v variable) full() bool { return v.mask == math.MaxUint32 && !v.self }

// An interval is closed.
type interval struct{ lo, hi uint32 }

// A pred holds if the variable lies in one of the intervals, which are ascending,
// disjoint and not adjacent.
type pred struct {
	v  variable
	in []interval
}

// An alternative is a conjunction of predicates, at most one per variable.
type alternative []pred

var everything = interval{0, math.MaxUint32}

var always = []interval{everything}

// A splitter takes conditions apart. Its results are slices of its memory, which
// is used again after reset.
type splitter struct {
	intervals []interval
	preds     []pred
	alts      []alternative
	values    []uint64
}

func (s *splitter) reset() {
	s.intervals, s.preds, s.alts = s.intervals[:0], s.preds[:0], s.alts[:0]
}

// split returns a condition's alternatives. None: it never holds; one that is
// empty: it always does.
func (s *splitter) split(c *Cond) []alternative {
	from := len(s.alts)
	lower := variable{word: c.word(), mask: math.MaxUint32}
	upper := variable{word: c.word() + 1, mask: math.MaxUint32}
	switch c.Op {
	case Masked:
		s.masked(c, lower, upper)
	case Self:
		s.self(c, lower, upper)
	case Between:
		s.between(c, lower, upper)
	default:
		s.in(c, lower, upper)
	}
	return s.alts[from:len(s.alts):len(s.alts)]
}

// either appends an alternative. A predicate that always holds is left out; one
// that never does, and the alternative with it.
func (s *splitter) either(ps ...pred) {
	from := len(s.preds)
	for _, p := range ps {
		if len(p.in) == 0 {
			s.preds = s.preds[:from]
			return
		}
		if p.in[0] != everything {
			s.preds = append(s.preds, p)
		}
	}
	s.alts = append(s.alts, s.preds[from:len(s.preds):len(s.preds)])
}

// interval is a list of one.
func (s *splitter) interval(lo, hi uint32) []interval {
	from := len(s.intervals)
	s.intervals = append(s.intervals, interval{lo, hi})
	return s.intervals[from : from+1 : from+1]
}

func (s *splitter) in(c *Cond, lower, upper variable) {
	values := append(s.values[:0], c.Values...)
	s.values = values
	if !c.Wide {
		for i := range values {
			values[i] &= math.MaxUint32
		}
	}
	slices.Sort(values)
	if !c.Wide {
		s.either(pred{lower, s.invert(c.Not, s.points(values))})
		return
	}
	rest := always // upper words that no value has
	for len(values) > 0 {
		n := 1
		for n < len(values) && values[n]>>32 == values[0]>>32 {
			n++
		}
		up := uint32(values[0] >> 32)
		s.either(pred{lower, s.invert(c.Not, s.points(values[:n]))}, pred{upper, s.interval(up, up)})
		if c.Not {
			rest = s.intersect(rest, s.invert(true, s.interval(up, up)))
		}
		values = values[n:]
	}
	if c.Not {
		s.either(pred{upper, rest})
	}
}

func (s *splitter) between(c *Cond, lower, upper variable) {
	switch {
	case !c.Wide && c.A > min(c.B, math.MaxUint32):
		s.either(pred{lower, s.invert(c.Not, nil)})
	case !c.Wide:
		s.either(pred{lower, s.invert(c.Not, s.interval(uint32(c.A), uint32(min(c.B, math.MaxUint32))))})
	case !c.Not:
		s.wideRange(lower, upper, c.A, c.B)
	case c.A > c.B:
		s.either()
	default:
		if c.A > 0 {
			s.wideRange(lower, upper, 0, c.A-1)
		}
		if c.B < math.MaxUint64 {
			s.wideRange(lower, upper, c.B+1, math.MaxUint64)
		}
	}
}

// wideRange is lo <= value <= hi on both words.
func (s *splitter) wideRange(lower, upper variable, lo, hi uint64) {
	if lo > hi {
		return
	}
	ul, uh := uint32(lo>>32), uint32(hi>>32)
	ll, lh := uint32(lo), uint32(hi)
	if ul == uh {
		s.either(pred{lower, s.interval(ll, lh)}, pred{upper, s.interval(ul, ul)})
		return
	}
	first, last := uint64(ul), uint64(uh) // upper words for which every lower word is in the range
	if ll > 0 {
		s.either(pred{lower, s.interval(ll, math.MaxUint32)}, pred{upper, s.interval(ul, ul)})
		first++
	}
	if lh < math.MaxUint32 {
		s.either(pred{lower, s.interval(0, lh)}, pred{upper, s.interval(uh, uh)})
		last-- // uh > ul, so it does not wrap
	}
	if first <= last {
		s.either(pred{upper, s.interval(uint32(first), uint32(last))})
	}
}

func (s *splitter) masked(c *Cond, lower, upper variable) {
	lower.mask, upper.mask = uint32(c.A), uint32(c.A>>32)
	low := pred{lower, s.masks(lower.mask, uint32(c.B))}
	up := pred{upper, always}
	if c.Wide {
		up.in = s.masks(upper.mask, uint32(c.B>>32))
	}
	if !c.Not {
		s.either(low, up)
		return
	}
	s.either(pred{lower, s.invert(true, low.in)})
	s.either(pred{upper, s.invert(true, up.in)})
}

// masks are the masked values equal to want.
func (s *splitter) masks(mask, want uint32) []interval {
	switch {
	case want&^mask != 0:
		return nil
	case mask == 0:
		return always
	}
	return s.interval(want, want)
}

func (s *splitter) self(c *Cond, lower, upper variable) {
	lower.self = true
	switch {
	case c.Not:
		s.either(pred{lower, s.interval(0, 0)})
		if c.Wide {
			s.either(pred{upper, s.interval(1, math.MaxUint32)})
		}
	case c.Wide:
		s.either(pred{lower, s.interval(1, math.MaxUint32)}, pred{upper, s.interval(0, 0)})
	default:
		s.either(pred{lower, s.interval(1, math.MaxUint32)})
	}
}

// points are intervals for ascending values, of which only the lower words count.
func (s *splitter) points(values []uint64) []interval {
	from := len(s.intervals)
	for _, v := range values {
		w := uint32(v)
		n := len(s.intervals)
		switch {
		case n > from && w <= s.intervals[n-1].hi:
		case n > from && w == s.intervals[n-1].hi+1:
			s.intervals[n-1].hi = w
		default:
			s.intervals = append(s.intervals, interval{w, w})
		}
	}
	return s.intervals[from:len(s.intervals):len(s.intervals)]
}

// invert returns what in leaves out, if not is set.
func (s *splitter) invert(not bool, in []interval) []interval {
	if !not {
		return in
	}
	from := len(s.intervals)
	next := uint64(0)
	for _, i := range in {
		if uint64(i.lo) > next {
			s.intervals = append(s.intervals, interval{uint32(next), i.lo - 1})
		}
		next = uint64(i.hi) + 1
	}
	if next <= math.MaxUint32 {
		s.intervals = append(s.intervals, interval{uint32(next), math.MaxUint32})
	}
	return s.intervals[from:len(s.intervals):len(s.intervals)]
}

// intersect returns what is in both.
func (s *splitter) intersect(a, b []interval) []interval {
	from := len(s.intervals)
	for len(a) > 0 && len(b) > 0 {
		lo, hi := max(a[0].lo, b[0].lo), min(a[0].hi, b[0].hi)
		if lo <= hi {
			s.intervals = append(s.intervals, interval{lo, hi})
		}
		if a[0].hi < b[0].hi {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return s.intervals[from:len(s.intervals):len(s.intervals)]
}
