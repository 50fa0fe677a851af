// SPDX-License-Identifier: MIT

package sysargs

import (
	"testing"

	"golang.org/x/sys/unix"
)

// Every constant that x/sys/unix has as well is the same there, cut to the width of
// the argument; and every one in the list is in a table.
func TestAgainstUnix(t *testing.T) {
	seen := map[string]bool{}
	for k := range allKinds() {
		for _, c := range constantsOf(k) {
			seen[c.name] = true
			if want, ok := unixConstants[c.name]; ok && c.v != want&k.mask() {
				t.Errorf("%s is %#x, in x/sys/unix %#x", c.name, c.v, want)
			}
		}
	}
	for name := range unixConstants {
		if !seen[name] {
			t.Errorf("%s of x/sys/unix is in no table", name)
		}
	}
	if v, _ := find(dirfd.values, unix.AT_FDCWD&0xffffffff); v != "AT_FDCWD" {
		t.Errorf("AT_FDCWD is %d in x/sys/unix, there the table has %q", unix.AT_FDCWD, v)
	}
}
