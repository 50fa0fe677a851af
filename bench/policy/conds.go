// SPDX-License-Identifier: MIT

package policy

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// condsOf reads a condition as package seccomp writes it: see seccomp.ParseCond. It
// returns conjunctions of which at least one holds exactly where it does.
func condsOf(s string) ([][]Cond, error) {
	bad := fmt.Errorf("condition %q has no form here", s)
	name, formula, _ := strings.Cut(s, " ")
	name, narrow := strings.CutSuffix(name, ":32")
	arg, err := strconv.Atoi(strings.TrimPrefix(name, "arg"))
	if err != nil {
		return nil, bad
	}
	limit := uint64(math.MaxUint64)
	if narrow {
		limit = math.MaxUint32
	}
	if masked, ok := strings.CutPrefix(formula, "& "); ok {
		return maskedOf(arg, masked, bad)
	}
	ranges, ok := rangesOf(formula, limit)
	if !ok {
		return nil, bad
	}
	all := [][]Cond{}
	for _, r := range ranges {
		if narrow {
			all = append(all, prefixes(arg, r[0], r[1])...)
		} else {
			all = append(all, rangeOf(arg, r[0], r[1]))
		}
	}
	return all, nil
}

func maskedOf(arg int, s string, bad error) ([][]Cond, error) {
	var mask, value Number
	var op string
	if _, err := fmt.Sscanf(s, "0x%x %s 0x%x", &mask, &op, &value); err != nil || op != "==" && op != "!=" {
		return nil, bad
	}
	c := Cond{Arg: arg, Op: "masked_eq", Mask: mask, Value: value}
	if op == "==" {
		return [][]Cond{{c}}, nil
	}
	all := [][]Cond{}
	for _, c := range c.opposites() {
		all = append(all, []Cond{c})
	}
	return all, nil
}

// rangesOf returns the closed ranges of values for which a formula without a mask holds,
// in ascending order.
func rangesOf(formula string, limit uint64) (ranges [][2]uint64, ok bool) {
	op, operand, _ := strings.Cut(formula, " ")
	if not, cut := strings.CutPrefix(operand, "in "); cut && op == "not" {
		op, operand = "not in", not
	}
	lo, hi, closed := strings.Cut(strings.Trim(operand, "{}"), "..")
	if !closed {
		hi = lo
	}
	for i, text := range strings.Split(lo, ", ") {
		last := strings.Split(hi, ", ")[i]
		a, err := strconv.ParseUint(text, 0, 64)
		b, err2 := strconv.ParseUint(last, 0, 64)
		if err != nil || err2 != nil {
			return nil, false
		}
		ranges = append(ranges, [2]uint64{a, b})
	}
	first := ranges[0][0]
	switch op {
	case "==", "in":
		return ranges, true
	case "!=", "not in":
		return complement(ranges, limit), true
	case "<=":
		return [][2]uint64{{0, first}}, true
	case ">=":
		return [][2]uint64{{first, limit}}, true
	case "<":
		return complement([][2]uint64{{first, limit}}, limit), true
	case ">":
		return complement([][2]uint64{{0, first}}, limit), true
	}
	return nil, false
}

// complement returns the ranges up to limit that lie in none of the given ones.
func complement(ranges [][2]uint64, limit uint64) (rest [][2]uint64) {
	ranges = slices.Clone(ranges)
	slices.SortFunc(ranges, func(a, b [2]uint64) int { return slices.Compare(a[:], b[:]) })
	next := uint64(0)
	for _, r := range ranges {
		if r[0] > next {
			rest = append(rest, [2]uint64{next, r[0] - 1})
		}
		if r[1] >= limit {
			return rest
		}
		next = max(next, r[1]+1)
	}
	return append(rest, [2]uint64{next, limit})
}

func rangeOf(arg int, lo, hi uint64) []Cond {
	if lo == hi {
		return []Cond{{Arg: arg, Op: "eq", Value: Number(lo)}}
	}
	conj := []Cond{}
	if lo > 0 {
		conj = append(conj, Cond{Arg: arg, Op: "ge", Value: Number(lo)})
	}
	if hi < math.MaxUint64 {
		conj = append(conj, Cond{Arg: arg, Op: "le", Value: Number(hi)})
	}
	return conj
}

// prefixes covers a range of the lower 32 bits, which have no comparison of their own
// here, by blocks whose upper bits are the same.
func prefixes(arg int, lo, hi uint64) (all [][]Cond) {
	for lo <= hi {
		free := min(bits.TrailingZeros64(lo|1<<32), bits.Len64(hi-lo+1)-1)
		mask := uint64(math.MaxUint32) &^ (1<<free - 1)
		all = append(all, []Cond{{Arg: arg, Op: "masked_eq", Mask: Number(mask), Value: Number(lo)}})
		lo += 1 << free
	}
	return all
}
