// SPDX-License-Identifier: MIT

package bpfgen

import (
	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// An emitter lays nodes out. The program is built in reverse: code[0] is its last
// instruction, and an instruction can only jump to a lower index.
//
// A test finds its variable in the accumulator, or its load stands right before it
// ("ld word", "and mask" if masked, test). Which of the three a jump leads to
// depends on the variable of the test that it comes from: that is all that is ever
// known of the accumulator, and it is known for certain, because nothing but these
// loads changes it.
type emitter struct {
	tests  []test
	places []place
	code   []bpf.RawInstruction
	rets   []end
	self   []int // where the process id goes, counted from the end
}

// A place is where a node stands, once emitted: its test, and what comes before.
type place struct {
	at, and, load int32
	entries       entry
	done          bool
}

type entry uint8

const (
	entryTest entry = 1 << iota // the variable is in the accumulator
	entryAnd                    // the word is, but not masked
	entryLoad                   // something else is
)

// An end is where the newest RET with a value stands.
type end struct {
	ret uint32
	pos int
}

// A target is what a jump leads to: the code at pos, or, if isRet, any RET with
// the value ret, wherever one is within reach.
type target struct {
	isRet bool
	ret   uint32
	pos   int
}

// nrWord is the variable of the call's number.
const nrWord = ipWord + 2

var number = variable{word: nrWord, mask: ^uint32(0)}

func (v variable) offset() uint32 {
	switch {
	case v.word == nrWord:
		return abi.OffNr
	case v.word >= ipWord:
		return abi.OffIP + 4*uint32(v.word-ipWord)
	}
	return abi.OffArgs + 4*uint32(v.word)
}

// enter is where to enter a test of v from a test of from.
func enter(from, v variable) entry {
	switch {
	case from.word != v.word:
		return entryLoad
	case from.mask == v.mask:
		return entryTest
	case from.mask == ^uint32(0):
		return entryAnd
	default:
		return entryLoad
	}
}

// program emits everything: the nodes below root, and before them the check of the
// architecture and the load of the number.
func (e *emitter) program(root int32, foreign uint32) {
	e.places = make([]place, len(e.tests))
	e.enter(number, root)
	e.node(root)
	body := e.target(number, root)
	e.fallInto(body)
	e.emit(bpf.RawInstruction{Op: opLoad, K: abi.OffNr})
	load := target{pos: len(e.code) - 1}
	e.jump(opJEQ, abi.AuditArchX86_64, load, target{isRet: true, ret: foreign})
	e.emit(bpf.RawInstruction{Op: opLoad, K: abi.OffArch})
}

// enter notes by which entries nodes are reached.
func (e *emitter) enter(from variable, n int32) {
	t := &e.tests[n]
	if t.op == opRET {
		return
	}
	p := &e.places[n]
	first := p.entries == 0
	p.entries |= enter(from, t.v)
	if first {
		e.enter(t.v, t.yes)
		e.enter(t.v, t.no)
	}
}

// node emits a node and before it what it leads to.
func (e *emitter) node(n int32) {
	t, p := &e.tests[n], &e.places[n]
	if t.op == opRET || p.done {
		return
	}
	p.done = true
	e.node(t.yes)
	e.node(t.no)
	e.jump(t.op, t.k, e.target(t.v, t.yes), e.target(t.v, t.no))
	p.at = int32(len(e.code) - 1)
	if t.v.self {
		e.self = append(e.self, len(e.code)-1)
	}
	masked := t.v.mask != ^uint32(0)
	if masked && p.entries&(entryAnd|entryLoad) != 0 {
		e.emit(bpf.RawInstruction{Op: opAND, K: t.v.mask})
		p.and = int32(len(e.code) - 1)
	}
	if p.entries&entryLoad != 0 {
		e.emit(bpf.RawInstruction{Op: opLoad, K: t.v.offset()})
		p.load = int32(len(e.code) - 1)
	}
}

func (e *emitter) target(from variable, n int32) target {
	t, p := &e.tests[n], &e.places[n]
	if t.op == opRET {
		return target{isRet: true, ret: t.k}
	}
	switch enter(from, t.v) {
	case entryTest:
		return target{pos: int(p.at)}
	case entryAnd:
		return target{pos: int(p.and)}
	default:
		return target{pos: int(p.load)}
	}
}

// jump emits a conditional jump, and what it needs behind it to reach its targets.
func (e *emitter) jump(op uint16, k uint32, yes, no target) {
	yesPos, yesOK := e.reach(yes)
	noPos, noOK := e.reach(no)
	// Each round adds one instruction behind the jump, which moves the other
	// target one farther away and so may put it out of reach: at most two more
	// rounds follow, because what was added stays within reach.
	for !yesOK || !noOK {
		if !yesOK {
			yes = e.trampoline(yes)
		} else {
			no = e.trampoline(no)
		}
		yesPos, yesOK = e.reach(yes)
		noPos, noOK = e.reach(no)
	}
	at := len(e.code)
	e.emit(bpf.RawInstruction{Op: op, Jt: uint8(at - 1 - yesPos), Jf: uint8(at - 1 - noPos), K: k})
}

// reach returns where t stands, and whether the next instruction can jump there.
func (e *emitter) reach(t target) (pos int, ok bool) {
	pos = t.pos
	if t.isRet {
		if pos, ok = e.find(t.ret); !ok {
			return 0, false
		}
	}
	return pos, len(e.code)-1-pos <= maxSkip
}

// find returns the position of the newest RET with a value.
func (e *emitter) find(ret uint32) (int, bool) {
	for i := len(e.rets) - 1; i >= 0; i-- {
		if e.rets[i].ret == ret {
			return e.rets[i].pos, true
		}
	}
	return 0, false
}

// trampoline emits an instruction that does what t does, within reach of the next.
func (e *emitter) trampoline(t target) target {
	at := len(e.code)
	if !t.isRet {
		e.emit(bpf.RawInstruction{Op: opJA, K: uint32(at - 1 - t.pos)})
		return target{pos: at}
	}
	e.emit(bpf.RawInstruction{Op: opRET, K: t.ret})
	// Ends out of every later jump's reach are forgotten, so that find stays short.
	keep := e.rets[:0]
	for _, end := range e.rets {
		if end.ret != t.ret && at-end.pos <= maxSkip {
			keep = append(keep, end)
		}
	}
	e.rets = append(keep, end{t.ret, at})
	return t
}

// fallInto makes t the instruction that follows the next one emitted.
func (e *emitter) fallInto(t target) {
	pos, ok := e.reach(t)
	if !ok || pos != len(e.code)-1 {
		e.trampoline(t)
	}
}

func (e *emitter) emit(i bpf.RawInstruction) {
	e.code = append(e.code, i)
}
