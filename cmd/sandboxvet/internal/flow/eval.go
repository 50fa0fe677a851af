// SPDX-License-Identifier: MIT

package flow

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// A frame is one function with what is known of its parameters and free variables.
type frame struct {
	e      *Engine
	fn     *ssa.Function
	params []*Value
	free   []*Value
	memo   map[ssa.Value]*Value
	busy   map[ssa.Value]bool
	jumps  map[jump]bool // those that can be made; nil: all
	// anywhere: parameters are what any caller passes, not what params say.
	anywhere bool
	depth    int // of calls whose results are being looked at
}

func (e *Engine) frame(fn *ssa.Function, params, free []*Value) *frame {
	return &frame{e: e, fn: fn, params: params, free: free, memo: make(map[ssa.Value]*Value), busy: make(map[ssa.Value]bool)}
}

// eval returns what v may be. What depends on itself is not known.
func (f *frame) eval(v ssa.Value) *Value {
	if c, ok := v.(*ssa.Const); ok {
		return f.e.constantOf(c)
	}
	if r, ok := f.memo[v]; ok {
		return r
	}
	if f.busy[v] {
		if isPolicy(v.Type()) {
			return nothing // it adds nothing to itself
		}
		return nil
	}
	f.busy[v] = true
	r := f.compute(v)
	if r == nil && isPolicy(v.Type()) {
		r = f.e.one(Item{Kind: Opaque, Str: f.e.Position(v), From: v})
	}
	delete(f.busy, v)
	f.memo[v] = r
	return r
}

func (f *frame) compute(v ssa.Value) *Value {
	switch v := v.(type) {
	case *ssa.Parameter:
		i := index(f.fn.Params, v)
		if f.anywhere {
			return f.e.passedTo(f.fn, i)
		}
		return at(f.params, i)
	case *ssa.FreeVar:
		return at(f.free, index(f.fn.FreeVars, v))
	case *ssa.Function:
		return f.e.one(Item{Kind: Function, Fn: v})
	case *ssa.MakeClosure:
		return f.closure(v)
	case *ssa.MakeInterface:
		return f.e.one(Item{Kind: Dynamic, Type: v.X.Type(), Parts: []*Value{f.held(v.X)}})
	case *ssa.ChangeType:
		return f.eval(v.X)
	case *ssa.ChangeInterface:
		return f.bounded(v.X)
	case *ssa.Convert:
		return f.e.convert(f.eval(v.X), v.Type())
	case *ssa.Alloc:
		return f.object(v)
	case *ssa.Phi:
		return f.phi(v)
	case *ssa.BinOp:
		return f.e.binary(v.Op, f.eval(v.X), f.eval(v.Y), v.X.Type(), v.Type())
	case *ssa.UnOp:
		return f.unary(v)
	case *ssa.Field:
		if x := part(f.eval(v.X), Structure, v.Field); x != nil {
			return x
		}
		return f.e.fieldOf(v.X.Type(), v.Field)
	case *ssa.TypeAssert:
		return f.asserted(v)
	case *ssa.Extract:
		return f.extract(v)
	case *ssa.Call:
		return f.result(v, 0)
	}
	return nil
}

func at(values []*Value, i int) *Value {
	if i < 0 || i >= len(values) {
		return nil
	}
	return values[i]
}

func index[T comparable](list []T, v T) int {
	for i, one := range list {
		if one == v {
			return i
		}
	}
	return -1
}

// held is what an interface holds, where its methods may depend on it.
func (f *frame) held(v ssa.Value) *Value {
	switch v.Type().Underlying().(type) {
	case *types.Signature, *types.Struct, *types.Pointer:
		return f.eval(v)
	}
	return nil
}

// bounded is v; where it is not known, it is at least something of its type.
func (f *frame) bounded(v ssa.Value) *Value {
	x := f.eval(v)
	if x == nil && tracked(v.Type()) {
		return f.e.one(Item{Kind: Bounded, Type: v.Type()})
	}
	return x
}

func (f *frame) closure(v *ssa.MakeClosure) *Value {
	fn := v.Fn.(*ssa.Function)
	relevant := f.e.relevant[fn]
	parts := make([]*Value, len(v.Bindings))
	for i, b := range v.Bindings {
		if relevant == nil || !relevant.free[i] {
			continue
		}
		if a, ok := b.(*ssa.Alloc); ok {
			parts[i] = f.e.one(Item{Kind: Cell, Parts: []*Value{f.contents(a)}})
		} else {
			parts[i] = f.eval(b)
		}
	}
	return f.e.one(Item{Kind: Function, Fn: fn, Parts: parts})
}

// phi is the union of what flows together, also through other phis.
func (f *frame) phi(v *ssa.Phi) *Value {
	out := nothing
	seen := map[*ssa.Phi]bool{v: true}
	work := []*ssa.Phi{v}
	for len(work) > 0 {
		p := work[0]
		work = work[1:]
		for i, edge := range p.Edges {
			if f.jumps != nil && !f.jumps[jump{p.Block().Preds[i], p.Block()}] {
				continue
			}
			if q, ok := edge.(*ssa.Phi); ok {
				if !seen[q] {
					seen[q] = true
					work = append(work, q)
				}
			} else if out = union(out, f.eval(edge)); out == nil {
				return nil
			}
		}
	}
	return out
}

func (f *frame) unary(v *ssa.UnOp) *Value {
	switch v.Op {
	case token.MUL:
		return f.load(v.X)
	case token.NOT:
		return f.e.binary(token.XOR, f.eval(v.X), f.e.truth(true), v.X.Type(), v.Type())
	case token.SUB:
		return f.e.binary(token.SUB, f.e.one(Item{Kind: Number}), f.eval(v.X), v.X.Type(), v.Type())
	case token.XOR:
		return f.e.binary(token.XOR, f.e.one(Item{Kind: Number, Bits: ^uint64(0)}), f.eval(v.X), v.X.Type(), v.Type())
	}
	return nil
}

// load is what an address holds.
func (f *frame) load(addr ssa.Value) *Value {
	switch a := addr.(type) {
	case *ssa.Global:
		return f.e.variable(a)
	case *ssa.Alloc:
		return f.contents(a)
	case *ssa.FreeVar:
		return part(f.eval(a), Cell, 0)
	case *ssa.FieldAddr:
		if base, ok := a.X.(*ssa.Alloc); ok {
			if v := f.field(base, a.Field); v != nil {
				return v
			}
		}
		if base, ok := a.X.(*ssa.FreeVar); ok {
			if v := part(part(f.eval(base), Cell, 0), Structure, a.Field); v != nil {
				return v
			}
		}
		owner := a.X.Type().Underlying().(*types.Pointer).Elem()
		if v := f.e.ofObject(f.eval(a.X), owner, a.Field); v != nil {
			return v
		}
		return f.e.fieldOf(owner, a.Field)
	}
	return nil
}

// part is the union of one part of all that v may be.
func part(v *Value, kind Kind, i int) *Value {
	if v == nil || len(v.Items) == 0 {
		return nil
	}
	out := nothing
	for _, item := range v.Items {
		if item.Kind != kind {
			return nil
		}
		out = union(out, at(item.Parts, i))
	}
	return out
}

// asserted keeps what passes a type assertion.
func (f *frame) asserted(v *ssa.TypeAssert) *Value {
	x := f.eval(v.X)
	if x == nil {
		return nil
	}
	out := nothing
	target, toInterface := v.AssertedType.Underlying().(*types.Interface)
	for _, item := range x.Items {
		switch {
		case item.Kind == Bounded && toInterface:
			out = union(out, &Value{Items: []Item{item}, key: item.key, depth: x.depth})
		case item.Kind != Dynamic:
			return nil
		case toInterface && types.Implements(item.Type, target):
			out = union(out, &Value{Items: []Item{item}, key: item.key, depth: x.depth})
		case !toInterface && types.Identical(item.Type, v.AssertedType):
			out = union(out, at(item.Parts, 0))
		}
	}
	return out
}

func (f *frame) extract(v *ssa.Extract) *Value {
	switch t := v.Tuple.(type) {
	case *ssa.Call:
		return f.result(t, v.Index)
	case *ssa.TypeAssert:
		if v.Index == 0 {
			return f.asserted(t)
		}
	}
	return nil
}
