// SPDX-License-Identifier: MIT

package sysargs

import (
	"iter"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// allKinds yields every kind that a call's argument may have, some more than once.
func allKinds() iter.Seq[*kind] {
	return func(yield func(*kind) bool) {
		for _, args := range calls {
			for _, a := range args {
				if !yield(a.kind) {
					return
				}
				for _, c := range a.kind.cases {
					if !yield(c.kind) {
						return
					}
				}
			}
		}
	}
}

func constantsOf(k *kind) []value {
	all := append(append([]value(nil), k.exact...), k.values...)
	for _, f := range k.fields {
		all = append(all, f.values...)
	}
	return all
}

// What the code relies on: cases depend on an argument before, fields hold their
// values, names are written once per kind, nothing is wider than the argument.
func TestTables(t *testing.T) {
	for nr, args := range calls {
		name := name(uint32(nr))
		if len(args) > 6 {
			t.Errorf("%s has %d arguments", name, len(args))
		}
		seen := map[string]bool{}
		for i, a := range args {
			if seen[a.name] || a.name == "" || strings.Trim(a.name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
				t.Errorf("%s: name %q of argument %d is there twice or cannot be read", name, a.name, i)
			}
			seen[a.name] = true
			if a.kind.cases != nil && a.kind.on >= i {
				t.Errorf("%s: %s depends on argument %d, which is not before it", name, a.name, a.kind.on)
			}
		}
	}
	for k := range allKinds() {
		checkKind(t, k)
	}
}

func checkKind(t *testing.T, k *kind) {
	t.Helper()
	if k.width != 16 && k.width != 32 && k.width != 64 {
		t.Errorf("a kind has the width %d", k.width)
	}
	seen := map[string]bool{}
	for _, c := range constantsOf(k) {
		if c.v&^k.mask() != 0 {
			t.Errorf("%s has more than %d bits", c.name, k.width)
		}
		if seen[c.name] {
			t.Errorf("%s is there twice", c.name)
		}
		seen[c.name] = true
	}
	var taken uint64
	for _, f := range k.fields {
		if taken&f.mask != 0 {
			t.Errorf("fields overlap in %#x", taken&f.mask)
		}
		taken |= f.mask
		for _, c := range f.values {
			if c.v&^f.mask != 0 {
				t.Errorf("%s is outside of its field", c.name)
			}
		}
	}
	for _, c := range k.cases {
		if c.kind.cases != nil {
			t.Error("a case has cases: Format would not see them")
		}
	}
}

// The calls without arguments in the table are those that Linux no longer has.
func TestUnknownCalls(t *testing.T) {
	const gone = " create_module get_kernel_syms query_module nfsservctl getpmsg putpmsg afs_syscall" +
		" tuxcall security set_thread_area get_thread_area epoll_ctl_old epoll_wait_old vserver "
	for nr, name := range sysno.All() {
		if got, want := calls[nr] == nil, strings.Contains(gone, " "+name+" "); got != want {
			t.Errorf("%s: without arguments in the table: %v, want %v", name, got, want)
		}
	}
}
