// SPDX-License-Identifier: MIT

package sysargs

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// Format returns a call with its arguments as people read them: constants by name,
// flags joined by |, modes in octal, descriptors and lengths as decimal numbers,
// pointers in hex. It has as many arguments as the call; a call that the table does
// not know has all six registers in hex. The name of an unknown number is
// "syscall 999".
//
// Of an argument that the kernel reads as a 32-bit number the lower half is written.
// If the upper half holds anything but its sign, the whole register follows:
// "1 (register 0x100000001)".
func Format(nr uint32, args [6]uint64) string {
	var b strings.Builder
	b.WriteString(name(nr))
	b.WriteByte('(')
	for i := range Count(nr) {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(kindOf(nr, i, &args).format(args[i]))
	}
	b.WriteByte(')')
	return b.String()
}

// FormatArg formats argument i (the first is 0) of a call by itself. What depends on
// another argument, as the name of a socket option does on its level, is a number.
func FormatArg(nr uint32, i int, v uint64) string {
	args := row(nr)
	if i < 0 || i >= len(args) {
		return hex64.format(v)
	}
	return args[i].kind.format(v)
}

func name(nr uint32) string {
	if name, ok := sysno.Name(nr); ok {
		return name
	}
	return unnamed + strconv.FormatUint(uint64(nr), 10)
}

const unnamed = "syscall "

// kindOf is the kind of argument i next to the others.
func kindOf(nr uint32, i int, values *[6]uint64) *kind {
	args := row(nr)
	if args == nil {
		return &hex64
	}
	return args[i].kind.resolve(args, values, &allGiven)
}

var allGiven = [6]bool{true, true, true, true, true, true}

func (k *kind) format(v uint64) string {
	text := k.text(v & k.mask())
	if k.plain(v) {
		return text
	}
	return fmt.Sprintf("%s%s%#x)", text, register, v)
}

const register = " (register "

// plain reports whether the bits that the kernel does not read say nothing: they are
// zero or, in the upper half, the sign of the lower.
func (k *kind) plain(v uint64) bool {
	return v&^k.mask() == 0 || k.width == 32 && v == uint64(int64(int32(uint32(v))))
}

// text formats a value of which only the bits that the kernel reads are left.
func (k *kind) text(v uint64) string {
	switch k.class {
	case flags:
		return k.flags(v)
	case enum, decimal:
		if name, ok := find(k.values, v); ok {
			return name
		}
	case octal:
		return fmt.Sprintf("%#o", v)
	}
	switch {
	case k.signed && k.width == 32:
		return strconv.FormatInt(int64(int32(uint32(v))), 10)
	case k.signed:
		return strconv.FormatInt(int64(v), 10)
	case k.class == decimal, k.class == enum && v == 0:
		return strconv.FormatUint(v, 10)
	}
	return fmt.Sprintf("%#x", v)
}

// flags writes the fields, the flags and what has no name.
func (k *kind) flags(v uint64) string {
	if name, ok := find(k.exact, v); ok {
		return name
	}
	var names, last []string
	for _, f := range k.fields {
		name, ok := find(f.values, v&f.mask)
		if f.octal && v&f.mask != 0 {
			name, ok = fmt.Sprintf("%#o", v&f.mask), true
		}
		switch {
		case !ok: // stays in v
			continue
		case f.last:
			last = append(last, name)
		default:
			names = append(names, name)
		}
		v &^= f.mask
	}
	for _, f := range k.values {
		if f.v != 0 && v&f.v == f.v {
			names = append(names, f.name)
			v &^= f.v
		}
	}
	if names = append(names, last...); v != 0 {
		names = append(names, fmt.Sprintf("%#x", v))
	}
	if len(names) == 0 {
		return "0"
	}
	return strings.Join(names, "|")
}

func find(values []value, v uint64) (string, bool) {
	for _, c := range values {
		if c.v == v {
			return c.name, true
		}
	}
	return "", false
}
