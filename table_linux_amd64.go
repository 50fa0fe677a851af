// SPDX-License-Identifier: MIT

package sandbox

import (
	"runtime"
	"slices"
	"sync/atomic"
	"time"
	"unsafe" // for the text that a return address points into

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// The table of violations, which record_linux_amd64.s fills in signal context and
// ordinary Go reads. It is a hash table that only grows: an entry, once shown, does
// not change but for its count, so readers need no lock and meet no half-written one.
// Where the table is full, lost counts by syscall number.

const (
	tableSize = 1 << 13
	maxPCs    = 47
)

// An entry is one distinct violation. The layout is the assembly's.
type entry struct {
	_     uint64 // the hash: record_linux_amd64.s
	count uint64
	nr    uint32
	label uint32
	tid   uint32
	done  uint32 // the reader has reported it
	ip    uint64
	args  [abi.NumArgs]uint64
	time  [2]int64 // struct timespec, CLOCK_REALTIME
	comm  [16]byte
	leaf  uint64 // on top of the stack: where a function without frame returns to
	npcs  uint64
	pcs   [maxPCs]uint64
}

var (
	table [tableSize]entry
	order [tableSize]uint32 // slot+1 of the entries that are shown, in order of their insertion
	used  uint32
	lost  [maxNumbers]uint64

	// chosen are the bits of the arguments that choose what a call does, and so tell
	// violations apart.
	chosen [maxNumbers][abi.NumArgs]uint64

	// walks is 1 where the handler may follow frame pointers.
	//lint:ignore U1000 read by record_linux_amd64.s
	walks uint32

	// waking is 1 from the first insertion on until the reader looks; wakeFD is where
	// the handler writes then.
	waking uint32
	wakeFD uint32
)

// A label is what the instances of equal policies and thread names share: the part
// of a violation's identity that outlives the thread.
type label struct {
	chain  chain
	thread string // "": the kernel's name of it
}

// labels only grow; the reader sees them without a lock, which a dying thread may
// hold. The state must be locked for additions.
var labels atomic.Pointer[[]label]

// maxLabels bounds the memory of a program that gives every thread a name of its
// own; threads beyond it go by the kernel's name. Where that is not enough, because it
// makes policies without end too, they go by the first of the same policy name.
const maxLabels = 4096

func addLabel(c chain, thread string) uint32 {
	var all []label
	if p := labels.Load(); p != nil {
		all = *p
	}
	if len(all) >= maxLabels {
		thread = ""
	}
	for i, l := range all {
		if l.thread == thread && l.chain.same(c) {
			return uint32(i)
		}
	}
	if len(all) >= 2*maxLabels {
		return uint32(max(0, slices.IndexFunc(all, func(l label) bool { return l.chain.last() == c.last() })))
	}
	all = append(slices.Clone(all), label{c, thread})
	labels.Store(&all)
	return uint32(len(all) - 1)
}

// entries yields what is shown, in order of insertion.
func entries(yield func(slot uint32, e *entry) bool) {
	for i := range min(atomic.LoadUint32(&used), tableSize) {
		// 0: claimed just now, or by a child process that died in between.
		if slot := atomic.LoadUint32(&order[i]); slot != 0 && !yield(slot-1, &table[slot-1]) {
			return
		}
	}
}

func (e *entry) call() seccomp.Call {
	return seccomp.Call{Arch: abi.AuditArchX86_64, Nr: e.nr, IP: e.ip, Args: e.args}
}

func (e *entry) at() label { return (*labels.Load())[e.label] }

func (e *entry) when() time.Time { return time.Unix(e.time[0], e.time[1]) }

// thread is the name of the thread that was first.
func (e *entry) thread() string {
	if name := e.at().thread; name != "" {
		return name
	}
	name := e.comm[:]
	if i := slices.Index(name, 0); i >= 0 {
		name = name[:i]
	}
	return string(name)
}

// stack names the functions on the stack, innermost first. The function with the
// call instruction often has no frame; then what it returns to is on top of the
// stack, and the chain of frame pointers begins one further out.
func (e *entry) stack() []Frame {
	pcs := []uintptr{uintptr(e.ip)}
	if leaf := uintptr(e.leaf); calledFrom(leaf, uintptr(e.ip)) {
		pcs = append(pcs, leaf)
	}
	for _, pc := range e.pcs[:min(e.npcs, maxPCs)] {
		pcs = append(pcs, uintptr(pc))
	}
	var stack []Frame
	frames := runtime.CallersFrames(pcs)
	for {
		f, more := frames.Next()
		if f.Function != "" { // not code of C
			stack = append(stack, Frame{Func: f.Function, File: f.File, Line: f.Line, PC: uint64(f.PC)})
		}
		if !more {
			return stack
		}
	}
}

// calledFrom reports whether the instruction before ret is a call of the function
// that ip is in: CALL rel32, e8 and four bytes. Both addresses must be Go's.
func calledFrom(ret, ip uintptr) bool {
	f := runtime.FuncForPC(ip)
	if f == nil || runtime.FuncForPC(ret) == nil || runtime.FuncForPC(ret-5) == nil {
		return false
	}
	code := *(*[5]byte)(unsafe.Add(unsafe.Pointer(nil), ret-5)) // text, never moved or freed
	rel := int32(uint32(code[1]) | uint32(code[2])<<8 | uint32(code[3])<<16 | uint32(code[4])<<24)
	return code[0] == 0xe8 && ret+uintptr(rel) == f.Entry()
}
