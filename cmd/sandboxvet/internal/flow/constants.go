// SPDX-License-Identifier: MIT

package flow

import "golang.org/x/tools/go/ssa"

// OnlyStore is where a package variable is set, if that is one place.
func (e *Engine) OnlyStore(g *ssa.Global) (*ssa.Store, bool) {
	s := e.stores[g]
	if s == nil || s.escapes || len(s.list) != 1 {
		return nil, false
	}
	return s.list[0], true
}

// Standard reports whether a function is of the standard library.
func (e *Engine) Standard(fn *ssa.Function) bool {
	pkg := e.program.Packages[PackagePath(fn)]
	return pkg != nil && pkg.Module == nil
}

// ElementsSet reports whether something stores to what a package variable, a slice, holds, or
// gives the slice to others who may.
func (e *Engine) ElementsSet(g *ssa.Global) bool {
	for _, fn := range e.ordered() {
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				if load, ok := instr.(*ssa.UnOp); ok && load.X == g && !onlyRead(load) {
					return true
				}
			}
		}
	}
	return false
}

// onlyRead reports whether nothing is done with a slice, or with an address in it, but reading.
func onlyRead(v ssa.Value) bool {
	for _, r := range *v.Referrers() {
		switch r := r.(type) {
		case *ssa.IndexAddr, *ssa.FieldAddr:
			if !onlyRead(r.(ssa.Value)) {
				return false
			}
		case *ssa.Call:
			if b, ok := r.Call.Value.(*ssa.Builtin); !ok || b.Name() != "len" && b.Name() != "cap" {
				return false
			}
		case *ssa.UnOp, *ssa.DebugRef, *ssa.Range:
		default:
			return false
		}
	}
	return true
}
