// SPDX-License-Identifier: MIT

package bpfgen

import (
	"math/rand/v2"
	"testing"
)

// highBits against all values, for all masks and limits of six bits, also where they are
// not the lowest.
func TestHighBits(t *testing.T) {
	found := 0
	for _, shift := range []int{0, 3, 26} {
		for mask := range uint32(64) {
			for lo := uint32(1); lo < 64; lo++ {
				set, ok := highBits(mask<<shift, lo<<shift)
				if !ok {
					continue
				}
				found++
				for x := range uint32(64) {
					if got, want := x<<shift&set != 0, x&mask >= lo; got != want {
						t.Fatalf("mask %#x, %#x and above: bits %#x are wrong for %#x", mask<<shift, lo<<shift, set, x<<shift)
					}
				}
			}
		}
	}
	if found < 1000 {
		t.Errorf("found for %d only", found)
	}
}

// The settler against all values of six bits: whether there is one that is in all ranges,
// and that the one it names is.
func TestSettler(t *testing.T) {
	r := rand.New(rand.NewPCG(12, 4)) // a memo that forgets the bit fails early
	possible := 0
	const count = 40_000
	for i := range count {
		shift := []int{0, 7, 26}[r.IntN(3)]
		var ranges []maskedRange
		n := 4 // where most depends on the way to a bit
		if i >= count/2 {
			n = 1 + r.IntN(6)
		}
		for range n {
			lo, hi := r.Uint32N(64), r.Uint32N(64)
			ranges = append(ranges, maskedRange{r.Uint32N(64) << shift, interval{min(lo, hi) << shift, max(lo, hi)<<shift | (1<<shift - 1)}})
		}
		fits := func(x uint32) bool {
			for _, m := range ranges {
				if v := x & m.mask; v < m.in.lo || v > m.in.hi {
					return false
				}
			}
			return true
		}
		want := false
		for x := range uint32(64) {
			want = want || fits(x<<shift)
		}
		s := newSettler(ranges)
		got := s.settle(31, s.allEdges())
		if got != want || got && !fits(s.value) {
			t.Fatalf("%+v: %v, by %#x; want %v", ranges, got, s.value, want)
		}
		if got {
			possible++
		}
	}
	if possible < count/20 || possible > count*9/10 {
		t.Errorf("%d of %d are possible: the sample tells little", possible, count)
	}
}
