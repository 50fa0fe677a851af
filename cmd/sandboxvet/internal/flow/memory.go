// SPDX-License-Identifier: MIT

package flow

import (
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// contents is what a local variable may hold at any time: all that is stored to it. It is
// not known if its address goes anywhere but into closures that only read it.
func (f *frame) contents(a *ssa.Alloc) *Value {
	if s, ok := a.Type().(*types.Pointer).Elem().Underlying().(*types.Struct); ok {
		return f.structure(a, s)
	}
	out, stores := nothing, 0
	for _, r := range *a.Referrers() {
		switch r := r.(type) {
		case *ssa.Store:
			if r.Addr != a {
				return nil
			}
			stores++
			out = union(out, f.eval(r.Val))
		case *ssa.MakeClosure:
			if !readsOnly(r, a) {
				return nil
			}
		case *ssa.UnOp, *ssa.DebugRef:
		default:
			return nil
		}
	}
	if stores == 0 {
		return nil
	}
	return f.withZero(out, a, *a.Referrers())
}

// withZero adds the zero that an integer holds before the first store, unless there is one
// where the variable is made.
func (f *frame) withZero(v *Value, a *ssa.Alloc, uses []ssa.Instruction) *Value {
	if _, ok := v.Numbers(); !ok {
		return v
	}
	for _, use := range uses {
		if _, ok := use.(*ssa.Store); ok && use.Block() == a.Block() {
			return v
		}
	}
	return union(v, f.e.one(Item{Kind: Number}))
}

// readsOnly reports whether a closure, and those in it, only read a variable.
func readsOnly(c *ssa.MakeClosure, v ssa.Value) bool {
	fn := c.Fn.(*ssa.Function)
	for i, b := range c.Bindings {
		if b != v {
			continue
		}
		free := fn.FreeVars[i]
		for _, r := range *free.Referrers() {
			switch r := r.(type) {
			case *ssa.MakeClosure:
				if !readsOnly(r, free) {
					return false
				}
			case *ssa.FieldAddr:
				if !fieldReadsOnly(r) {
					return false
				}
			case *ssa.UnOp, *ssa.DebugRef:
			default:
				return false
			}
		}
	}
	return true
}

func fieldReadsOnly(a *ssa.FieldAddr) bool {
	for _, r := range *a.Referrers() {
		switch r.(type) {
		case *ssa.UnOp, *ssa.DebugRef:
		default:
			return false
		}
	}
	return true
}

const maxFields = 24

// structure is what a local struct may hold, field by field.
func (f *frame) structure(a *ssa.Alloc, s *types.Struct) *Value {
	if s.NumFields() > maxFields {
		return nil
	}
	if isPolicy(a.Type().(*types.Pointer).Elem()) {
		return f.stored(a)
	}
	fields := make([]*Value, s.NumFields())
	known := false
	for i := range fields {
		if tracked(s.Field(i).Type()) {
			fields[i] = f.field(a, i)
			known = known || fields[i] != nil
		}
	}
	if !known {
		return nil
	}
	return f.e.one(Item{Kind: Structure, Parts: fields})
}

// stored is what is stored to a variable as a whole, whose address goes nowhere.
func (f *frame) stored(a *ssa.Alloc) *Value {
	out := nothing
	for _, r := range *a.Referrers() {
		switch r := r.(type) {
		case *ssa.Store:
			if r.Addr == a {
				out = union(out, f.eval(r.Val))
			}
		case *ssa.MakeClosure:
			if !readsOnly(r, a) {
				return nil
			}
		case *ssa.UnOp, *ssa.DebugRef:
		default:
			return nil
		}
	}
	return out
}

// field is what one field of a local struct may hold.
func (f *frame) field(a *ssa.Alloc, i int) *Value {
	out := nothing
	for _, r := range *a.Referrers() {
		switch r := r.(type) {
		case *ssa.FieldAddr:
			if r.Field == i {
				out = union(out, f.withZero(f.fieldStores(r), a, *r.Referrers()))
			}
		case *ssa.Store:
			if r.Addr != a {
				return nil
			}
			out = union(out, part(f.eval(r.Val), Structure, i))
		case *ssa.MakeClosure:
			if !readsOnly(r, a) {
				return nil
			}
		case *ssa.UnOp, *ssa.DebugRef:
		default:
			return nil // the address of the whole goes elsewhere
		}
		if out == nil {
			return nil
		}
	}
	if out == nothing {
		if b, ok := a.Type().(*types.Pointer).Elem().Underlying().(*types.Struct).Field(i).Type().Underlying().(*types.Basic); ok && b.Info()&(types.IsInteger|types.IsBoolean) != 0 {
			return f.e.one(Item{Kind: Number})
		}
	}
	return out
}

func (f *frame) fieldStores(addr *ssa.FieldAddr) *Value {
	out := nothing
	for _, r := range *addr.Referrers() {
		switch r := r.(type) {
		case *ssa.Store:
			if r.Addr != addr {
				return nil
			}
			out = union(out, f.eval(r.Val))
		case *ssa.UnOp, *ssa.DebugRef:
		default:
			return nil
		}
	}
	return out
}

// stores are what a package variable is ever set to.
type stores struct {
	list    []*ssa.Store
	escapes bool // its address is used otherwise
	busy    bool
	done    bool
	value   *Value
}

// findStores collects the stores to all package variables.
func (e *Engine) findStores() {
	var space [16]*ssa.Value
	for _, fn := range e.ordered() {
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				store, isStore := instr.(*ssa.Store)
				_, isLoad := instr.(*ssa.UnOp)
				for _, operand := range instr.Operands(space[:0]) {
					g, ok := (*operand).(*ssa.Global)
					if !ok {
						continue
					}
					s := e.stores[g]
					if s == nil {
						s = &stores{}
						e.stores[g] = s
					}
					if isStore && store.Addr == g && store.Val != g {
						s.list = append(s.list, store)
					} else if !isLoad {
						s.escapes = true
					}
				}
			}
		}
	}
}

const maxStores = 6

// variable is what a package variable may hold.
func (e *Engine) variable(g *ssa.Global) *Value {
	t := g.Type().(*types.Pointer).Elem()
	if isPolicy(t) {
		return e.one(Item{Kind: Variable, Global: g})
	}
	s := e.stores[g]
	if s == nil || s.escapes || s.busy || !tracked(t) || len(s.list) == 0 || len(s.list) > maxStores {
		return nil
	}
	if s.done {
		return s.value
	}
	s.busy = true
	out := nothing
	inInit := false
	for _, store := range s.list {
		fn := store.Parent()
		inInit = inInit || fn.Name() == "init" && fn.Pkg == g.Pkg
		out = union(out, e.anyFrame(fn).eval(store.Val))
	}
	if _, isNumber := out.Numbers(); isNumber && (!inInit || g.Name() == "init$guard") {
		out = union(out, e.one(Item{Kind: Number})) // what it is before
	}
	s.busy, s.done, s.value = false, true, out
	return out
}
