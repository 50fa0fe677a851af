// SPDX-License-Identifier: MIT

package export

import (
	"fmt"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A cube is what a profile's rule can say of the arguments of a call: each register,
// masked, has one value. A register that nothing is said of has mask 0.
//
// Profiles have comparisons for more, but libseccomp, which compiles them, merges
// comparisons of 64 bits wrong where rules of one call overlap, and takes one comparison
// of an argument per rule. So every condition becomes cubes, and those of rules with
// different actions do not overlap.
type cube [6]seccomp.MaskedValue

// maxCubes bounds what one call may become.
const maxCubes = 1024

// An answered cube is an entry of a profile.
type answered struct {
	cube
	rule seccomp.Rule // whose action it is
}

// errTooMany is for conditions that would fill the profile.
var errTooMany = fmt.Errorf("its conditions become more than %d comparisons", maxCubes)

// cubesOf turns the rules of a call, of which the first that matches answers, into cubes
// that need no order. Calls that no cube meets get the default.
func cubesOf(rules []seccomp.Rule, def seccomp.Action) ([]answered, error) {
	var all []answered
	for _, r := range rules {
		cubes, err := product(r.When)
		if err != nil {
			return nil, err
		}
		for _, earlier := range all {
			if earlier.rule.Action != r.Action {
				cubes = subtract(cubes, earlier.cube)
			}
			if len(all)+len(cubes) > maxCubes {
				return nil, errTooMany
			}
		}
		for _, c := range cubes {
			all = append(all, answered{c, r})
		}
	}
	entries := all[:0]
	for _, a := range all {
		if a.rule.Action != def {
			entries = append(entries, a)
		}
	}
	return entries, nil
}

// product are the cubes that meet all conditions.
func product(when []seccomp.Cond) ([]cube, error) {
	cubes := []cube{{}}
	for _, c := range when {
		arg, any, ok := c.Masks()
		if !ok {
			return nil, fmt.Errorf("no profile can hold the condition %s", c)
		}
		var next []cube
		for _, have := range cubes {
			for _, m := range any {
				if both, ok := have.with(arg, m); ok {
					next = append(next, both)
				}
			}
		}
		if cubes = next; len(cubes) > maxCubes {
			return nil, errTooMany
		}
	}
	return cubes, nil
}

// with is the cube narrowed by a comparison; ok is false if nothing is left.
func (c cube) with(arg int, m seccomp.MaskedValue) (cube, bool) {
	if both := c[arg].Mask & m.Mask; c[arg].Value&both != m.Value&both {
		return c, false
	}
	c[arg].Mask |= m.Mask
	c[arg].Value |= m.Value
	return c, true
}

// subtract takes a cube out of others.
func subtract(from []cube, out cube) (left []cube) {
	for _, c := range from {
		left = append(left, c.without(out)...)
	}
	return left
}

// without is the cube less another: one cube for each bit by which the other is narrower,
// in which the bits before agree and this one does not.
func (c cube) without(out cube) (left []cube) {
	rest := c
	for arg, m := range out {
		if both := rest[arg].Mask & m.Mask; rest[arg].Value&both != m.Value&both {
			return []cube{c} // they do not meet
		}
	}
	for arg, m := range out {
		for more := m.Mask &^ rest[arg].Mask; more != 0; more &= more - 1 {
			bit := more & -more
			other := rest
			other[arg].Mask |= bit
			other[arg].Value |= ^m.Value & bit
			left = append(left, other)
			rest[arg].Mask |= bit
			rest[arg].Value |= m.Value & bit
		}
	}
	return left
}
