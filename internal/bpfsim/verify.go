// SPDX-License-Identifier: MIT

// Package bpfsim judges classic BPF programs for seccomp without a kernel:
// Verify says whether the kernel accepts one, Run what it answers.
//
// It is a second opinion on package bpfgen and shares no code with it.
package bpfsim

import (
	"errors"
	"fmt"

	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// Operation codes (include/uapi/linux/bpf_common.h), written out so that each
// case below names one instruction, as the kernel's own switch does.
const (
	ldAbs = 0x20 // A = data[k]
	ldLen = 0x80 // A = sizeof(struct seccomp_data)
	ldImm = 0x00
	ldMem = 0x60

	ldxLen = 0x81
	ldxImm = 0x01
	ldxMem = 0x61

	st  = 0x02
	stx = 0x03

	addK, addX = 0x04, 0x0c
	subK, subX = 0x14, 0x1c
	mulK, mulX = 0x24, 0x2c
	divK, divX = 0x34, 0x3c
	orK, orX   = 0x44, 0x4c
	andK, andX = 0x54, 0x5c
	lshK, lshX = 0x64, 0x6c
	rshK, rshX = 0x74, 0x7c
	neg        = 0x84
	xorK, xorX = 0xa4, 0xac

	ja           = 0x05
	jeqK, jeqX   = 0x15, 0x1d
	jgtK, jgtX   = 0x25, 0x2d
	jgeK, jgeX   = 0x35, 0x3d
	jsetK, jsetX = 0x45, 0x4d

	retK = 0x06
	retA = 0x16

	tax = 0x07
	txa = 0x87
)

// A VerifyError says why the kernel would refuse a program with EINVAL.
type VerifyError struct {
	Index  int // of the instruction; -1: the program as a whole
	Reason string
}

func (e *VerifyError) Error() string {
	if e.Index < 0 {
		return "bpfsim: " + e.Reason
	}
	return fmt.Sprintf("bpfsim: instruction %d: %s", e.Index, e.Reason)
}

func refuse(index int, format string, args ...any) error {
	return &VerifyError{Index: index, Reason: fmt.Sprintf(format, args...)}
}

// Verify returns nil if seccomp(2) accepts the program, and otherwise a
// *VerifyError for the first reason why not. The rules are those of
// net/core/filter.c (bpf_check_basics_ok, bpf_check_classic,
// check_load_and_stores) and kernel/seccomp.c (seccomp_check_filter).
func Verify(prog []bpf.RawInstruction) error {
	if len(prog) == 0 {
		return refuse(-1, "the program is empty")
	}
	if len(prog) > abi.MaxInsns {
		return refuse(-1, "%d instructions, the kernel takes %d", len(prog), abi.MaxInsns)
	}
	for pc, in := range prog {
		if err := checkOne(pc, in, len(prog)); err != nil {
			return err
		}
	}
	if op := prog[len(prog)-1].Op; op != retK && op != retA {
		return refuse(len(prog)-1, "the last instruction is not a RET")
	}
	return checkMemory(prog)
}

// checkOne checks an instruction by itself.
func checkOne(pc int, in bpf.RawInstruction, length int) error {
	switch in.Op {
	case ldAbs:
		if in.K >= abi.SizeofData || in.K%4 != 0 {
			return refuse(pc, "load of offset %#x: not an aligned word of struct seccomp_data", in.K)
		}
	case ldMem, ldxMem, st, stx:
		if in.K >= abi.MemWords {
			return refuse(pc, "memory word %d of %d", in.K, abi.MemWords)
		}
	case divK:
		if in.K == 0 {
			return refuse(pc, "division by zero")
		}
	case lshK, rshK:
		if in.K >= 32 {
			return refuse(pc, "shift by %d", in.K)
		}
	case ja:
		if uint64(pc)+1+uint64(in.K) >= uint64(length) {
			return refuse(pc, "jump over %d leaves the program", in.K)
		}
	case jeqK, jeqX, jgtK, jgtX, jgeK, jgeX, jsetK, jsetX:
		if pc+1+int(max(in.Jt, in.Jf)) >= length {
			return refuse(pc, "jump over %d leaves the program", max(in.Jt, in.Jf))
		}
	case ldLen, ldImm, ldxLen, ldxImm, tax, txa, retK, retA,
		addK, addX, subK, subX, mulK, mulX, divX, orK, orX, andK, andX, lshX, rshX, neg, xorK, xorX:
	default:
		return refuse(pc, "operation %#x is not permitted in a seccomp filter", in.Op)
	}
	return nil
}

// checkMemory refuses loads of memory words that no path to them, or not every
// one, has stored. As in the kernel, a bit set in valid[pc] means that the word is
// stored on every jump to pc; what follows an unconditional change of flow
// is only reached by jumps, so it starts with all bits set.
func checkMemory(prog []bpf.RawInstruction) error {
	const all = 1<<abi.MemWords - 1
	var (
		masks [abi.MaxInsns]uint16
		valid uint16
	)
	for i := range prog {
		masks[i] = all
	}
	for pc, in := range prog {
		valid &= masks[pc]
		switch in.Op {
		case st, stx:
			valid |= 1 << in.K
		case ldMem, ldxMem:
			if valid&(1<<in.K) == 0 {
				return refuse(pc, "memory word %d is loaded but not stored on every path", in.K)
			}
		case ja:
			masks[pc+1+int(in.K)] &= valid
			valid = all
		case jeqK, jeqX, jgtK, jgtX, jgeK, jgeX, jsetK, jsetX:
			masks[pc+1+int(in.Jt)] &= valid
			masks[pc+1+int(in.Jf)] &= valid
			valid = all
		}
	}
	return nil
}

// IsVerifyError reports whether err says that the kernel would refuse a program.
func IsVerifyError(err error) bool {
	var v *VerifyError
	return errors.As(err, &v)
}
