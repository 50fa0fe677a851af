// SPDX-License-Identifier: MIT

// Package bpfgen turns decisions over system calls into a classic BPF program for
// seccomp on x86-64.
//
// # Shape
//
//	load arch; anything but AUDIT_ARCH_X86_64: its RET
//	load nr
//	one tree over the ranges of numbers that have the same outcome (choose.go)
//	tests of arguments, where the outcome depends on them (diagram.go)
//	RETs, shared by all jumps that reach them
//
// A conditional jump skips at most 255 instructions and only forward, so the
// program is built backwards: what is jumped to is there before the jump, and
// its distance is known. Where a target is too far, the jump goes to an
// instruction right behind it: a copy of the RET, or a JA to anywhere else.
//
// # Why a path ends only in its own call's answer
//
// Libraries have compared an argument with the numbers of later calls after a
// condition had failed, because they lay calls out one behind the other and fall
// from one into the next. Here there is no next. A program is a graph of nodes
// (builder.go), and each node says which variable it tests: the number, or a word
// of the arguments or of the instruction pointer. A jump from one to another leads to the second's load unless
// both test the same variable (emit.go: enter). So no test ever sees another's
// value. And the nodes below a number's leaf come from that number's rules alone:
// sharing merges nodes that test the same and lead to the same, never paths that
// differ.
//
// A number that is allowed whatever its arguments reaches its RET through tests of
// the number only, which the kernel's action cache needs (kernel/seccomp.c
// seccomp_is_const_allow).
package bpfgen

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// The instructions that Compile uses (man 2 seccomp; include/uapi/linux/bpf_common.h).
const (
	opLoad = 0x20 // BPF_LD | BPF_W | BPF_ABS
	opAND  = 0x54 // BPF_ALU | BPF_AND | BPF_K
	opJA   = 0x05 // BPF_JMP | BPF_JA
	opJEQ  = 0x15 // BPF_JMP | BPF_JEQ | BPF_K
	opJGE  = 0x35 // BPF_JMP | BPF_JGE | BPF_K
	opJSET = 0x45 // BPF_JMP | BPF_JSET | BPF_K
	opRET  = 0x06 // BPF_RET | BPF_K
)

// maxSkip is the farthest a conditional jump reaches: its offsets are 8 bits wide.
const maxSkip = 255

// selfPlaceholder stands for the process id until a program is bound. It is no
// process id, and no call takes it for a group or for all.
const selfPlaceholder = 0x80000000

// Errors of Compile.
var (
	ErrEmpty    = errors.New("bpfgen: no spans")
	ErrFirst    = errors.New("bpfgen: the first span does not begin at 0")
	ErrUnsorted = errors.New("bpfgen: spans are not in ascending order")
	ErrTooLong  = errors.New("bpfgen: the program is longer than the kernel's limit")
)

// A Program is the result of Compile.
type Program struct {
	Code []bpf.RawInstruction
	// Self are the instructions whose K is to become the process id.
	Self []int
	// Void are rules that no call reaches, because others answer before: they are
	// left out of Code.
	Void []Place
	// Undecided are spans whose rules are too many to say.
	Undecided []int
}

// A Place names a rule by the index of its span and its own.
type Place struct{ Span, Rule int }

// Compile returns the program that answers every call as spans say, and any of a
// foreign architecture with RET K=foreign. The spans begin at 0 and ascend; x32
// numbers (abi.X32Bit and above) are the caller's to cover. The same spans give
// the same program everywhere.
func Compile(spans []Span, foreign uint32) (Program, error) {
	if err := check(spans); err != nil {
		return Program{}, err
	}
	p := compile(spans, foreign, false)
	if len(p.Code) > abi.MaxInsns {
		// Looking at no variable twice can cost more than it saves.
		if q := compile(spans, foreign, true); len(q.Code) < len(p.Code) {
			p.Code, p.Self = q.Code, q.Self
		}
	}
	if len(p.Code) > abi.MaxInsns {
		return Program{Void: p.Void, Undecided: p.Undecided},
			fmt.Errorf("%w: %d instructions, %d are allowed", ErrTooLong, len(p.Code), abi.MaxInsns)
	}
	return p, nil
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

func compile(spans []Span, foreign uint32, linear bool) Program {
	var p Program
	b := builder{tests: make([]test, 0, len(spans)+48)}
	if slices.ContainsFunc(spans, func(s Span) bool { return len(s.Rules) > 0 }) {
		b.reserve()
	}
	choices := make([]choice, 0, len(spans))
	w := weigh(spans)
	for i := range spans {
		node := b.ret(spans[i].Ret)
		if len(spans[i].Rules) > 0 {
			node = b.rulesOnce(&p, i, spans, linear)
		}
		choices = appendChoice(choices, 0, choice{spans[i].Lo, node, w.of(spans, i)})
	}
	root := b.choose(number, choices)
	e := emitter{tests: b.tests, code: make([]bpf.RawInstruction, 0, 2*len(b.tests)+16)}
	e.program(root, foreign)
	slices.Reverse(e.code)
	for _, at := range e.self {
		p.Self = append(p.Self, len(e.code)-1-at)
	}
	slices.Sort(p.Self)
	p.Code = e.code
	return p
}

// rulesOnce compiles a span's rules, or finds that those of one of the spans before
// are the same: filters that watch a program give equal rules to hundreds of numbers.
// The node would be the same in any case; this saves the way to it.
func (b *builder) rulesOnce(p *Program, index int, spans []Span, linear bool) int32 {
	s := &spans[index]
	for i := range b.recent {
		r := &b.recent[i]
		if r.span == nil || !s.same(r.span) {
			continue
		}
		for _, rule := range r.void {
			p.Void = append(p.Void, Place{index, rule.Rule})
		}
		if r.undecided {
			p.Undecided = append(p.Undecided, index)
		}
		return r.node
	}
	void, undecided := len(p.Void), len(p.Undecided)
	node := b.rules(p, index, s, linear)
	b.recent[b.turn%len(b.recent)] = compiled{s, node, slices.Clone(p.Void[void:]), len(p.Undecided) > undecided}
	b.turn++
	return node
}

// rules compiles a span's rules, as a diagram if that is within the limits.
func (b *builder) rules(p *Program, index int, s *Span, linear bool) int32 {
	b.reached = append(b.reached[:0], make([]bool, len(s.Rules))...)
	node, ok := b.diagram(s.Rules, s.Ret, b.reached)
	if !ok {
		p.Undecided = append(p.Undecided, index)
		return b.linear(s.Rules, s.Ret)
	}
	for i, r := range b.reached {
		if !r {
			p.Void = append(p.Void, Place{index, i})
		}
	}
	if linear {
		return b.linear(s.Rules, s.Ret)
	}
	return node
}

// Weights say how much the paths to numbers matter. Those that the kernel answers
// from its action cache run no program then; they count by being looked up when the
// program is installed (kernel/seccomp.c seccomp_cache_prepare emulates it for every
// number) and on kernels before 5.11. Denied ones count by the former only.
type weights struct{ allowed, denied float32 } // of one number

const (
	deniedShare = 0.2  // of all denied numbers, where all allowed ones have 1
	askedShare  = 16   // of all calls whose arguments are looked at
	askedLeast  = 0.02 // of one such number
	lastNumber  = 600  // beyond it there is nothing to look up
)

func weigh(spans []Span) weights {
	var allowed, denied float32
	for i := range spans {
		if spans[i].Ret == abi.RetAllow || len(spans[i].Rules) > 0 {
			allowed += numbers(spans, i)
		} else {
			denied += numbers(spans, i)
		}
	}
	return weights{1 / max(allowed, 1), deniedShare / max(denied, 1)}
}

func (w weights) of(spans []Span, i int) float32 {
	switch s := &spans[i]; {
	case len(s.Rules) > 0:
		return w.allowed*numbers(spans, i) + askedShare*s.Weight + askedLeast
	case s.Ret == abi.RetAllow:
		return w.allowed * numbers(spans, i)
	default:
		return w.denied * numbers(spans, i)
	}
}

// numbers counts a span's numbers, up to lastNumber.
func numbers(spans []Span, i int) float32 {
	lo, end := spans[i].Lo, uint32(lastNumber+1)
	if i+1 < len(spans) {
		end = min(end, spans[i+1].Lo)
	}
	return float32(max(lo, end) - lo)
}
