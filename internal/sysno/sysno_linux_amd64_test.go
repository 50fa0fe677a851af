// SPDX-License-Identifier: MIT

package sysno

import "testing"

// Every call and errno agrees with x/sys/unix, and there are no others.
func TestAgainstUnix(t *testing.T) {
	for _, c := range unixCalls {
		if nr, ok := Number(c.name); !ok || nr != c.unix || c.sysno != c.unix {
			t.Errorf("%s: table %d (%v), constant %d, x/sys/unix %d", c.name, nr, ok, c.sysno, c.unix)
		}
	}
	count := 0
	for range All() {
		count++
	}
	if len(unixCalls) != count {
		t.Errorf("%d calls, x/sys/unix has %d", count, len(unixCalls))
	}
	for _, e := range unixErrnos {
		if name, _ := Errno(uint16(e.errno)); name != e.name {
			t.Errorf("errno %d is %q, x/sys/unix has %q", int(e.errno), name, e.name)
		}
	}
}
