// SPDX-License-Identifier: MIT

package bpfgen

import (
	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// A builder holds the program in reverse: code[0] is its last instruction, and
// an instruction can only jump to a lower index.
type builder struct {
	groups []chunk
	code   []bpf.RawInstruction
	rets   []end
}

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

func (b *builder) program() {
	body := b.tree(0, len(b.groups))
	// The load must be followed by the tree's first test. A tree that is one
	// RET has none yet.
	b.fallInto(body)
	b.emit(bpf.RawInstruction{Op: opLoad, K: abi.OffNr})
	load := target{pos: len(b.code) - 1}
	b.test(opJEQ, abi.AuditArchX86_64, load, target{isRet: true, ret: abi.RetKillProcess})
	b.emit(bpf.RawInstruction{Op: opLoad, K: abi.OffArch})
}

// tree answers the numbers of groups i to j-1 and returns where it begins.
func (b *builder) tree(i, j int) target {
	if j-i == 1 {
		return b.leaf(&b.groups[i])
	}
	mid := i + (j-i)/2
	high := b.tree(mid, j)
	low := b.tree(i, mid)
	return b.test(opJGE, b.groups[mid].lo, high, low)
}

// leaf answers the numbers of one group.
func (b *builder) leaf(c *chunk) target {
	t := target{isRet: true, ret: c.ret}
	for k := len(c.holes) - 1; k >= 0; k-- {
		t = b.test(opJEQ, c.holes[k].Lo, target{isRet: true, ret: c.holes[k].Ret}, t)
	}
	return t
}

// test emits a conditional jump, and what it needs behind it to reach its targets.
func (b *builder) test(op uint16, k uint32, yes, no target) target {
	yesPos, yesOK := b.reach(yes)
	noPos, noOK := b.reach(no)
	// Each round adds one instruction behind the jump, which moves the other
	// target one farther away and so may put it out of reach: at most two more rounds
	// follow, because what was added stays within reach.
	for !yesOK || !noOK {
		if !yesOK {
			yes = b.trampoline(yes)
		} else {
			no = b.trampoline(no)
		}
		yesPos, yesOK = b.reach(yes)
		noPos, noOK = b.reach(no)
	}
	at := len(b.code)
	b.emit(bpf.RawInstruction{Op: op, Jt: uint8(at - 1 - yesPos), Jf: uint8(at - 1 - noPos), K: k})
	return target{pos: at}
}

// reach returns where t stands, and whether the next instruction can jump there.
func (b *builder) reach(t target) (pos int, ok bool) {
	pos = t.pos
	if t.isRet {
		if pos, ok = b.find(t.ret); !ok {
			return 0, false
		}
	}
	return pos, len(b.code)-1-pos <= maxSkip
}

// find returns the position of the newest RET with a value.
func (b *builder) find(ret uint32) (int, bool) {
	for i := len(b.rets) - 1; i >= 0; i-- {
		if b.rets[i].ret == ret {
			return b.rets[i].pos, true
		}
	}
	return 0, false
}

// trampoline emits an instruction that does what t does, within reach of the next.
func (b *builder) trampoline(t target) target {
	at := len(b.code)
	if !t.isRet {
		b.emit(bpf.RawInstruction{Op: opJA, K: uint32(at - 1 - t.pos)})
		return target{pos: at}
	}
	b.emit(bpf.RawInstruction{Op: opRET, K: t.ret})
	// Ends out of every later jump's reach are forgotten, so that find stays short.
	keep := b.rets[:0]
	for _, e := range b.rets {
		if e.ret != t.ret && at-e.pos <= maxSkip {
			keep = append(keep, e)
		}
	}
	b.rets = append(keep, end{t.ret, at})
	return t
}

// fallInto makes t the instruction that follows the next one emitted.
func (b *builder) fallInto(t target) {
	pos, ok := b.reach(t)
	if !ok || pos != len(b.code)-1 {
		b.trampoline(t)
	}
}

func (b *builder) emit(i bpf.RawInstruction) {
	b.code = append(b.code, i)
}
