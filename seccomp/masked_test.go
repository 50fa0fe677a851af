// SPDX-License-Identifier: MIT

package seccomp

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Exactly one of the masks is met where the condition holds, none where it does not.
func TestMasks(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 4000 {
		arg, limit := Arg32(3), uint64(math.MaxUint32)
		if rng.IntN(2) == 0 {
			arg, limit = Arg64(3), math.MaxUint64
		}
		// Few values, so that they meet, and the ends of the range.
		value := func() uint64 {
			v := [...]uint64{0, 1, 2, 3, 7, 8, 1 << 31, 1<<32 - 1, 1 << 32, 1<<63 - 1, 1 << 63, limit - 1, limit, rng.Uint64()}[rng.IntN(14)]
			return v & limit
		}
		lo, hi := value(), value()
		if lo > hi {
			lo, hi = hi, lo
		}
		mask := value()
		unlike := arg.Masked(mask, lo&mask)
		unlike.c.Not = true // "arg & mask != value", which ParseCond reads
		for _, c := range []Cond{
			arg.Is(lo, hi, mask), arg.Not(lo, hi, mask), arg.Less(lo), arg.LessOrEqual(lo), arg.Greater(hi), arg.GreaterOrEqual(hi),
			arg.Between(lo, hi), arg.Masked(mask, lo&mask), arg.Only(mask), unlike,
		} {
			checkMasks(t, c, []uint64{lo, hi, lo - 1, lo + 1, hi - 1, hi + 1, mask, ^mask, 0, limit, lo ^ 1<<63, rng.Uint64(), value()})
		}
	}
}

func checkMasks(t *testing.T, c Cond, values []uint64) {
	t.Helper()
	index, any, ok := c.Masks()
	if !ok {
		if c.mistake() == "" {
			t.Fatalf("%s has no masks", c)
		}
		return
	}
	for _, v := range values {
		var call Call
		call.Args[index] = v
		met := 0
		for _, m := range any {
			if v&m.Mask == m.Value {
				met++
			}
		}
		if want := c.holds(&call); met > 1 || (met == 1) != want {
			t.Fatalf("%s: %#x meets %d of %x, the condition: %v", c, v, met, any, want)
		}
	}
}

func TestMasksOfWhatHasNone(t *testing.T) {
	for _, c := range []Cond{Arg32(0).IsSelf(), UnsafeIP().Is(1), Arg32(7).Is(1), Arg32(0).Is()} {
		if _, _, ok := c.Masks(); ok {
			t.Errorf("%s has masks", c)
		}
	}
}
