// SPDX-License-Identifier: MIT

package bpfgen

// Reach finds for each of some rules of one call arguments that it answers: reached
// tells which have any. ok is false beyond the limits of a diagram. A condition that
// compares with the process id is met by no arguments.
func Reach(rules []Rule) (args [][6]uint64, reached []bool, ok bool) {
	b := builder{}
	b.witnesses = make([][6]uint64, len(rules))
	reached = make([]bool, len(rules))
	_, ok = b.diagram(rules, 0, reached)
	return b.witnesses, reached, ok
}

// witness returns arguments for the tests on the way to here.
func (d *diagram) witness() (args [6]uint64) {
	for word := range uint8(12) {
		var ranges []maskedRange
		for _, k := range d.b.trail {
			if v := d.boxes.vars[k.v]; v.word == word && !v.self {
				ranges = append(ranges, maskedRange{v.mask, k.in})
			}
		}
		t := newSettler(ranges)
		t.settle(31, t.allEdges())
		args[word/2] |= uint64(t.value) << (32 * (word % 2))
	}
	return args
}
