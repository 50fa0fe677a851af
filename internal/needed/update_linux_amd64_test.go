// SPDX-License-Identifier: MIT

package needed

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/syscall-sandbox/sandbox"
)

// updateTable makes the table anew: old proofs that hold stay, others are looked for.
func updateTable(t *testing.T, all []class, table map[string]map[string]string) {
	t.Helper()
	fresh := maps.Clone(table) // of a class whose update fails the old proofs stay
	var mu sync.Mutex
	t.Run("update", func(t *testing.T) {
		for _, c := range all {
			known := preferred(c, table)
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				proofs := c.search(t, known)
				mu.Lock()
				defer mu.Unlock()
				fresh[c.name] = proofs
			})
		}
	})
	writeTable(t, all, fresh)
	clear(table)
	maps.Copy(table, fresh)
}

// preferred are the scenarios by which an entry was proved before, in this class and in others.
func preferred(c class, table map[string]map[string]string) map[string][]string {
	known := make(map[string][]string)
	add := func(proofs map[string]string) {
		for entry, proof := range proofs {
			if !isReason(proof) && !slices.Contains(known[entry], proof) {
				known[entry] = append(known[entry], proof)
			}
		}
	}
	add(table[c.name])
	for _, name := range slices.Sorted(maps.Keys(table)) {
		add(table[name])
	}
	return known
}

// search finds a proof for each entry.
func (c class) search(t *testing.T, known map[string][]string) map[string]string {
	passing := make(map[string]bool)
	for name, s := range allScenarios() {
		if s.whole && c.Scope == sandbox.ScopeThread || s.asks && c.Policy == nothing.String() {
			continue
		}
		if broken, _ := c.trial("", s).run(t); broken == "" {
			passing[name] = true
		}
	}
	t.Logf("%s lets %d scenarios pass", c.name, len(passing))
	proofs := make(map[string]string)
	for _, entry := range c.entries {
		proofs[entry] = c.prove(t, entry, known[entry], passing)
		t.Logf("%s: %s: %s", c.name, entry, proofs[entry])
	}
	return proofs
}

func (c class) prove(t *testing.T, entry string, known []string, passing map[string]bool) string {
	call, _, _ := strings.Cut(entry, " ")
	if c.Policy == nothing.String() {
		passing = maps.Clone(passing)
		maps.DeleteFunc(passing, func(name string, _ bool) bool { return allScenarios()[name].makes(call) })
	}
	breaks := func(name string) bool {
		broken, _ := c.trial(entry, allScenarios()[name]).run(t)
		return broken != ""
	}
	for _, proof := range known {
		name, here := runsHere(proof)
		if !here && c.reason(entry) == proof || here && passing[name] && breaks(name) {
			return proof
		}
	}
	together, alone := split(passing)
	for len(together) > 0 {
		broken, _ := trial{subject: c.subject, Without: entry, Scenarios: together}.run(t)
		if broken == "" {
			break
		}
		if breaks(broken) {
			return broken
		}
		together = together[slices.Index(together, broken)+1:]
	}
	if c.Policy != nothing.String() { // what ends a process is the runtime's
		alone = slices.DeleteFunc(alone, func(name string) bool { return !allScenarios()[name].End.returns() })
	}
	for _, name := range alone {
		if breaks(name) {
			return name
		}
	}
	return c.reason(entry)
}
