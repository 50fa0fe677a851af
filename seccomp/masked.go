// SPDX-License-Identifier: MIT

package seccomp

import (
	"math/bits"
	"slices"

	"github.com/syscall-sandbox/sandbox/internal/bpfgen"
)

// A MaskedValue is met by an argument v if v & Mask == Value.
type MaskedValue struct{ Mask, Value uint64 }

// Masks returns the argument that the condition is about and comparisons of its whole
// register, any of which is met exactly where the condition holds; no two are met by the
// same value. It is for formats that know no other comparison that is safe. ok is false
// for [UnsafeIP] and for IsSelf, which has no value yet: see [Filter.ForPID].
func (c Cond) Masks() (arg int, any []MaskedValue, ok bool) {
	if c.c.IP || c.c.Op == bpfgen.Self || c.mistake() != "" {
		return 0, nil, false
	}
	limit := Arg{wide: c.c.Wide}.max()
	switch {
	case c.c.Op == bpfgen.Masked && !c.c.Not:
		any = []MaskedValue{{c.c.A, c.c.B}}
	case c.c.Op == bpfgen.Masked:
		any = unequal(c.c.A, c.c.B)
	default:
		for _, r := range c.ranges(limit) {
			any = append(any, aligned(r[0], r[1], limit)...)
		}
	}
	return c.c.Arg, any, true
}

// ranges are the values for which a comparison without mask holds, as first and last.
func (c Cond) ranges(limit uint64) (holds [][2]uint64) {
	if c.c.Op == bpfgen.Between {
		holds = [][2]uint64{{c.c.A, c.c.B}}
	} else {
		values := slices.Clone(c.c.Values)
		slices.Sort(values)
		for _, v := range slices.Compact(values) {
			holds = append(holds, [2]uint64{v, v})
		}
	}
	if !c.c.Not {
		return holds
	}
	next, rest := uint64(0), [][2]uint64(nil)
	for _, r := range holds {
		if r[0] > next {
			rest = append(rest, [2]uint64{next, r[0] - 1})
		}
		if r[1] == limit {
			return rest
		}
		next = r[1] + 1
	}
	return append(rest, [2]uint64{next, limit})
}

// aligned cuts lo..hi into blocks whose values have their upper bits in common.
func aligned(lo, hi, limit uint64) (blocks []MaskedValue) {
	for {
		size := bits.TrailingZeros64(lo) // of the largest block that begins at lo, as a power of 2
		for size > 0 && (size > bits.Len64(limit) || hi-lo < 1<<size-1) {
			size--
		}
		last := lo + (1<<size - 1)
		blocks = append(blocks, MaskedValue{limit &^ (1<<size - 1), lo})
		if last == hi {
			return blocks
		}
		lo = last + 1
	}
}

// unequal is v & mask != value: the bits of the mask agree down to one that does not.
func unequal(mask, value uint64) (any []MaskedValue) {
	var above uint64
	for rest := mask; rest != 0; {
		bit := uint64(1) << (bits.Len64(rest) - 1)
		any = append(any, MaskedValue{above | bit, value&above | ^value&bit})
		above |= bit
		rest &^= bit
	}
	return any
}
