// SPDX-License-Identifier: MIT

package policy

import (
	"fmt"
	"slices"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// An alternative is a conjunction for this library's compiler: conditions, and one
// argument that has one of some values, if there are any.
type alternative struct {
	conds  []Cond
	arg    int
	values []uint64
}

// Up to few conjunctions go to the compiler as they are, so that what is measured
// is the compiler. Beyond a few hundred it tests one after the other: there
// a program that could hold all might be too long, so they are prepared as a user of
// the library would write them. Pruning takes the square of their number in time.
const few, pruned = 64, 2000

// alternatives are the conjunctions that can hold. There can be none.
func (r Rule) alternatives() []alternative {
	possible := Rule{}
	for _, conj := range r.Any {
		if _, ok := Witness(conj); ok {
			possible.Any = append(possible.Any, conj)
		}
	}
	n := len(possible.Any)
	if n <= pruned && n > few {
		possible.Any = possible.Pruned()
	}
	if n > few {
		return possible.gathered()
	}
	var all []alternative
	for _, conj := range possible.Any {
		all = append(all, alternative{conds: conj})
	}
	return all
}

// gathered puts conjunctions that differ in one compared value only into one, by the
// argument for which that leaves the fewest.
func (r Rule) gathered() []alternative {
	best := r.gatheredBy(0)
	for arg := 1; arg < abi.NumArgs; arg++ {
		if some := r.gatheredBy(arg); len(some) < len(best) {
			best = some
		}
	}
	return best
}

func (r Rule) gatheredBy(arg int) (all []alternative) {
	index := make(map[string]int)
	for _, conj := range r.Any {
		i := slices.IndexFunc(conj, func(c Cond) bool { return c.Arg == arg && c.Op == "eq" })
		if i < 0 {
			all = append(all, alternative{conds: conj})
			continue
		}
		rest := slices.Concat(conj[:i], conj[i+1:])
		key := fmt.Sprint(rest)
		at, ok := index[key]
		if !ok {
			at = len(all)
			index[key] = at
			all = append(all, alternative{conds: rest, arg: arg})
		}
		all[at].values = append(all[at].values, uint64(conj[i].Value))
	}
	return all
}

// Pruned returns the conjunctions of a rule without those that cannot hold and those
// that hold only where another one does. What a union of several others covers
// stays.
func (r Rule) Pruned() [][]Cond {
	var kept [][]Cond
	for i, a := range r.Any {
		if _, ok := Witness(a); ok && !r.covered(i) {
			kept = append(kept, a)
		}
	}
	return kept
}

// covered reports whether another conjunction holds wherever conjunction i does; of
// equal ones the first stays.
func (r Rule) covered(i int) bool {
	for k, b := range r.Any {
		if k != i && implies(r.Any[i], b) && (k < i || !implies(b, r.Any[i])) {
			return true
		}
	}
	return false
}

// implies is exact: a implies b if a cannot hold together with the opposite of
// any condition of b.
func implies(a, b []Cond) bool {
	for _, c := range b {
		for _, opposite := range c.opposites() {
			if _, ok := Witness(append(a[:len(a):len(a)], opposite)); ok {
				return false
			}
		}
	}
	return true
}

// opposites returns conditions of which at least one holds exactly where c does not.
func (c Cond) opposites() []Cond {
	not := map[string]string{"eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt"}
	if op, ok := not[c.Op]; ok {
		c.Op = op
		return []Cond{c}
	}
	if c.Value&^c.Mask != 0 {
		return []Cond{{Arg: c.Arg, Op: "ge"}} // c never holds
	}
	var some []Cond
	for m := c.Mask; m != 0; m &= m - 1 {
		bit := m & -m
		some = append(some, Cond{Arg: c.Arg, Op: "masked_eq", Mask: bit, Value: bit &^ c.Value})
	}
	return some
}
