// SPDX-License-Identifier: MIT

package sysargs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// parse reads the value of an argument of this kind: numbers and constants, and the
// register behind them as format writes it.
func (k *kind) parse(text string) (uint64, error) {
	text, whole, wide := strings.Cut(text, register)
	v, err := k.union(text)
	if err != nil { // what decides is not given: anything that it may be
		for _, c := range k.cases {
			if v, err := c.kind.union(text); err == nil {
				return v, nil
			}
		}
	}
	if err != nil || !wide {
		return v, err
	}
	r, err := parseNumber(strings.TrimSuffix(whole, ")"))
	if err != nil {
		return 0, err
	}
	if (r^v)&k.mask() != 0 {
		return 0, fmt.Errorf("%s is not what the register %#x holds", text, r)
	}
	return r, nil
}

// union reads values joined by |. Two names of one field exclude each other:
// O_RDONLY|O_RDWR is no third access mode.
func (k *kind) union(text string) (uint64, error) {
	parts := strings.Split(text, "|")
	if len(parts) > 1 && k.class != flags {
		return 0, fmt.Errorf("%s: it is one value, not flags", text)
	}
	var sum, named uint64
	var first string
	for _, part := range parts {
		part = strings.TrimSpace(part)
		v, mask, err := k.single(part)
		if err != nil {
			return 0, err
		}
		if named&mask != 0 {
			return 0, fmt.Errorf("%s and %s exclude each other", first, part)
		}
		if mask != 0 && named == 0 {
			first = part
		}
		sum, named = sum|v, named|mask
	}
	return sum, nil
}

// single reads one number or constant; mask is the field that the constant is of.
func (k *kind) single(word string) (v, mask uint64, err error) {
	if word == "" {
		return 0, 0, fmt.Errorf("a value is missing")
	}
	if isNumber(word) {
		v, err = parseNumber(word)
		return v, 0, err
	}
	if k.class == pointer && word == "NULL" {
		return 0, 0, nil
	}
	if c, mask, ok := k.lookup(word); ok {
		return k.extend(c.v), mask, nil
	}
	return 0, 0, k.unknown(word)
}

func (k *kind) lookup(word string) (c value, mask uint64, ok bool) {
	for _, f := range k.fields {
		if i := indexValue(f.values, word); i >= 0 {
			return f.values[i], f.mask, true
		}
	}
	for _, values := range [][]value{k.exact, k.values} {
		if i := indexValue(values, word); i >= 0 {
			return values[i], 0, true
		}
	}
	return value{}, 0, false
}

func indexValue(values []value, word string) int {
	return slices.IndexFunc(values, func(c value) bool { return c.name == word })
}

// unknown is the error for a word that is no constant of this kind.
func (k *kind) unknown(word string) error {
	known := k.constants()
	if len(known) == 0 {
		return fmt.Errorf("%q is not a number", word)
	}
	if near := nearest(word, known); len(near) > 0 {
		return fmt.Errorf("%q is not known: did you mean %s?", word, strings.Join(near, " or "))
	}
	if len(known) > maxShown {
		return fmt.Errorf("%q is not known; known are %s and others", word, strings.Join(known[:maxShown], ", "))
	}
	return fmt.Errorf("%q is not known; known are %s", word, strings.Join(known, ", "))
}

const maxShown = 6

// constants lists the names that the kind knows.
func (k *kind) constants() []string {
	var list []string
	add := func(values []value) {
		for _, c := range values {
			if !isNumber(c.name) {
				list = append(list, c.name)
			}
		}
	}
	for _, f := range k.fields {
		add(f.values)
	}
	add(k.exact)
	add(k.values)
	for _, c := range k.cases {
		list = append(list, c.kind.constants()...)
	}
	return list
}

// nearest returns up to three names that are as near to word as any, if they are
// near enough to be meant.
func nearest(word string, known []string) []string {
	if len(word) > maxWord {
		return nil
	}
	word = strings.ToUpper(word)
	for _, name := range known { // the prefix left out
		if len(word) > 2 && strings.HasSuffix(name, word) {
			return []string{name}
		}
	}
	best, near := len(word)/3+1, []string(nil)
	for _, name := range known {
		d := distance(word, strings.ToUpper(name))
		if d < best {
			best, near = d, nil
		}
		if d == best && len(near) < 3 && !slices.Contains(near, name) {
			near = append(near, name)
		}
	}
	return near
}

const maxWord = 64 // longer words are not meant as any constant

// distance is how many characters to insert, delete or replace to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j]+1, row[j+1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

func isNumber(word string) bool {
	word = strings.TrimPrefix(word, "-")
	return word != "" && word[0] >= '0' && word[0] <= '9'
}

// parseNumber reads a decimal, hex or octal number; a negative one fills the register.
func parseNumber(word string) (uint64, error) {
	digits, negative := strings.CutPrefix(word, "-")
	v, err := strconv.ParseUint(digits, 0, 64)
	switch {
	case err != nil || negative && v > 1<<63:
		return 0, fmt.Errorf("%q is not a number of 64 bits", word)
	case negative:
		return -v, nil
	}
	return v, nil
}
