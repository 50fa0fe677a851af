// SPDX-License-Identifier: MIT

// Package bpfgen turns a decision over system call numbers into a classic BPF
// program for seccomp on x86-64.
//
// # Shape
//
//	load arch; anything but AUDIT_ARCH_X86_64: RET KILL_PROCESS
//	load nr
//	one binary tree of JGE over the ranges of numbers, whose ends are short
//	chains of JEQ for single numbers inside a longer range
//	RETs, shared by all jumps that reach them
//
// A conditional jump skips at most 255 instructions and only forward, so the
// program is built backwards: what is jumped to is there before the jump, and
// its distance is known. Where a target is too far, the jump goes to an
// instruction right behind it: a copy of the RET, or a JA to anywhere else.
//
// # Why a path ends only in its own number's answer
//
// After the two loads no instruction changes the accumulator: the body consists
// of JGE, JEQ, JA and RET with constants only. So every test on a path compares the call's
// own number. Compile makes the spans cover all 32-bit numbers without overlap,
// tree(i, j) is only entered with a number inside the groups i to j-1 (by
// induction: each JGE sends a number to the side that holds it), and in a group
// a JEQ takes out exactly the one number that its span holds, so what falls
// through has the group's own answer. Trampolines do not test anything. Sharing a RET
// merges ends, never tests: no path leads through another number's test.
package bpfgen

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// A Span answers all numbers from Lo up to the next span's Lo-1 (the last one:
// up to 0xffffffff) with RET K=Ret.
type Span struct {
	Lo  uint32
	Ret uint32
}

// The instructions that Compile uses (man 2 seccomp; include/uapi/linux/bpf_common.h).
const (
	opLoad = 0x20 // BPF_LD | BPF_W | BPF_ABS
	opJA   = 0x05 // BPF_JMP | BPF_JA
	opJEQ  = 0x15 // BPF_JMP | BPF_JEQ | BPF_K
	opJGE  = 0x35 // BPF_JMP | BPF_JGE | BPF_K
	opRET  = 0x06 // BPF_RET | BPF_K
)

// maxSkip is the farthest a conditional jump reaches: its offsets are 8 bits wide.
const maxSkip = 255

// Errors of Compile.
var (
	ErrEmpty    = errors.New("bpfgen: no spans")
	ErrFirst    = errors.New("bpfgen: the first span does not begin at 0")
	ErrUnsorted = errors.New("bpfgen: spans are not in ascending order")
	ErrTooLong  = errors.New("bpfgen: the program is longer than the kernel's limit")
)

// Compile returns the program that answers every number as spans say and kills
// the process on a foreign architecture. The spans begin at 0 and ascend; x32
// numbers (abi.X32Bit and above) are the caller's to cover. The same spans give
// the same program everywhere.
func Compile(spans []Span) ([]bpf.RawInstruction, error) {
	if err := check(spans); err != nil {
		return nil, err
	}
	groups := group(merge(spans))
	b := builder{groups: groups, code: make([]bpf.RawInstruction, 0, 3*len(groups)+16)}
	b.program()
	if len(b.code) > abi.MaxInsns {
		return nil, fmt.Errorf("%w: %d instructions, %d are allowed", ErrTooLong, len(b.code), abi.MaxInsns)
	}
	slices.Reverse(b.code)
	return b.code, nil
}

func check(spans []Span) error {
	if len(spans) == 0 {
		return ErrEmpty
	}
	if spans[0].Lo != 0 {
		return fmt.Errorf("%w but at %#x", ErrFirst, spans[0].Lo)
	}
	for i := 1; i < len(spans); i++ {
		if spans[i].Lo <= spans[i-1].Lo {
			return fmt.Errorf("%w: %#x follows %#x", ErrUnsorted, spans[i].Lo, spans[i-1].Lo)
		}
	}
	return nil
}

// merge returns a copy of spans in which neighbours differ in their answer.
func merge(spans []Span) []Span {
	out := make([]Span, 0, len(spans))
	for _, s := range spans {
		if n := len(out); n == 0 || out[n-1].Ret != s.Ret {
			out = append(out, s)
		}
	}
	return out
}

// A chunk is a run of spans that one leaf of the tree answers: ret, but for up
// to maxHoles single numbers with answers of their own.
type chunk struct {
	lo    uint32
	ret   uint32
	holes []Span
}

// maxHoles bounds a leaf's chain. Two spans less in the tree save as many tests
// as one hole costs; a third hole in a row makes the longest path longer
// than the tree it replaces.
const maxHoles = 2

// group partitions merged spans into chunks with the fewest tests: a tree over n
// chunks has n-1, and each hole one more.
func group(spans []Span) []chunk {
	n := len(spans)
	// cost[i] is the least cost of spans[:i], whose last chunk begins at from[i].
	cost := make([]int32, n+1)
	from := make([]int32, n+1)
	for i := 1; i <= n; i++ {
		cost[i] = int32(2 * n)
	}
	for i := range n {
		for j, holes := i, int32(0); ; {
			if c := cost[i] + 1 + holes; c < cost[j+1] {
				cost[j+1], from[j+1] = c, int32(i)
			}
			// The next two spans join if they are one number and the answer of before.
			if j+2 >= n || holes == maxHoles || spans[j+2].Ret != spans[i].Ret || spans[j+2].Lo != spans[j+1].Lo+1 {
				break
			}
			j, holes = j+2, holes+1
		}
	}
	chunks := make([]chunk, 0, n)
	for end := n; end > 0; end = int(from[end]) {
		i := int(from[end])
		c := chunk{lo: spans[i].Lo, ret: spans[i].Ret}
		for h := i + 1; h < end; h += 2 {
			c.holes = append(c.holes, spans[h])
		}
		chunks = append(chunks, c)
	}
	slices.Reverse(chunks)
	return chunks
}
