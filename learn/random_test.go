// SPDX-License-Identifier: MIT

package learn

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// A maker makes recordings that often have phases, calls and stacks in common, in no
// order and with the same thing more than once.
type maker struct{ *rand.Rand }

func newMaker(seed uint64) maker { return maker{rand.New(rand.NewPCG(seed, 4))} }

func pick[T any](m maker, from ...T) T { return from[m.IntN(len(from))] }

func (m maker) recording() *Recording {
	r := &Recording{Program: pick(m, "", "node", "btcnode", "b, a"), Go: pick(m, "go1.26.8", "go1.27"), Runs: m.IntN(3)}
	for range m.IntN(4) {
		r.Phases = append(r.Phases, m.phase())
	}
	if m.IntN(3) == 0 {
		r.Lost = map[string]uint64{pick(m, "openat", "read"): m.count(), "close": m.count()}
	}
	return r
}

func (m maker) phase() Phase {
	p := Phase{Policies: []string{"initialization"}, Thread: m.IntN(2) == 0}
	for range m.IntN(3) {
		p.Policies = append(p.Policies, pick(m, "steady", "net", "tor"))
	}
	for range m.IntN(8) {
		p.Calls = append(p.Calls, m.call())
	}
	return p
}

func (m maker) call() Call {
	c := Call{Syscall: pick(m, "socket", "socket", "fcntl", "fcntl", "openat", "clone", "read", "getuid", "kill", "recvfrom", "rt_tgsigqueueinfo")}
	if m.IntN(4) == 0 {
		for c.Syscall = ""; c.Syscall == ""; {
			c.Syscall, _ = sysno.Name(uint32(m.IntN(sysno.Max + 1)))
		}
	}
	for i := range c.Args {
		c.Args[i] = m.value()
	}
	if m.IntN(6) == 0 {
		c.Mark, c.Args = pick(m, "passes by number", "emulated"), Args{}
	}
	c.Count = m.count()
	for range m.IntN(3) {
		c.Stacks = append(c.Stacks, m.stack())
	}
	return c
}

func (m maker) value() uint64 {
	return pick[uint64](m, 0, 1, 2, 3, 0xffffffff, 1<<32|1, math.MaxUint64)
}

func (m maker) count() uint64 {
	return pick[uint64](m, 0, 1, 2, 1000, math.MaxUint64-1, math.MaxUint64)
}

func (m maker) stack() Stack {
	s := Stack{Count: m.count()}
	for range m.IntN(3) {
		s.Frames = append(s.Frames, Frame{fmt.Sprintf("main.f%d", m.IntN(2)), pick(m, "main.go", "<b>.go", "\xff.go"), m.IntN(2)})
	}
	return s
}
