// SPDX-License-Identifier: MIT

package flow

import (
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// constantOf is the value of a constant.
func (e *Engine) constantOf(c *ssa.Const) *Value {
	if c.Value == nil {
		if b, ok := c.Type().Underlying().(*types.Basic); ok && b.Info()&types.IsInteger != 0 {
			return e.one(Item{Kind: Number})
		}
		return nothing // nil, or the zero of a struct
	}
	switch c.Value.Kind() {
	case constant.Bool:
		return e.truth(constant.BoolVal(c.Value))
	case constant.String:
		return e.one(Item{Kind: Text, Str: constant.StringVal(c.Value)})
	case constant.Int:
		if n, ok := constant.Int64Val(c.Value); ok {
			return e.one(Item{Kind: Number, Bits: uint64(n)})
		}
		if n, ok := constant.Uint64Val(c.Value); ok {
			return e.one(Item{Kind: Number, Bits: n})
		}
	}
	return nil
}

func (e *Engine) truth(b bool) *Value {
	if b {
		return e.one(Item{Kind: Number, Bits: 1})
	}
	return e.one(Item{Kind: Number})
}

// width is the size of an integer type in bits and whether it has a sign.
func width(t types.Type) (bits uint, signed, ok bool) {
	b, isBasic := t.Underlying().(*types.Basic)
	if !isBasic || b.Info()&types.IsInteger == 0 {
		return 0, false, false
	}
	signed = b.Info()&types.IsUnsigned == 0
	switch b.Kind() {
	case types.Int8, types.Uint8:
		return 8, signed, true
	case types.Int16, types.Uint16:
		return 16, signed, true
	case types.Int32, types.Uint32, types.UntypedRune:
		return 32, signed, true
	default:
		return 64, signed, true
	}
}

// fit is n as a value of type t holds it, in 64 bits.
func fit(n uint64, t types.Type) uint64 {
	bits, signed, ok := width(t)
	if !ok || bits == 64 {
		return n
	}
	n &= 1<<bits - 1
	if signed && n>>(bits-1) == 1 {
		n |= ^uint64(0) << bits
	}
	return n
}

// convert is a conversion between integer types.
func (e *Engine) convert(v *Value, to types.Type) *Value {
	numbers, ok := v.Numbers()
	if _, _, isInteger := width(to); !ok || !isInteger {
		return nil
	}
	out := nothing
	for _, n := range numbers {
		out = union(out, e.one(Item{Kind: Number, Bits: fit(n, to)}))
	}
	return out
}

// binary combines all that the operands may be.
func (e *Engine) binary(op token.Token, x, y *Value, operand, result types.Type) *Value {
	xs, ok := x.Numbers()
	ys, ok2 := y.Numbers()
	if !ok || !ok2 {
		return nil
	}
	_, signed, isInteger := width(operand)
	if b, isBasic := operand.Underlying().(*types.Basic); !isInteger && (!isBasic || b.Info()&types.IsBoolean == 0) {
		return nil
	}
	out := nothing
	for _, a := range xs {
		for _, b := range ys {
			if yes, isComparison := compare(op, a, b, signed); isComparison {
				out = union(out, e.truth(yes))
			} else if n, ok := arithmetic(op, a, b, signed); ok {
				out = union(out, e.one(Item{Kind: Number, Bits: fit(n, result)}))
			} else {
				return nil
			}
		}
	}
	return out
}

func compare(op token.Token, a, b uint64, signed bool) (yes, ok bool) {
	less := a < b
	if signed {
		less = int64(a) < int64(b)
	}
	switch op {
	case token.EQL:
		return a == b, true
	case token.NEQ:
		return a != b, true
	case token.LSS:
		return less, true
	case token.GEQ:
		return !less, true
	case token.LEQ:
		return less || a == b, true
	case token.GTR:
		return !less && a != b, true
	}
	return false, false
}

func arithmetic(op token.Token, a, b uint64, signed bool) (n uint64, ok bool) {
	switch op {
	case token.ADD:
		return a + b, true
	case token.SUB:
		return a - b, true
	case token.MUL:
		return a * b, true
	case token.AND:
		return a & b, true
	case token.OR:
		return a | b, true
	case token.XOR:
		return a ^ b, true
	case token.AND_NOT:
		return a &^ b, true
	case token.SHL:
		return a << b, true
	case token.SHR:
		if signed {
			return uint64(int64(a) >> min(b, 63)), true
		}
		return a >> b, true
	}
	return 0, false
}
