// SPDX-License-Identifier: MIT

package flow

import (
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// An object is a struct of which it is known where it was made, and so what was put into its
// fields there. What other code stores into fields of the type, through pointers, may be
// in it too; what is put into other structs where they are made is not.

// objectOf is the struct that a pointer type points to, if it has fields worth following.
func objectOf(t types.Type) (*types.Struct, bool) {
	if s, ok := ofNetwork(t); ok {
		return s, true
	}
	p, ok := t.Underlying().(*types.Pointer)
	if !ok {
		return nil, false
	}
	s, ok := p.Elem().Underlying().(*types.Struct)
	return s, ok && holdsTracked(s)
}

// object is the pointer to a struct that is made here.
func (f *frame) object(a *ssa.Alloc) *Value {
	s, ok := objectOf(a.Type())
	if !ok || isPolicy(a.Type().(*types.Pointer).Elem()) {
		return nil
	}
	fields := make([]*Value, s.NumFields())
	known := false
	_, byName := ofNetwork(a.Type())
	for i := range fields {
		if followedField(s.Field(i).Type()) || byName && s.Field(i).Name() == "network" {
			fields[i] = f.putInto(a, i)
			known = known || fields[i] != nil
		}
	}
	if !known {
		return nil
	}
	return f.e.one(Item{Kind: Object, Type: a.Type(), Parts: fields})
}

// putInto is what the function that makes a struct puts into a field of it.
func (f *frame) putInto(a *ssa.Alloc, i int) *Value {
	out := nothing
	for _, r := range *a.Referrers() {
		switch r := r.(type) {
		case *ssa.FieldAddr:
			if r.Field == i {
				out = union(out, f.fieldStores(r))
			}
		case *ssa.Store:
			if r.Addr == a {
				out = union(out, part(f.eval(r.Val), Structure, i))
			}
		}
		if out == nil {
			return nil
		}
	}
	return out
}

// ofObject is what a field of the objects that base may be holds.
func (e *Engine) ofObject(base *Value, owner types.Type, i int) *Value {
	v := part(base, Object, i)
	if v == nil {
		return nil
	}
	m := e.members[member{e.typeID(owner), i}]
	if m == nil {
		return v
	}
	return union(v, e.foreign(m))
}

// foreign is what is stored to a field elsewhere than where its struct is made.
func (e *Engine) foreign(m *memberStores) *Value {
	if m.lost || m.copied || m.foreignBusy || len(m.list) > 8*maxPassed {
		return nil
	}
	if m.foreignDone[e.passedDepth] {
		return m.foreignValue[e.passedDepth]
	}
	m.foreignBusy = true
	out := nothing
	for _, store := range m.list {
		if _, made := store.Addr.(*ssa.FieldAddr).X.(*ssa.Alloc); made {
			continue
		}
		if out = union(out, e.anyFrame(store.Parent()).eval(store.Val)); out == nil {
			break
		}
	}
	m.foreignBusy = false
	m.foreignDone[e.passedDepth], m.foreignValue[e.passedDepth] = true, out
	return out
}

// noteCopy gives up on objects of types that are overwritten as a whole.
func (e *Engine) noteCopy(store *ssa.Store) {
	s, ok := store.Val.Type().Underlying().(*types.Struct)
	if _, made := store.Addr.(*ssa.Alloc); !ok || made {
		return
	}
	for i := range s.NumFields() {
		if followedField(s.Field(i).Type()) {
			e.member(store.Val.Type(), i).copied = true
		}
	}
}
