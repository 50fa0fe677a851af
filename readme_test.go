// SPDX-License-Identifier: MIT

package sandbox

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// The table of policies in README.md is made here: go test -run TestReadmePolicies -update .
func TestReadmePolicies(t *testing.T) {
	const begin, end = "<!-- policies: go test -run TestReadmePolicies -update . -->\n", "<!-- end of policies -->\n"
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	now, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("README.md has lost its marks")
	}
	want := policyTable()
	if *update {
		if err := os.WriteFile("README.md", []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if now != want {
		t.Errorf("README.md has another table than\n%s", want)
	}
}

// policyTable has a policy per row: its calls on one thread and on the process, the
// runtime's share included, and the groups for node code that it holds.
func policyTable() string {
	var b strings.Builder
	b.WriteString("| policy | calls on a thread | on the process | groups |\n| --- | ---: | ---: | --- |\n")
	for _, p := range Policies() {
		var held []string
		for _, g := range nodeGroups {
			if slices.Contains(p.Groups(), g.name) {
				held = append(held, g.name)
			}
		}
		if p == PolicyInitialization {
			held = []string{"all of Bitcoin Core's, and every one below"}
		}
		fmt.Fprintf(&b, "| `%s` | %d | %d | %s |\n", builtinVariable(p), p.count(ScopeThread), p.count(ScopeProcess), strings.Join(held, ", "))
	}
	return b.String()
}

func (p SyscallSandboxPolicy) count(s Scope) (n int) {
	for range p.permitted(s).union(p.partly(s)).all {
		n++
	}
	return n
}
