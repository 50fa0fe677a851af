// SPDX-License-Identifier: MIT

package bpfgen

// Reach finds for each of some rules of one call an input that it answers: reached
// tells which have any. ok is false beyond the limits of a diagram. A condition that
// compares with the process id is met by no input.
func Reach(rules []Rule) (inputs []Input, reached []bool, ok bool) {
	b := builder{}
	b.witnesses = make([]Input, len(rules))
	reached = make([]bool, len(rules))
	_, ok = b.diagram(rules, 0, reached)
	return b.witnesses, reached, ok
}

// witness returns an input for the tests on the way to here.
func (d *diagram) witness() (in Input) {
	for word := range uint8(nrWord) {
		var ranges []maskedRange
		for _, k := range d.b.trail {
			if v := d.boxes.vars[k.v]; v.word == word && !v.self {
				ranges = append(ranges, maskedRange{v.mask, k.in})
			}
		}
		t := newSettler(ranges)
		t.settle(31, t.allEdges())
		in.set(word, t.value)
	}
	return in
}
