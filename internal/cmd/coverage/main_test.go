// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"strings"
	"testing"
)

const source = `package p

func (a *A[T]) F() {
	g()
	if b {
		h()
	}
}

var v = func() {
	g()
}
`

// Two test binaries ran parts of the same file.
const profiles = `mode: atomic
m/p/a.go:3.20,5.7 2 1
m/p/a.go:5.7,7.3 1 0
m/p/a.go:10.16,12.2 1 0
mode: atomic
m/p/a.go:3.20,5.7 2 0
m/p/a.go:5.7,7.3 1 7
m/p/a.go:10.16,12.2 1 0
`

func read(string) ([]byte, error) { return []byte(source), nil }

func TestCoverage(t *testing.T) {
	blocks := map[block]bool{}
	if err := readProfile(blocks, profiles, "m/"); err != nil {
		t.Fatal(err)
	}
	for exempt, want := range map[string]struct{ text, err string }{
		"":                     {" 75.0%  p\n", "p has 75.0%, less than 90%"},
		"# p/a.go:v comment":   {" 75.0%  p\n", "less than"},
		"p/a.go:v not here":    {"100.0%  p (1 of 4 statements are exempt)\n", ""},
		"p/a.go all of it":     {"100.0%  p (4 of 4 statements are exempt)\n", ""},
		"p/a.go:v":             {"100.0%  p (1 of 4", "exempt without a reason"},
		"p/a.go:A.F why":       {"  0.0%  p (3 of 4", "nothing of it was left out"},
		"p/b.go there is none": {" 75.0%  p\n", "nothing of it was left out"},
	} {
		s, err := sum(blocks, readExempt(exempt), read)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		err = s.print(&b, 90)
		if err == nil {
			err = errors.New("")
		}
		if !strings.HasPrefix(b.String(), want.text) || !strings.Contains(err.Error(), want.err) || (want.err == "") != (err.Error() == "") {
			t.Errorf("%q: %q, %v", exempt, b.String(), err)
		}
		if exempt == "" {
			b.Reset()
			if s.printMissed(&b); b.String() != "   1 of 1    p/a.go:v\n" {
				t.Errorf("missed: %q", b.String())
			}
		}
	}
	if err := readProfile(blocks, "m/p/a.go:3.20,5.7 two 1\n", "m/"); err == nil {
		t.Error("a broken profile is read")
	}
	if s, err := sum(nil, nil, read); err != nil || s.print(&strings.Builder{}, 90) == nil {
		t.Error("no profile passes")
	}
}
