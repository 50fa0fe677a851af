// SPDX-License-Identifier: MIT

package sandbox

import (
	"math/bits"

	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// callSet is a set of known syscall numbers. It is a value: assignment copies.
type callSet [8]uint64

// The table of numbers must fit; a newer x/sys that outgrows it does not compile.
const _ = uint(len(callSet{})*64 - 1 - sysno.Max)

func (s *callSet) add(nr uint32)     { s[nr/64] |= 1 << (nr % 64) }
func (s *callSet) remove(nr uint32)  { s[nr/64] &^= 1 << (nr % 64) }
func (s callSet) has(nr uint32) bool { return nr/64 < uint32(len(s)) && s[nr/64]>>(nr%64)&1 == 1 }

func (s callSet) union(t callSet) callSet {
	for i := range s {
		s[i] |= t[i]
	}
	return s
}

func (s callSet) intersect(t callSet) callSet {
	for i := range s {
		s[i] &= t[i]
	}
	return s
}

func (s callSet) minus(t callSet) callSet {
	for i := range s {
		s[i] &^= t[i]
	}
	return s
}

// all yields the numbers in ascending order.
func (s callSet) all(yield func(uint32) bool) {
	for i, word := range s {
		for word != 0 {
			nr := uint32(i*64 + bits.TrailingZeros64(word))
			word &= word - 1
			if !yield(nr) {
				return
			}
		}
	}
}
