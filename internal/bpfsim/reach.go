// SPDX-License-Identifier: MIT

package bpfsim

import (
	"math/bits"

	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// maxPaths bounds the work of Reach.
const maxPaths = 1 << 16

// Reach returns for each instruction a call that executes it, if there is one:
// ok[i] tells. It follows the paths of the program and solves what their tests ask
// of the words of a call, so it finds what guessing would not. It understands what
// loads words, masks them with constants and compares them with constants; done is
// false if it met anything else or gave up for length.
func Reach(prog []bpf.RawInstruction) (calls []Data, ok []bool, done bool) {
	r := reacher{prog: prog, calls: make([]Data, len(prog)), ok: make([]bool, len(prog)), left: maxPaths}
	r.done = true
	r.findBelow()
	r.follow(0, symbol{})
	return r.calls, r.ok, r.done
}

// A symbol is what the accumulator holds: a word of the call under a mask.
type symbol struct {
	off  uint32
	mask uint32
}

// A fact is what a test has found out about a symbol.
type fact struct {
	symbol
	op    uint16
	k     uint32
	holds bool
}

type reacher struct {
	prog  []bpf.RawInstruction
	calls []Data
	ok    []bool
	left  int
	done  bool
	facts []fact
	below [][]uint64 // by instruction: set of those that it can lead to, itself included
}

// findBelow fills below, from the end: jumps go forward.
func (r *reacher) findBelow() {
	n := len(r.prog)
	r.below = make([][]uint64, n)
	for pc := n - 1; pc >= 0; pc-- {
		set := make([]uint64, n/64+1)
		set[pc/64] |= 1 << (pc % 64)
		add := func(next int) {
			if next < n {
				for i, w := range r.below[next] {
					set[i] |= w
				}
			}
		}
		switch in := r.prog[pc]; in.Op {
		case retK, retA:
		case ja:
			add(pc + 1 + int(in.K))
		case jeqK, jgtK, jgeK, jsetK, jeqX, jgtX, jgeX, jsetX:
			add(pc + 1 + int(in.Jt))
			add(pc + 1 + int(in.Jf))
		default:
			add(pc + 1)
		}
		r.below[pc] = set
	}
}

// news reports whether pc can lead to an instruction for which there is no call yet.
func (r *reacher) news(pc int) bool {
	for i, w := range r.below[pc] {
		for ; w != 0; w &= w - 1 {
			if !r.ok[i*64+bits.TrailingZeros64(w)] {
				return true
			}
		}
	}
	return false
}

func (r *reacher) follow(pc int, a symbol) {
	if pc < len(r.prog) && !r.news(pc) {
		return
	}
	for ; pc < len(r.prog); pc++ {
		if !r.ok[pc] {
			r.calls[pc], r.ok[pc] = r.solve(), true
		}
		in := r.prog[pc]
		switch in.Op {
		case ldAbs:
			a = symbol{in.K, ^uint32(0)}
		case andK:
			a.mask &= in.K
		case retK:
			return
		case ja:
			pc += int(in.K)
		case jeqK, jgtK, jgeK, jsetK:
			r.branch(pc, in, a, true, int(in.Jt))
			r.branch(pc, in, a, false, int(in.Jf))
			return
		default:
			r.done = false
			return
		}
	}
}

func (r *reacher) branch(pc int, in bpf.RawInstruction, a symbol, holds bool, skip int) {
	if r.left--; r.left < 0 {
		r.done = false
		return
	}
	r.facts = append(r.facts, fact{a, in.Op, in.K, holds})
	if _, ok := r.word(a.off); ok {
		r.follow(pc+1+skip, a)
	}
	r.facts = r.facts[:len(r.facts)-1]
}

// solve returns a call for which all facts are so.
func (r *reacher) solve() Data {
	var d Data
	word := func(off uint32) uint64 {
		v, _ := r.word(off)
		return uint64(v)
	}
	d.Nr, d.Arch = uint32(word(abi.OffNr)), uint32(word(abi.OffArch))
	d.IP = word(abi.OffIP) | word(abi.OffIP+4)<<32
	for i := range d.Args {
		off := abi.OffArgs + 8*uint32(i)
		d.Args[i] = word(off) | word(off+4)<<32
	}
	return d
}

// word returns a value of the word at off for which all facts about it are so.
func (r *reacher) word(off uint32) (uint32, bool) {
	var s solver
	for _, f := range r.facts {
		if f.off == off {
			s.facts = append(s.facts, f)
		}
	}
	if s.facts == nil {
		return 0, true // most words of most calls
	}
	s.state = make([]byte, len(s.facts))
	return s.bit(31, 0)
}

// A solver settles the bits of a word from the highest down. For each fact it
// keeps how the masked value compares with the constant so far.
type solver struct {
	facts  []fact
	state  []byte // by fact: equal, less, greater; for JSET: equal, greater (a bit met)
	failed map[string]bool
}

const (
	equal byte = iota
	less
	greater
)

func (s *solver) bit(bit int, value uint32) (uint32, bool) {
	if bit < 0 {
		return value, s.satisfied()
	}
	key := string(s.state) + string(rune(bit))
	if s.failed[key] {
		return 0, false
	}
	before := string(s.state)
	for x := range uint32(2) {
		s.step(bit, x)
		if v, ok := s.bit(bit-1, value|x<<bit); ok {
			return v, true
		}
		copy(s.state, before)
	}
	if s.failed == nil {
		s.failed = make(map[string]bool)
	}
	s.failed[key] = true
	return 0, false
}

func (s *solver) step(bit int, x uint32) {
	for i, f := range s.facts {
		v, k := x&(f.mask>>bit), f.k>>bit&1
		switch {
		case s.state[i] != equal:
		case f.op == jsetK:
			if v&k != 0 {
				s.state[i] = greater
			}
		case v < k:
			s.state[i] = less
		case v > k:
			s.state[i] = greater
		}
	}
}

func (s *solver) satisfied() bool {
	for i, f := range s.facts {
		var holds bool
		switch f.op {
		case jeqK:
			holds = s.state[i] == equal
		case jgeK:
			holds = s.state[i] != less
		default: // jgtK, jsetK
			holds = s.state[i] == greater
		}
		if holds != f.holds {
			return false
		}
	}
	return true
}
