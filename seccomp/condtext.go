// SPDX-License-Identifier: MIT

package seccomp

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/syscall-sandbox/sandbox/internal/bpfgen"
)

// ParseConds reads conditions joined by " && ", all of which must hold; of empty text none.
func ParseConds(s string) (conds []Cond, err error) {
	if s == "" {
		return nil, nil
	}
	for text := range strings.SplitSeq(s, " && ") {
		c, err := ParseCond(text)
		if err != nil {
			return nil, err
		}
		conds = append(conds, c)
	}
	return conds, nil
}

// ParseCond reads what [Cond.String] writes; numbers may be decimal too. Below, v
// stands for arg0 to arg5 (64 bits), arg0:32 to arg5:32, or ip ([UnsafeIP]):
//
//	v == 0x1            v != 0x1
//	v < 0x1             v <= 0x1           v > 0x1         v >= 0x1
//	v in {0x1, 0x2}     v not in {0x1, 0x2}
//	v in 0x1..0x5       v not in 0x1..0x5
//	v & 0xf == 0x1      v & 0xf != 0x1
//	v == own pid        v != own pid       (not for ip)
func ParseCond(s string) (Cond, error) {
	fail := func() (Cond, error) {
		return Cond{}, fmt.Errorf("seccomp: condition %q: want a formula such as %q", s, "arg1:32 in {0x5401, 0x5413}")
	}
	name, rest, _ := strings.Cut(strings.TrimSpace(s), " ")
	arg, ok := parseArg(name)
	if !ok {
		return fail()
	}
	c, ok := parseComparison(arg, strings.TrimSpace(rest))
	if !ok {
		return fail()
	}
	if reason := c.mistake(); reason != "" {
		return Cond{}, fmt.Errorf("seccomp: condition %q: %s", s, reason)
	}
	return c, nil
}

func parseArg(name string) (a Arg, ok bool) {
	if name == "ip" {
		return UnsafeIP(), true
	}
	digits, narrow := strings.CutSuffix(name, ":32")
	index, isArg := strings.CutPrefix(digits, "arg")
	i, err := strconv.Atoi(index)
	return Arg{index: i, wide: !narrow}, isArg && err == nil
}

func parseComparison(a Arg, s string) (Cond, bool) {
	if not, ok := strings.CutPrefix(s, "not in "); ok {
		c, ok := parseIn(a, not)
		c.c.Not = true
		return c, ok
	}
	if in, ok := strings.CutPrefix(s, "in "); ok {
		return parseIn(a, in)
	}
	if masked, ok := strings.CutPrefix(s, "& "); ok {
		mask, s, _ := strings.Cut(masked, " ")
		op, value, _ := strings.Cut(s, " ")
		m, err := strconv.ParseUint(mask, 0, 64)
		v, err2 := strconv.ParseUint(value, 0, 64)
		c := a.Masked(m, v)
		c.c.Not = op == "!="
		return c, err == nil && err2 == nil && (op == "==" || op == "!=")
	}
	op, value, _ := strings.Cut(s, " ")
	if value == "own pid" {
		c := a.IsSelf()
		c.c.Not = op == "!="
		return c, op == "==" || op == "!="
	}
	make, ok := map[string]func(uint64) Cond{
		"==": func(v uint64) Cond { return a.Is(v) }, "!=": func(v uint64) Cond { return a.Not(v) },
		"<": a.Less, "<=": a.LessOrEqual, ">": a.Greater, ">=": a.GreaterOrEqual,
	}[op]
	v, err := strconv.ParseUint(value, 0, 64)
	if !ok || err != nil {
		return Cond{}, false
	}
	return make(v), true
}

func parseIn(a Arg, s string) (Cond, bool) {
	if lo, hi, ok := strings.Cut(s, ".."); ok {
		l, err := strconv.ParseUint(lo, 0, 64)
		h, err2 := strconv.ParseUint(hi, 0, 64)
		return a.Between(l, h), err == nil && err2 == nil
	}
	inner, ok := strings.CutPrefix(s, "{")
	inner, ok2 := strings.CutSuffix(inner, "}")
	if !ok || !ok2 {
		return Cond{}, false
	}
	c := a.cond(bpfgen.In, 0, 0)
	for field := range strings.SplitSeq(inner, ",") {
		v, err := strconv.ParseUint(strings.TrimSpace(field), 0, 64)
		if err != nil {
			return Cond{}, false
		}
		c.c.Values = append(c.c.Values, v)
	}
	return c, true
}

// MarshalText is [Cond.String].
func (c Cond) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText is [ParseCond].
func (c *Cond) UnmarshalText(text []byte) error {
	read, err := ParseCond(string(text))
	if err == nil {
		*c = read
	}
	return err
}
