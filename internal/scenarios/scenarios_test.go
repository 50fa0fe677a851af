// SPDX-License-Identifier: MIT

package scenarios

import (
	"slices"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/sysargs"
)

// Names tell scenarios apart, and what they call can be asked of a policy. That they run,
// and end as they say, is tested under every policy in package sandboxtest.
func TestTable(t *testing.T) {
	seen := make(map[string]bool)
	for _, s := range All() {
		if seen[s.Name] || s.Make == nil {
			t.Errorf("%s is there twice, or does nothing", s.Name)
		}
		seen[s.Name] = true
		if found, err := Find(s.Name); err != nil || found.Name != s.Name {
			t.Errorf("%s is found as %q, %v", s.Name, found.Name, err)
		}
		for _, call := range slices.Concat(s.Calls, s.Others) {
			if _, err := sysargs.Parse(call); err != nil {
				t.Errorf("%s: %v", s.Name, err)
			}
		}
		if e := s.End; e.Leaves && e != (End{Leaves: true}) || e.Exit != 0 && e.Signal != 0 {
			t.Errorf("%s has several ends", s.Name)
		}
	}
	if _, err := Find("nothing such"); err == nil {
		t.Error("what is not there is found")
	}
}

func TestSurvivorsComeFirst(t *testing.T) {
	all := All()
	last := slices.IndexFunc(all, func(s Scenario) bool { return !s.Survives() })
	if last < 20 || slices.ContainsFunc(all[last:], Scenario.Survives) {
		t.Errorf("the first that ends its process is number %d of %d", last, len(all))
	}
}
