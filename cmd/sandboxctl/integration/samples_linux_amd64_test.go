// SPDX-License-Identifier: MIT

package integration

import (
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/judge"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func TestMain(m *testing.M) { testproc.Main(m, judge.Children()) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// samples are calls of every number that is known, each with arguments that meet its
// conditions and with some that do not, and some numbers that nobody knows.
func samples(f seccomp.Filter) (calls []seccomp.Call) {
	add := func(c seccomp.Call) {
		if !judge.Exempt(c) {
			calls = append(calls, c)
		}
	}
	for _, name := range sysno.All() {
		c, _ := seccomp.CallOf(name)
		add(c)
	}
	for _, r := range f.Rules {
		c, ok := seccomp.CallOf(r.Call)
		if !ok || len(r.When) == 0 {
			continue
		}
		for _, cond := range r.When {
			arg, masks, _ := cond.Masks()
			for _, m := range masks {
				c.Args[arg] = m.Value
				add(c)
				for _, other := range []uint64{1, 1 << 31, 1 << 32, 1 << 63, m.Mask & -m.Mask} {
					flipped := c
					flipped.Args[arg] ^= other
					add(flipped)
				}
			}
		}
	}
	for _, nr := range []uint32{sysno.Max + 1, 600, 4000} {
		add(seccomp.Call{Arch: abi.AuditArchX86_64, Nr: nr})
	}
	return calls
}
