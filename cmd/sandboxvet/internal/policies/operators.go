// SPDX-License-Identifier: MIT

package policies

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

func deref(t types.Type) types.Type { return t.Underlying().(*types.Pointer).Elem() }

func (r *run) unary(p *point, v *ssa.UnOp) value {
	if g, ok := v.X.(*ssa.Global); ok && v.Op == token.MUL {
		return r.variable(&p.state, g)
	}
	x := r.get(p.env, v.X)
	switch v.Op {
	case token.MUL:
		return p.load(x)
	case token.NOT:
		if b, ok := x.(bool); ok {
			return !b
		}
	case token.SUB:
		if n, ok := x.(uint64); ok {
			return fit(-n, v.Type())
		}
	case token.XOR:
		if n, ok := x.(uint64); ok {
			return fit(^n, v.Type())
		}
	}
	return nil
}

// binary combines what is known; comparisons with nil too.
func binary(v *ssa.BinOp, x, y value) value {
	_, xNull := x.(null)
	_, yNull := y.(null)
	if x != nil && y != nil && (xNull || yNull) {
		return (xNull && yNull) == (v.Op == token.EQL)
	}
	switch a := x.(type) {
	case bool:
		if b, ok := y.(bool); ok && v.Op == token.EQL {
			return a == b
		} else if ok && v.Op == token.NEQ {
			return a != b
		}
	case string:
		if b, ok := y.(string); ok {
			return texts(v.Op, a, b)
		}
	case uint64:
		if b, ok := y.(uint64); ok {
			return integers(v, a, b)
		}
	}
	return nil
}

func texts(op token.Token, a, b string) value {
	switch op {
	case token.ADD:
		return a + b
	case token.EQL:
		return a == b
	case token.NEQ:
		return a != b
	}
	return nil
}

func integers(v *ssa.BinOp, a, b uint64) value {
	basic, ok := v.X.Type().Underlying().(*types.Basic)
	if !ok {
		return nil
	}
	less := int64(a) < int64(b)
	if basic.Info()&types.IsUnsigned != 0 {
		less = a < b
	}
	switch v.Op {
	case token.EQL:
		return a == b
	case token.NEQ:
		return a != b
	case token.LSS:
		return less
	case token.GEQ:
		return !less
	case token.LEQ:
		return less || a == b
	case token.GTR:
		return !less && a != b
	case token.ADD:
		return fit(a+b, v.Type())
	case token.SUB:
		return fit(a-b, v.Type())
	case token.MUL:
		return fit(a*b, v.Type())
	case token.AND:
		return a & b
	case token.OR:
		return a | b
	case token.XOR:
		return fit(a^b, v.Type())
	case token.AND_NOT:
		return a &^ b
	case token.SHL:
		return fit(a<<b, v.Type())
	}
	return nil
}

// fit is n as a value of an integer type holds it, in 64 bits.
func fit(n uint64, t types.Type) value {
	basic, ok := t.Underlying().(*types.Basic)
	if !ok {
		return nil
	}
	switch basic.Kind() {
	case types.Int8:
		return uint64(int8(n))
	case types.Int16:
		return uint64(int16(n))
	case types.Int32, types.UntypedRune:
		return uint64(int32(n))
	case types.Uint8:
		return uint64(uint8(n))
	case types.Uint16:
		return uint64(uint16(n))
	case types.Uint32:
		return uint64(uint32(n))
	}
	return n
}

// converted is a conversion that keeps what is known: between integers, and of what is not a
// number or text to another type.
func converted(v value, to types.Type) value {
	basic, isBasic := to.Underlying().(*types.Basic)
	switch v := v.(type) {
	case uint64:
		if isBasic && basic.Info()&types.IsInteger != 0 {
			return fit(v, to)
		}
		if isBasic {
			return nil // to a string or a float
		}
	case string:
		if _, isSlice := to.Underlying().(*types.Slice); isSlice {
			return bytesOf(v)
		}
	}
	return v
}

// bytesOf is what a string is as a slice of bytes: text that can only be given on.
type bytesOf string
