// SPDX-License-Identifier: MIT

package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// groupsOf are the groups that an engine's policy holds.
func groupsOf(t testing.TB, e engine) (held []group) {
	t.Helper()
	for _, g := range groups {
		if !slices.ContainsFunc(g.entries(t), func(n entry) bool { return !holds(t, e.policy, n) }) {
			held = append(held, g)
		}
	}
	return held
}

// TestGroups takes each group from each engine that has it: the engine is refused one
// of the group's calls.
func TestGroups(t *testing.T) {
	for _, e := range engines {
		for _, g := range groupsOf(t, e) {
			t.Run(e.name+" "+g.name, func(t *testing.T) {
				less := g.entries(t)
				a := &attempt{TB: t}
				use(a, e, without(t, e.policy, less...))
				if call := a.refused(); !a.answered() && !slices.ContainsFunc(less, func(n entry) bool { return n.call == call }) {
					t.Errorf("without %s %s is refused %q\n%s", g.name, e.name, call, a.text.String())
				}
			})
		}
	}
}

// The table in README.md says how each policy is built.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for _, e := range engines {
		var code strings.Builder
		for _, g := range groupsOf(t, e) {
			code.WriteString(".Allow" + g.name + "()")
		}
		i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "| `"+e.name+"` |") })
		if i < 0 || !strings.Contains(lines[i], "`"+code.String()) {
			t.Errorf("README.md has no line for %s with `%s`", e.name, code.String())
		}
	}
}
