// SPDX-License-Identifier: MIT

package bpfgen

import "slices"

// A Span answers all numbers from Lo up to the next span's Lo-1 (the last one:
// up to 0xffffffff): by the first of Rules whose conditions all hold, else by Ret.
type Span struct {
	Lo    uint32
	Ret   uint32
	Rules []Rule
	// Weight is how often the span's numbers are called, as a share of all calls;
	// it matters only for spans whose answer the kernel cannot cache.
	Weight float32
}

// A Rule answers calls for which all conditions hold.
type Rule struct {
	When []Cond
	Ret  uint32
}

// Op is what a condition compares with.
type Op uint8

const (
	In      Op = iota // the value is one of Values
	Between           // A <= value <= B
	Masked            // value & A == B
	Self              // the value is the process id, put in when the program is bound
)

// A Cond is one condition on an argument, or on the instruction pointer: on all 64
// bits if Wide, else on the lower 32 as if the upper were not there. Not turns it
// round.
type Cond struct {
	Arg    int  // 0 to 5
	IP     bool // the instruction pointer instead of an argument
	Wide   bool
	Not    bool
	Op     Op
	A, B   uint64
	Values []uint64
}

// same reports whether two spans answer every call alike because they say the same.
func (s *Span) same(t *Span) bool {
	return s.Ret == t.Ret && slices.EqualFunc(s.Rules, t.Rules, func(x, y Rule) bool {
		return x.Ret == y.Ret && slices.EqualFunc(x.When, y.When, Cond.same)
	})
}

func (c Cond) same(d Cond) bool {
	return c.Arg == d.Arg && c.IP == d.IP && c.Wide == d.Wide && c.Not == d.Not && c.Op == d.Op &&
		c.A == d.A && c.B == d.B && slices.Equal(c.Values, d.Values)
}

// An Input is what the conditions of one call are about.
type Input struct {
	Args [6]uint64
	IP   uint64
}

// ipWord is the lower word of the instruction pointer, as variable counts words.
const ipWord = 12

// word is the lower of the two words that a condition is about.
func (c *Cond) word() uint8 {
	if c.IP {
		return ipWord
	}
	return uint8(2 * c.Arg)
}

// set gives a word a value.
func (in *Input) set(word uint8, value uint32) {
	field := &in.IP
	if word < ipWord {
		field = &in.Args[word/2]
	}
	*field |= uint64(value) << (32 * (word % 2))
}
