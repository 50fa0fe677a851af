// SPDX-License-Identifier: MIT

package bpfsim

import (
	"fmt"

	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// Data is what a filter sees of a call: struct seccomp_data.
type Data struct {
	Nr, Arch uint32
	IP       uint64
	Args     [6]uint64
}

// word returns the 32-bit word at an aligned offset as a little-endian machine
// loads it: the low half of a 64-bit field first.
func (d *Data) word(off uint32) uint32 {
	half := func(v uint64) uint32 {
		if off%8 == 4 {
			return uint32(v >> 32)
		}
		return uint32(v)
	}
	switch {
	case off == abi.OffNr:
		return d.Nr
	case off == abi.OffArch:
		return d.Arch
	case off < abi.OffArgs:
		return half(d.IP)
	default:
		return half(d.Args[(off-abi.OffArgs)/8])
	}
}

// Run returns what the program answers to a call: the value of the RET that it ends
// in. It returns an error for programs that Verify refuses, as far as the path
// taken shows it, and never panics or loops.
func Run(prog []bpf.RawInstruction, d Data) (uint32, error) {
	ret, _, err := execute(prog, &d, nil, false)
	return ret, err
}

// RunTrace is Run with the indices of the executed instructions, in order,
// appended to trace (which may be nil, or an older trace cut to length 0).
func RunTrace(prog []bpf.RawInstruction, d Data, trace []int) (uint32, []int, error) {
	return execute(prog, &d, trace, true)
}

// A machine is the state of a running program. Registers and memory begin
// as 0: the kernel clears A and X in the prologue of a converted program
// (net/core/filter.c: bpf_convert_filter), and Verify admits no load of a memory
// word before its store.
type machine struct {
	a, x uint32
	mem  [abi.MemWords]uint32
}

func execute(prog []bpf.RawInstruction, d *Data, trace []int, tracing bool) (uint32, []int, error) {
	var m machine
	for pc := uint64(0); pc < uint64(len(prog)); pc++ {
		in := prog[pc]
		if tracing {
			trace = append(trace, int(pc))
		}
		switch in.Op {
		case retK:
			return in.K, trace, nil
		case retA:
			return m.a, trace, nil
		case divX:
			if m.x == 0 {
				// A converted program returns 0 (net/core/filter.c: bpf_convert_filter),
				// which is SECCOMP_RET_KILL_THREAD.
				return 0, trace, nil
			}
			m.compute(in)
		case ja:
			pc += uint64(in.K)
		case jeqK, jeqX, jgtK, jgtX, jgeK, jgeX, jsetK, jsetX:
			if m.holds(in) {
				pc += uint64(in.Jt)
			} else {
				pc += uint64(in.Jf)
			}
		default:
			if !m.load(in, d) && !m.compute(in) {
				return 0, trace, refuse(int(pc), "cannot execute operation %#x with %#x", in.Op, in.K)
			}
		}
	}
	return 0, trace, refuse(-1, "the program runs past its end")
}

// holds evaluates a conditional jump; all comparisons are unsigned.
func (m *machine) holds(in bpf.RawInstruction) bool {
	v := in.K
	if in.Op&0x08 != 0 { // BPF_X
		v = m.x
	}
	switch in.Op {
	case jeqK, jeqX:
		return m.a == v
	case jgtK, jgtX:
		return m.a > v
	case jgeK, jgeX:
		return m.a >= v
	default: // jsetK, jsetX
		return m.a&v != 0
	}
}

// load executes loads, stores and moves; it reports whether in is one.
func (m *machine) load(in bpf.RawInstruction, d *Data) bool {
	switch in.Op {
	case ldAbs:
		if in.K >= abi.SizeofData || in.K%4 != 0 {
			return false
		}
		m.a = d.word(in.K)
	case ldLen:
		m.a = abi.SizeofData
	case ldxLen:
		m.x = abi.SizeofData
	case ldImm:
		m.a = in.K
	case ldxImm:
		m.x = in.K
	case tax:
		m.x = m.a
	case txa:
		m.a = m.x
	case ldMem, ldxMem, st, stx:
		return m.memory(in)
	default:
		return false
	}
	return true
}

func (m *machine) memory(in bpf.RawInstruction) bool {
	if in.K >= abi.MemWords {
		return false
	}
	switch in.Op {
	case ldMem:
		m.a = m.mem[in.K]
	case ldxMem:
		m.x = m.mem[in.K]
	case st:
		m.mem[in.K] = m.a
	case stx:
		m.mem[in.K] = m.x
	}
	return true
}

// compute executes arithmetic; it reports whether in is an arithmetic
// instruction that can be executed.
func (m *machine) compute(in bpf.RawInstruction) bool {
	v := in.K
	if in.Op&0x08 != 0 { // BPF_X
		v = m.x
	}
	switch in.Op {
	case addK, addX:
		m.a += v
	case subK, subX:
		m.a -= v
	case mulK, mulX:
		m.a *= v
	case divK:
		if v == 0 {
			return false
		}
		m.a /= v
	case divX:
		m.a /= v // execute has seen to X == 0
	case orK, orX:
		m.a |= v
	case andK, andX:
		m.a &= v
	case xorK, xorX:
		m.a ^= v
	case lshK, lshX:
		m.a <<= v & 31 // as eBPF's 32-bit shifts, into which the kernel turns these
	case rshK, rshX:
		m.a >>= v & 31
	case neg:
		m.a = -m.a
	default:
		return false
	}
	return true
}

// Coverage counts how often each instruction of a program was executed.
type Coverage struct {
	hits []int
}

// NewCoverage returns a Coverage for programs of n instructions.
func NewCoverage(n int) *Coverage {
	return &Coverage{hits: make([]int, n)}
}

// Add counts the instructions of a trace.
func (c *Coverage) Add(trace []int) {
	for _, pc := range trace {
		c.hits[pc]++
	}
}

// Missed returns the indices that no trace has had.
func (c *Coverage) Missed() []int {
	var missed []int
	for pc, n := range c.hits {
		if n == 0 {
			missed = append(missed, pc)
		}
	}
	return missed
}

// String formats the coverage as "executed/all".
func (c *Coverage) String() string {
	return fmt.Sprintf("%d/%d", len(c.hits)-len(c.Missed()), len(c.hits))
}
