// SPDX-License-Identifier: MIT

package seccomp

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/syscall-sandbox/sandbox/internal/bpfgen"
)

// An Arg is one argument of a call and how much of it the kernel reads. For a
// system call that takes an int (most file descriptors, flags, commands) the
// kernel ignores the upper half of the register: compare 32 bits, or code that sets
// the upper half gets past. For pointers, sizes and long arguments compare 64. What is
// no argument but is compared like one is [UnsafeIP].
type Arg struct {
	index int
	wide  bool
	ip    bool // the instruction pointer, whatever index is
}

// Arg32 is the lower 32 bits of argument i, 0 to 5, whatever the upper 32 are.
func Arg32(i int) Arg { return Arg{index: i} }

// Arg64 is all 64 bits of argument i, 0 to 5.
func Arg64(i int) Arg { return Arg{index: i, wide: true} }

// UnsafeIP is the address after the call instruction, all 64 bits: what [Call] has as
// IP and struct seccomp_data as instruction_pointer. It is no argument, but is compared
// like one. A call that is asked for it is never answered by the kernel's action cache.
//
// # Security
//
// An address says nothing about who calls: any code can jump to a call instruction
// that is let through. And addresses repeat: a program that is not position independent
// has its code where others have theirs, and inherits the filter when it is executed.
// Use it only to report calls or to let executed programs run free, never to allow
// what is otherwise refused.
func UnsafeIP() Arg { return Arg{wide: true, ip: true} }

// Int is a negative number as Arg32 sees it: Arg32(0).Is(Int(-100)) is AT_FDCWD.
func Int(v int32) uint64 { return uint64(uint32(v)) }

// A Cond is one condition on an argument or on [UnsafeIP]. All comparisons are of unsigned numbers.
// A mistake in it (an argument above 5, a value wider than the argument) is reported
// by [Filter.Compile].
type Cond struct {
	c bpfgen.Cond
}

func (a Arg) cond(op bpfgen.Op, x, y uint64) Cond {
	return Cond{bpfgen.Cond{Arg: a.index, IP: a.ip, Wide: a.wide, Op: op, A: x, B: y}}
}

// Is holds if the argument is one of the values.
func (a Arg) Is(values ...uint64) Cond {
	c := a.cond(bpfgen.In, 0, 0)
	c.c.Values = slices.Clone(values)
	return c
}

// Not holds if the argument is none of the values.
func (a Arg) Not(values ...uint64) Cond {
	c := a.Is(values...)
	c.c.Not = true
	return c
}

// Less holds if the argument is less than v.
func (a Arg) Less(v uint64) Cond {
	c := a.cond(bpfgen.Between, v, a.max())
	c.c.Not = true
	return c
}

// LessOrEqual holds if the argument is at most v.
func (a Arg) LessOrEqual(v uint64) Cond { return a.cond(bpfgen.Between, 0, v) }

// Greater holds if the argument is greater than v.
func (a Arg) Greater(v uint64) Cond {
	c := a.cond(bpfgen.Between, 0, v)
	c.c.Not = true
	return c
}

// GreaterOrEqual holds if the argument is at least v.
func (a Arg) GreaterOrEqual(v uint64) Cond { return a.cond(bpfgen.Between, v, a.max()) }

// Between holds if the argument is at least lo and at most hi.
func (a Arg) Between(lo, hi uint64) Cond { return a.cond(bpfgen.Between, lo, hi) }

// Masked holds if argument & mask == v.
func (a Arg) Masked(mask, v uint64) Cond { return a.cond(bpfgen.Masked, mask, v) }

// Only holds if no bit outside mask is set: flags of which only these are allowed.
func (a Arg) Only(mask uint64) Cond { return a.cond(bpfgen.Masked, ^mask&a.max(), 0) }

// IsSelf holds if the argument is the id of the process that installs the filter,
// put in by [SetFilter] or [Program.ForPID]. Until then no argument fits. A child
// process inherits the filter with its parent's id.
func (a Arg) IsSelf() Cond { return a.cond(bpfgen.Self, 0, 0) }

func (a Arg) max() uint64 {
	if a.wide {
		return math.MaxUint64
	}
	return math.MaxUint32
}

// holds is the condition in plain Go. IsSelf holds for no argument: see
// Filter.ForPID.
func (c *Cond) holds(call *Call) bool {
	v := call.IP
	if !c.c.IP {
		v = call.Args[c.c.Arg]
	}
	if !c.c.Wide {
		v = uint64(uint32(v))
	}
	var holds bool
	switch c.c.Op {
	case bpfgen.In:
		holds = slices.Contains(c.c.Values, v)
	case bpfgen.Between:
		holds = c.c.A <= v && v <= c.c.B
	case bpfgen.Masked:
		holds = v&c.c.A == c.c.B
	}
	return holds != c.c.Not
}

// mistake says why a condition makes no sense, or returns "".
func (c *Cond) mistake() string {
	if !c.c.IP && (c.c.Arg < 0 || c.c.Arg > 5) {
		return fmt.Sprintf("a call has arguments 0 to 5, not %d", c.c.Arg)
	}
	limit := Arg{wide: c.c.Wide}.max()
	for _, v := range append([]uint64{c.c.A, c.c.B}, c.c.Values...) {
		if v > limit {
			return fmt.Sprintf("%s: %#x is wider than 32 bits: use Arg64, or Int for a negative number", c, v)
		}
	}
	switch {
	case c.c.Op == bpfgen.Self && c.c.IP:
		return "ip is an address and no process id"
	case c.c.Op == bpfgen.In && len(c.c.Values) == 0:
		return fmt.Sprintf("%s is compared with no value", c.name())
	case c.c.Op == bpfgen.Between && c.c.A > c.c.B:
		return fmt.Sprintf("%s: %#x is greater than %#x", c.name(), c.c.A, c.c.B)
	case c.c.Op == bpfgen.Masked && c.c.B&^c.c.A != 0:
		return fmt.Sprintf("%s & %#x is never %#x", c.name(), c.c.A, c.c.B)
	}
	return ""
}

// name is what a condition is about, without its width.
func (c *Cond) name() string {
	if c.c.IP {
		return "ip"
	}
	return fmt.Sprintf("arg%d", c.c.Arg)
}

// String returns the condition as a formula: "arg1 == 0x5401", "arg0:32 & 0xf == 0x1",
// "ip not in 0x401000..0x5fffff".
func (c Cond) String() string {
	name := c.name()
	if !c.c.Wide {
		name += ":32"
	}
	not := func(yes, no string) string {
		if c.c.Not {
			return no
		}
		return yes
	}
	limit := Arg{wide: c.c.Wide}.max()
	switch {
	case c.c.Op == bpfgen.Self:
		return name + not(" == ", " != ") + "own pid"
	case c.c.Op == bpfgen.Masked:
		return fmt.Sprintf("%s & %#x%s%#x", name, c.c.A, not(" == ", " != "), c.c.B)
	case c.c.Op == bpfgen.Between && c.c.A == 0:
		return fmt.Sprintf("%s%s%#x", name, not(" <= ", " > "), c.c.B)
	case c.c.Op == bpfgen.Between && c.c.B == limit:
		return fmt.Sprintf("%s%s%#x", name, not(" >= ", " < "), c.c.A)
	case c.c.Op == bpfgen.Between:
		return fmt.Sprintf("%s%s%#x..%#x", name, not(" in ", " not in "), c.c.A, c.c.B)
	case len(c.c.Values) == 1:
		return fmt.Sprintf("%s%s%#x", name, not(" == ", " != "), c.c.Values[0])
	}
	values := make([]string, len(c.c.Values))
	for i, v := range c.c.Values {
		values[i] = fmt.Sprintf("%#x", v)
	}
	return name + not(" in {", " not in {") + strings.Join(values, ", ") + "}"
}
