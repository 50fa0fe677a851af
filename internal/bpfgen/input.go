// SPDX-License-Identifier: MIT

package bpfgen

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

// A Cond is one condition on an argument: on all 64 bits if Wide, else on the lower
// 32 as if the upper were not there. Not turns it round.
type Cond struct {
	Arg    int // 0 to 5
	Wide   bool
	Not    bool
	Op     Op
	A, B   uint64
	Values []uint64
}
