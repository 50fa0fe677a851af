// SPDX-License-Identifier: MIT

package seccomp

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/bpfgen"
	"github.com/syscall-sandbox/sandbox/internal/bpfsim"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// A Rule gives one call its action.
type Rule struct {
	Call   string // the kernel's name: "openat"
	Action Action
	Reason string // for people; it does not change the program
}

// A Filter is a decision about every system call. Its zero value kills the
// process on any. Calls of a foreign architecture and of the x32 ABI kill
// whatever it says.
type Filter struct {
	Default Action // of the numbers that this library's table knows and no rule names
	Unknown Action // of the other numbers below 0x40000000: gaps, and calls newer than the table
	Rules   []Rule // at most one for each call, in any order
}

// Decide returns what the filter answers to a call, and the rule that says so:
// nil for Default, Unknown and what always kills. The rule is a copy. Decide reads the
// filter as it stands and does not use the compiler; of a filter that
// Compile refuses it evaluates what is left: the first rule of a call counts.
func (f Filter) Decide(c Call) (Action, *Rule) {
	if !c.Native() {
		return KillProcess, nil
	}
	name := c.Name()
	if name == "" {
		return f.Unknown, nil
	}
	for _, r := range f.Rules {
		if r.Call == name {
			return r.Action, &r
		}
	}
	return f.Default, nil
}

// Compile returns the program that answers as Decide does. It asks the kernel
// nothing. It reports all mistakes, joined with [errors.Join], each a
// [*RuleError]: names that linux/amd64 does not have, a second rule for a call,
// actions that do not exist, errno values outside 1..4094.
func (f Filter) Compile() (*Program, error) {
	numbers, err := f.check()
	if err != nil {
		return nil, err
	}
	code, err := bpfgen.Compile(f.spans(numbers))
	if err != nil {
		return nil, fmt.Errorf("seccomp: %w", err)
	}
	// The kernel would say the same, but with a bare EINVAL.
	if err := bpfsim.Verify(code); err != nil {
		return nil, fmt.Errorf("seccomp: the compiled program is invalid: %w", err)
	}
	return &Program{code: code}, nil
}

// A numbered is the action of a rule by number.
type numbered struct {
	nr     uint32
	action Action
}

// check returns the rules' numbers in ascending order, or all mistakes.
func (f Filter) check() ([]numbered, error) {
	var (
		errs    []error
		first   [sysno.Max + 1]int // index+1 of the first rule of a number
		numbers = make([]numbered, 0, len(f.Rules))
	)
	mistake := func(index int, call, reason, nearest string) {
		errs = append(errs, &RuleError{Index: index, Call: call, Reason: reason, Nearest: nearest})
	}
	if reason := f.Default.invalid(); reason != "" {
		mistake(-1, "", "default: "+reason, "")
	}
	if reason := f.Unknown.invalid(); reason != "" {
		mistake(-1, "", "unknown: "+reason, "")
	}
	for i, r := range f.Rules {
		if reason := r.Action.invalid(); reason != "" {
			mistake(i, r.Call, reason, "")
		}
		nr, ok := sysno.Number(r.Call)
		switch {
		case !ok:
			mistake(i, r.Call, "linux/amd64 has no call of this name", sysno.Nearest(r.Call))
		case first[nr] != 0:
			mistake(i, r.Call, fmt.Sprintf("rule %d is for the same call", first[nr]-1), "")
		default:
			first[nr] = i + 1
			numbers = append(numbers, numbered{nr, r.Action})
		}
	}
	slices.SortFunc(numbers, func(a, b numbered) int { return cmp.Compare(a.nr, b.nr) })
	return numbers, errors.Join(errs...)
}

// spans returns the answer of every 32-bit number.
func (f Filter) spans(numbers []numbered) []bpfgen.Span {
	spans := make([]bpfgen.Span, 0, 2*len(numbers)+64)
	add := func(lo uint32, a Action) {
		if n := len(spans); n == 0 || spans[n-1].Ret != a.Value() {
			spans = append(spans, bpfgen.Span{Lo: lo, Ret: a.Value()})
		}
	}
	for nr := uint32(0); nr <= sysno.Max; nr++ {
		switch {
		case len(numbers) > 0 && numbers[0].nr == nr:
			add(nr, numbers[0].action)
			numbers = numbers[1:]
		case sysno.Known(nr):
			add(nr, f.Default)
		default:
			add(nr, f.Unknown)
		}
	}
	add(sysno.Max+1, f.Unknown)
	add(abi.X32Bit, KillProcess)
	return spans
}
