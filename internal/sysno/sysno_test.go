// SPDX-License-Identifier: MIT

package sysno

import (
	"strings"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	count, last := 0, -1
	for nr, name := range All() {
		if int(nr) <= last {
			t.Errorf("%d follows %d", nr, last)
		}
		count, last = count+1, int(nr)
		if got, ok := Number(name); !ok || got != nr {
			t.Errorf("Number(%q) = %d, %v, want %d", name, got, ok, nr)
		}
		if got, ok := Name(nr); !ok || got != name || !Known(nr) {
			t.Errorf("Name(%d) = %q, %v, want %q", nr, got, ok, name)
		}
	}
	if count < 380 || last != Max {
		t.Errorf("%d calls up to %d, want more up to %d", count, last, Max)
	}
	for range All() {
		break // must not yield on
	}
}

func TestUnknown(t *testing.T) {
	for _, name := range []string{"", " read", "READ", "zzz", "read\x00", "socketcall"} {
		if nr, ok := Number(name); ok {
			t.Errorf("Number(%q) = %d", name, nr)
		}
	}
	for _, nr := range []uint32{337, 400, Max + 1, 1023, 1 << 30, 1<<32 - 1} {
		if name, ok := Name(nr); ok || Known(nr) {
			t.Errorf("Name(%d) = %q", nr, name)
		}
	}
}

func TestErrno(t *testing.T) {
	for n, want := range map[uint16]string{0: "", 1: "EPERM", 11: "EAGAIN", 38: "ENOSYS", 95: "EOPNOTSUPP", 4094: "", 65535: ""} {
		if got, ok := Errno(n); got != want || ok != (want != "") {
			t.Errorf("Errno(%d) = %q, %v, want %q", n, got, ok, want)
		}
	}
}

func TestNearest(t *testing.T) {
	for name, want := range map[string]string{
		"raed":                   "read",
		"opnat":                  "openat",
		"open_at":                "openat",
		"SYS_openat":             "openat",
		"Getgroups":              "getgroups",
		"fcntl64":                "fcntl",
		"sysctl":                 "_sysctl",
		"read":                   "read",
		"":                       "",
		"x":                      "",
		"completely_other_thing": "",
		strings.Repeat("a", 999): "",
	} {
		if got := Nearest(name); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"ab", "ba", 1}, {"abc", "abc", 0}, {"kitten", "sitting", 3}, {"raed", "read", 1}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
	for _, name := range All() {
		if len(name) > maxNameLen {
			t.Errorf("%s is longer than maxNameLen", name)
		}
	}
}
