// SPDX-License-Identifier: MIT

package bpfsim

import (
	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// Cached reports whether the kernel's action cache will answer a number: by the
// same emulation as kernel/seccomp.c seccomp_is_const_allow, which knows these
// instructions and gives up on any other, and on anything but a RET of exactly
// SECCOMP_RET_ALLOW.
func Cached(prog []bpf.RawInstruction, nr, arch uint32) bool {
	a := uint32(0)
	for pc := 0; pc < len(prog); pc++ {
		switch in := prog[pc]; in.Op {
		case ldAbs:
			switch in.K {
			case abi.OffNr:
				a = nr
			case abi.OffArch:
				a = arch
			default:
				return false
			}
		case retK:
			return in.K == abi.RetAllow
		case ja:
			pc += int(in.K)
		case jeqK, jgeK, jgtK, jsetK:
			m := machine{a: a}
			if m.holds(in) {
				pc += int(in.Jt)
			} else {
				pc += int(in.Jf)
			}
		case andK:
			a &= in.K
		default:
			return false
		}
	}
	return false
}

// Converted is the number of instructions that the kernel makes of a program that
// Verify accepts (net/core/filter.c bpf_convert_filter): it is what counts for the
// limit on a thread's filters.
func Converted(prog []bpf.RawInstruction) int {
	n := 3 // clear A and X, save the context
	for _, in := range prog {
		n += converted(in)
	}
	return n
}

func converted(in bpf.RawInstruction) int {
	switch in.Op {
	case retK:
		return 2 // move the constant to R0, exit
	case jeqK, jgtK, jgeK, jsetK, jeqX, jgtX, jgeX, jsetX:
		n := 1
		if in.Op&0x08 == 0 && int32(in.K) < 0 {
			n++ // immediates are signed: a move of the constant comes first
		}
		switch {
		case in.Jf == 0:
		case in.Jt == 0 && in.Op != jsetK && in.Op != jsetX: // the opposite test
		default:
			n++ // a JA for the other side
		}
		return n
	case divX:
		return 5 // a divisor of 0 returns 0
	}
	return 1
}
