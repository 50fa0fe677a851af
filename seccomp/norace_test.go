// SPDX-License-Identifier: MIT

//go:build !race

package seccomp_test

import "testing"

const raceEnabled = false

// The race detector allocates by itself, so this is not in its builds.
func TestCompileAllocations(t *testing.T) {
	for name, most := range map[string]float64{"net": 60, "args": 120} {
		f := readTable(t, "../testdata/decide/"+name+".txt").filter
		n := testing.AllocsPerRun(20, func() {
			if _, err := f.Compile(); err != nil {
				t.Fatal(err)
			}
		})
		t.Logf("%s: %v allocations", name, n)
		if n > most {
			t.Errorf("%s: %v allocations, at most %v", name, n, most)
		}
	}
}
