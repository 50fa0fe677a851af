// SPDX-License-Identifier: MIT

// Package sysargs knows what the arguments of linux/amd64 system calls mean: it
// writes calls as people read them, reads calls that people write, and says which
// arguments choose what a call does. It is tables and pure Go, on every operating
// system.
package sysargs

import "github.com/syscall-sandbox/sandbox/internal/sysno"

// An arg is one argument of a call: its name in the man page and what it is.
type arg struct {
	name string
	kind *kind
}

// A kind says how the kernel reads an argument and how people do.
type kind struct {
	class  class
	width  uint    // bits that the kernel reads; the rest of the register is ignored
	signed bool    // the kernel's type is signed: numbers may be negative
	exact  []value // flags: numbers that have a name as a whole, such as 0
	values []value
	fields []field // flags: bits that hold a number

	// What the argument means depends on argument on (a lower one): the first of
	// cases that has its value under onMask. Without one, the kind is this one.
	on     int
	onMask uint64 // 0: all bits that the kernel reads
	cases  []choice
}

type class uint8

const (
	hex     class = iota // what has no better form
	pointer              // an address in memory; may be written as a string
	decimal              // descriptors, lengths, ids; values holds those with a name
	octal                // modes of files
	enum                 // one of values; chooses what the call does
	flags                // values joined by |; choose what the call does
)

// A value is a constant. Where several have the same number, the first is written
// and all are read; flags that contain others come before them.
type value struct {
	v    uint64
	name string
}

// A field is a number inside of flags.
type field struct {
	mask   uint64
	last   bool // written after the flags, not before
	octal  bool // permissions; a number without names
	values []value
}

type choice struct {
	v    uint64
	kind *kind
}

var (
	fd         = kind{class: decimal, width: 32, signed: true}
	dirfd      = kind{class: decimal, width: 32, signed: true, values: []value{{0xffffff9c, "AT_FDCWD"}}}
	integer    = kind{class: decimal, width: 32, signed: true} // int: pids, counts, timeouts
	unsigned   = kind{class: decimal, width: 32}
	id         = kind{class: decimal, width: 32, values: []value{{0xffffffff, "-1"}}} // of a user or group; -1 is "leave it"
	size       = kind{class: decimal, width: 64}
	offset     = kind{class: decimal, width: 64, signed: true}
	ptr        = kind{class: pointer, width: 64}
	hex32      = kind{class: hex, width: 32}
	hex64      = kind{class: hex, width: 64}
	mode32     = kind{class: octal, width: 32} // umask's is an int
	mode       = kind{class: octal, width: 16} // umode_t is an unsigned short
	command    = kind{class: enum, width: 32}  // an enumeration whose names are not in a table
	flagBits   = kind{class: flags, width: 32} // flags that have no names yet
	flagBits64 = kind{class: flags, width: 64}
)

// mask is the bits that the kernel reads.
func (k *kind) mask() uint64 { return ^uint64(0) >> (64 - k.width) }

// chosen reports whether the argument chooses what the call does.
func (k *kind) chosen() bool { return k.class == enum || k.class == flags }

// resolve returns the kind that the argument has next to the arguments args, of
// which only those in given are known. It has cases only if what decides is not.
func (k *kind) resolve(args []arg, values *[6]uint64, given *[6]bool) *kind {
	if k.cases == nil || !given[k.on] {
		return k
	}
	mask := args[k.on].kind.mask()
	if k.onMask != 0 {
		mask = k.onMask
	}
	for _, c := range k.cases {
		if c.v == values[k.on]&mask {
			return c.kind
		}
	}
	other := *k
	other.cases = nil
	return &other
}

// extend is a constant's value as a register holds it: a negative one fills it, as
// Go passes it; C leaves the upper half 0, and the kernel does not read it.
func (k *kind) extend(v uint64) uint64 {
	if k.signed && k.width == 32 && v <= 0xffffffff {
		return uint64(int64(int32(uint32(v))))
	}
	return v
}

// row returns the arguments of a call; nil means not known, empty means none.
func row(nr uint32) []arg {
	if nr > sysno.Max {
		return nil
	}
	return calls[nr]
}

// Count is how many arguments the call takes; 6 if that is not known.
func Count(nr uint32) int {
	if args := row(nr); args != nil {
		return len(args)
	}
	return 6
}

// Chosen reports which bits of argument i (the first is 0) choose what the call
// does, as commands, flags, families and protections do: those that the kernel reads
// (^0 or 0xffffffff). It is 0 for data (descriptors, pointers, lengths, modes, ids),
// for what is data or not by another argument (prctl's arg2) and for what is not
// known.
func Chosen(nr uint32, i int) uint64 {
	args := row(nr)
	if i < 0 || i >= len(args) || !args[i].kind.chosen() {
		return 0
	}
	return args[i].kind.mask()
}
