// SPDX-License-Identifier: MIT

package flow

import (
	"go/types"
	"slices"

	"golang.org/x/tools/go/callgraph"
	"golang.org/x/tools/go/ssa"
)

// Code that keeps functions as numbers in memory, as what ccgo makes of C does, calls them by a
// pointer to a function that it makes of an unsafe pointer. VTA sees no function flow there:
// conversions from and to unsafe.Pointer are no edges to it. So wherever a function of such a
// signature is called, and not known better, all functions of the signature that are used as
// values count.

// findForged collects the signatures of functions whose memory is looked at through unsafe
// pointers, and adds what calls of them may call to the call graph.
func (e *Engine) findForged() {
	e.eachInstruction(func(instr ssa.Instruction) {
		if c, ok := instr.(*ssa.Convert); ok && !ofRuntime(PackagePath(instr.Parent())) {
			if t := throughUnsafe(c); t != nil {
				e.noteForged(t, e.Standard(instr.Parent()), 0)
			}
		}
	})
	e.eachInstruction(func(instr ssa.Instruction) {
		if call, ok := instr.(ssa.CallInstruction); ok {
			e.addForged(call)
		}
	})
}

// throughUnsafe is what a conversion from or to unsafe.Pointer takes a pointer to.
func throughUnsafe(c *ssa.Convert) types.Type {
	from, to := c.X.Type().Underlying(), c.Type().Underlying()
	if p, ok := from.(*types.Pointer); ok && isUnsafe(to) {
		return p.Elem()
	}
	if p, ok := to.(*types.Pointer); ok && isUnsafe(from) {
		return p.Elem()
	}
	return nil
}

func isUnsafe(t types.Type) bool {
	b, ok := t.(*types.Basic)
	return ok && b.Kind() == types.UnsafePointer
}

// noteForged notes a signature, and those in a struct or array. Those of structs that the
// standard library converts (sync/atomic.Pointer) are left out: it converts them back to what
// they were, and VTA knows what is stored to the fields of a type.
func (e *Engine) noteForged(t types.Type, standard bool, depth int) {
	switch u := t.Underlying().(type) {
	case *types.Signature:
		e.forgedSignatures.Set(withoutReceiver(u), true)
	case *types.Array:
		if !standard {
			e.noteForged(u.Elem(), standard, depth)
		}
	case *types.Struct:
		for i := range u.NumFields() {
			if !standard && depth < 4 {
				e.noteForged(u.Field(i).Type(), standard, depth+1)
			}
		}
	}
}

// addForged adds the functions of a signature to what a dynamic call may call.
func (e *Engine) addForged(call ssa.CallInstruction) {
	common := call.Common()
	if _, ok := common.Value.(*ssa.Builtin); ok || common.IsInvoke() || common.StaticCallee() != nil {
		return
	}
	sig := common.Signature()
	caller := e.graph.Nodes[call.Parent()]
	if caller == nil || e.forgedSignatures.At(withoutReceiver(sig)) == nil {
		return
	}
	for _, fn := range e.addressTaken(sig) {
		if !slices.Contains(e.sites[call], fn) {
			callgraph.AddEdge(caller, call, e.graph.CreateNode(fn))
			e.sites[call] = append(e.sites[call], fn)
		}
	}
}

// forged says what is strange about an unsafe pointer that becomes one to a type that holds
// functions or interfaces: what is stored there is not seen. The standard library's own are
// known: sync/atomic's, and those of packages that make such values of what they are given.
// So are pointers to functions, if there are some of the signature.
func (e *Engine) forged(instr ssa.Instruction) string {
	c, ok := instr.(*ssa.Convert)
	if !ok || e.Standard(instr.Parent()) || PackagePath(instr.Parent()) == "" || !isUnsafe(c.X.Type().Underlying()) {
		return ""
	}
	t := throughUnsafe(c)
	if t == nil || !holdsCode(t, 0) {
		return ""
	}
	if sig, ok := t.Underlying().(*types.Signature); ok && len(e.addressTaken(sig)) > 0 {
		return ""
	}
	return "an unsafe pointer to what holds functions or interfaces: " + types.TypeString(c.Type(), nil)
}

// holdsCode reports whether a value of a type holds a function or an interface.
func holdsCode(t types.Type, depth int) bool {
	switch u := t.Underlying().(type) {
	case *types.Signature, *types.Interface:
		return true
	case *types.Array:
		return holdsCode(u.Elem(), depth)
	case *types.Struct:
		for i := range u.NumFields() {
			if depth < 4 && holdsCode(u.Field(i).Type(), depth+1) {
				return true
			}
		}
	}
	return false
}
