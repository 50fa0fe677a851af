// SPDX-License-Identifier: MIT

package policy

import (
	"math"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// Witness returns the smallest arguments for which a conjunction holds; arguments
// that it does not look at are 0. It returns false if there are none.
func Witness(conj []Cond) (args [abi.NumArgs]uint64, ok bool) {
	for i := range args {
		if args[i], ok = witness(conj, i); !ok {
			return args, false
		}
	}
	return args, true
}

// witness solves the conditions on one argument: an interval, a set of fixed
// bits and values that are taken out.
func witness(conj []Cond, arg int) (uint64, bool) {
	lo, hi := uint64(0), uint64(math.MaxUint64)
	var mask, bits uint64
	not := make(map[uint64]bool)
	for _, c := range conj {
		v := uint64(c.Value)
		switch {
		case c.Arg != arg:
		case c.Op == "ne":
			not[v] = true
		case c.Op == "masked_eq":
			m := uint64(c.Mask)
			if v&^m != 0 || bits&mask&m != v&mask&m {
				return 0, false
			}
			mask, bits = mask|m, bits|v
		case c.Op == "gt" && v == math.MaxUint64, c.Op == "lt" && v == 0:
			return 0, false
		case c.Op == "gt":
			lo = max(lo, v+1)
		case c.Op == "ge":
			lo = max(lo, v)
		case c.Op == "lt":
			hi = min(hi, v-1)
		case c.Op == "le":
			hi = min(hi, v)
		case c.Op == "eq":
			lo, hi = max(lo, v), min(hi, v)
		}
	}
	// At most len(not)+1 rounds: every round that does not end takes one of not.
	for {
		x, ok := atLeast(lo, mask, bits)
		if !ok || x > hi {
			return 0, false
		}
		if !not[x] {
			return x, true
		}
		if x == math.MaxUint64 {
			return 0, false
		}
		lo = x + 1
	}
}

// atLeast returns the smallest x >= lo with x&mask == bits.
func atLeast(lo, mask, bits uint64) (uint64, bool) {
	if lo&mask == bits {
		return lo, true
	}
	// x equals lo above some bit i, has 1 there where lo has 0, and is as small
	// as the fixed bits let it be below. The lowest such i is the smallest x.
	for i := range 64 {
		b := uint64(1) << i
		above := ^(b<<1 - 1)
		if lo&b == 0 && (mask&b == 0 || bits&b != 0) && lo&above&mask == bits&above {
			return lo&above | b | bits&(b-1), true
		}
	}
	return 0, false
}
