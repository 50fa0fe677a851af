// SPDX-License-Identifier: MIT

package flow

import (
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// What a field of a struct type may hold is all that is ever stored to it, in any struct of
// the type, by whoever passes it.

// A member is one field of one type.
type member struct{ owner, field int }

type memberStores struct {
	list  []*ssa.Store
	lost  bool // its address goes elsewhere, or structs of the type are made of others
	busy  bool
	done  bool
	value *Value

	copied       bool // structs of the type are overwritten as a whole
	foreignBusy  bool
	foreignDone  [maxPassedDepth + 1]bool
	foreignValue [maxPassedDepth + 1]*Value
}

// Limits on the search for who passes what.
const (
	maxPassed      = 12
	maxPassedDepth = 3
)

// anyFrame is a function whose parameters are what any caller passes.
func (e *Engine) anyFrame(fn *ssa.Function) *frame {
	f := e.frame(fn, nil, nil)
	f.anywhere = true
	return f
}

// fieldOf is what field i of a struct type may hold.
func (e *Engine) fieldOf(owner types.Type, i int) *Value {
	s, ok := owner.Underlying().(*types.Struct)
	if !ok || !followedField(s.Field(i).Type()) {
		return nil
	}
	m := e.members[member{e.typeID(owner), i}]
	if m == nil {
		return nothing
	}
	if m.lost || m.busy || len(m.list) > maxPassed {
		return nil
	}
	if m.done {
		return m.value
	}
	m.busy = true
	out := nothing
	for _, store := range m.list {
		if e.copies(store, owner, i) {
			continue // from another struct of the type: nothing new
		}
		if out = union(out, e.anyFrame(store.Parent()).eval(store.Val)); out == nil {
			break
		}
	}
	m.busy = false
	if e.passedDepth == 0 { // at a depth something may be unknown that otherwise is not
		m.done, m.value = true, out
	}
	return out
}

// copies reports whether a store copies a field from the same field of another struct.
func (e *Engine) copies(store *ssa.Store, owner types.Type, i int) bool {
	load, ok := store.Val.(*ssa.UnOp)
	if !ok {
		return false
	}
	from, ok := load.X.(*ssa.FieldAddr)
	return ok && from.Field == i && types.Identical(from.X.Type().Underlying().(*types.Pointer).Elem(), owner)
}

func followedField(t types.Type) bool {
	switch t.Underlying().(type) {
	case *types.Signature, *types.Interface, *types.Pointer:
		return tracked(t)
	}
	return isPolicy(t)
}

// passedTo is what any caller passes as parameter i: nothing, if there is none.
func (e *Engine) passedTo(fn *ssa.Function, i int) *Value {
	node := e.graph.Nodes[fn]
	if i < 0 || node == nil || !followedField(fn.Params[i].Type()) || isConversion(fn.Name()) || len(node.In) > maxPassed || e.passedDepth >= maxPassedDepth {
		return nil
	}
	e.passedDepth++
	defer func() { e.passedDepth-- }()
	out := nothing
	for _, edge := range node.In {
		if edge.Site == nil {
			return nil
		}
		common := edge.Site.Common()
		j := i
		if common.IsInvoke() {
			j--
		}
		if j < 0 || j >= len(common.Args) || !types.Identical(common.Args[j].Type(), fn.Params[i].Type()) {
			return nil
		}
		if out = union(out, e.anyFrame(edge.Caller.Func).eval(common.Args[j])); out == nil {
			return nil
		}
	}
	return out
}

// findMembers collects the stores to all fields that hold functions, interfaces, policies.
func (e *Engine) findMembers() {
	e.members = make(map[member]*memberStores)
	for _, fn := range e.ordered() {
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				switch i := instr.(type) {
				case *ssa.FieldAddr:
					e.noteField(i)
				case *ssa.Store:
					e.noteCopy(i)
				case *ssa.ChangeType:
					e.noteConversion(i.X.Type(), i.Type())
				case *ssa.Convert:
					e.noteConversion(i.X.Type(), i.Type())
				}
			}
		}
	}
}

func (e *Engine) member(owner types.Type, i int) *memberStores {
	key := member{e.typeID(owner), i}
	if e.members[key] == nil {
		e.members[key] = &memberStores{}
	}
	return e.members[key]
}

func (e *Engine) noteField(a *ssa.FieldAddr) {
	owner := a.X.Type().Underlying().(*types.Pointer).Elem()
	if !followedField(owner.Underlying().(*types.Struct).Field(a.Field).Type()) {
		return
	}
	m := e.member(owner, a.Field)
	for _, r := range *a.Referrers() {
		switch r := r.(type) {
		case *ssa.Store:
			if r.Addr == a {
				m.list = append(m.list, r)
			} else {
				m.lost = true
			}
		case *ssa.UnOp, *ssa.DebugRef:
		default:
			m.lost = true
		}
	}
}

// noteConversion gives up on structs of types that others are converted to.
func (e *Engine) noteConversion(from, to types.Type) {
	for _, t := range []types.Type{from, to} {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		s, ok := t.Underlying().(*types.Struct)
		if !ok {
			continue
		}
		for i := range s.NumFields() {
			e.member(t, i).lost = true
		}
	}
}
