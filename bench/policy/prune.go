// SPDX-License-Identifier: MIT

package policy

// Pruned returns the conjunctions of a rule without those that cannot hold and those
// that hold only where another one does: package seccomp refuses rules that are
// void. What a union of several others covers stays.
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
