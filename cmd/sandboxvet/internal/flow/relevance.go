// SPDX-License-Identifier: MIT

package flow

import (
	"golang.org/x/tools/go/ssa"

	"github.com/syscall-sandbox/sandbox/internal/sysargs"
)

// relevance says of which parameters and free variables a function's calls depend. Only
// these tell contexts of it apart.
type relevance struct{ params, free []bool }

// findRelevance goes backwards from what is called and from the arguments of system calls.
func (e *Engine) findRelevance() {
	order := e.ordered()
	for _, fn := range order {
		e.relevant[fn] = &relevance{make([]bool, len(fn.Params)), make([]bool, len(fn.FreeVars))}
	}
	for changed := true; changed; {
		changed = false
		for _, fn := range order {
			r := e.relevant[fn]
			for i, p := range fn.Params {
				if !r.params[i] && tracked(p.Type()) && e.matters(p, map[ssa.Value]bool{}) {
					r.params[i], changed = true, true
				}
			}
			for i, v := range fn.FreeVars {
				if !r.free[i] && e.matters(v, map[ssa.Value]bool{}) {
					r.free[i], changed = true, true
				}
			}
		}
	}
}

// matters reports whether calls depend on v.
func (e *Engine) matters(v ssa.Value, seen map[ssa.Value]bool) bool {
	if seen[v] || v.Referrers() == nil {
		return false
	}
	seen[v] = true
	for _, r := range *v.Referrers() {
		switch r := r.(type) {
		case ssa.CallInstruction:
			if e.mattersToCall(v, r, seen) {
				return true
			}
		case *ssa.Return:
			if tracked(v.Type()) {
				return true
			}
		case *ssa.MakeClosure:
			if e.mattersToClosure(v, r) {
				return true
			}
		case *ssa.Store:
			if a := variableOf(r.Addr); r.Val == v && a != nil && e.matters(a, seen) {
				return true
			}
		case *ssa.If, *ssa.DebugRef, *ssa.Panic, *ssa.Send, *ssa.MapUpdate, *ssa.IndexAddr, *ssa.Index, *ssa.Lookup, *ssa.Slice:
		case ssa.Value:
			if e.matters(r, seen) {
				return true
			}
		}
	}
	return false
}

// variableOf is the local variable that an address is in.
func variableOf(addr ssa.Value) ssa.Value {
	switch a := addr.(type) {
	case *ssa.Alloc:
		return a
	case *ssa.FieldAddr:
		if base, ok := a.X.(*ssa.Alloc); ok {
			return base
		}
	}
	return nil
}

func (e *Engine) mattersToClosure(v ssa.Value, c *ssa.MakeClosure) bool {
	r := e.relevant[c.Fn.(*ssa.Function)]
	for i, b := range c.Bindings {
		if b == v && (r == nil || r.free[i]) {
			return true
		}
	}
	return false
}

func (e *Engine) mattersToCall(v ssa.Value, call ssa.CallInstruction, seen map[ssa.Value]bool) bool {
	common := call.Common()
	if common.Value == v {
		return true
	}
	if _, ok := common.Value.(*ssa.Builtin); ok {
		return false
	}
	targets := e.targets(call)
	for i, arg := range common.Args {
		if arg != v {
			continue
		}
		for _, t := range targets {
			if e.mattersTo(t, common, i) {
				return true
			}
		}
	}
	if result := call.Value(); result != nil && len(targets) == 1 && onceFunctions[FullName(targets[0])] {
		return e.matters(result, seen)
	}
	return false
}

// mattersTo reports whether argument i of a call matters to one of the functions called.
func (e *Engine) mattersTo(t *ssa.Function, common *ssa.CallCommon, i int) bool {
	name := FullName(t)
	if _, ok := traps[name]; ok {
		return trapArgument(common, i)
	}
	if raw, ok := fixedTraps[name]; ok {
		return sysargs.Chosen(raw, i) != 0
	}
	if watched[name] || i == 0 && networkMethods[name] != "" {
		return true
	}
	t, _ = e.body(t)
	if t == nil {
		return true // a function given to what is not followed may be called by it
	}
	if common.IsInvoke() {
		i++
	}
	r := e.relevant[t]
	return r == nil || i < len(r.params) && r.params[i]
}

// trapArgument reports whether argument i of a raw system call, of which the first is the
// number, chooses what the call does.
func trapArgument(common *ssa.CallCommon, i int) bool {
	if i == 0 {
		return true
	}
	c, ok := common.Args[0].(*ssa.Const)
	return !ok || sysargs.Chosen(uint32(c.Uint64()), i-1) != 0
}
