// SPDX-License-Identifier: MIT

package main

import (
	"slices"
	"strings"
	"testing"
)

// A table fits a terminal and loses nothing.
func TestLayOut(t *testing.T) {
	s, err := load("initialization")
	if err != nil {
		t.Fatal(err)
	}
	f, err := s.filter("process")
	if err != nil {
		t.Fatal(err)
	}
	rows := permitted(f)
	var words []string
	for _, r := range rows {
		words = append(words, strings.Fields(r.Call+" "+r.If+" "+r.Share+" "+r.Reason)...)
	}
	for _, width := range []int{80, 100, 149, 150, 200} {
		table := newTable(nil, "table")
		layOut(table, rows, width)
		text := table.render()
		for line := range strings.Lines(text) {
			if len([]rune(line)) > width+1 {
				t.Errorf("width %d: %q", width, line)
			}
		}
		shown := strings.Fields(text)
		slices.Sort(shown)
		for _, word := range words {
			if _, ok := slices.BinarySearch(shown, word); !ok {
				t.Errorf("width %d: %q is lost", width, word)
			}
		}
	}
}
