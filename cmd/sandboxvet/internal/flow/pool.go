// SPDX-License-Identifier: MIT

package flow

import (
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"
)

// All pools are of one type, so types say that each makes what any of them makes. Nearly
// all are package variables or fields, and that tells them apart.

// A place is a package variable, or a field of a type.
type place struct {
	global *ssa.Global
	owner  *types.TypeName
	field  int
}

// placeOf says where an address is, or what it was made as.
func placeOf(addr ssa.Value) (place, bool) {
	switch a := addr.(type) {
	case *ssa.Global:
		return place{global: a}, true
	case *ssa.UnOp:
		if g, ok := a.X.(*ssa.Global); ok {
			return place{global: g}, true
		}
	case *ssa.IndexAddr:
		return placeOf(a.X) // one of an array
	case *ssa.FieldAddr:
		if n, ok := a.X.Type().Underlying().(*types.Pointer).Elem().(*types.Named); ok && n.Obj().Pkg() != nil {
			return place{owner: n.Obj(), field: a.Field}, true
		}
	}
	return place{}, false
}

// placesOf are all places that an address may be; that of a call is what the function returns.
func placesOf(addr ssa.Value, depth int) (list []place, ok bool) {
	switch a := addr.(type) {
	case *ssa.Const:
		return nil, a.Value == nil // nil, of which nobody gets anything
	case *ssa.Phi:
		return placesOfAll(a.Edges, depth)
	case *ssa.Call:
		fn := a.Call.StaticCallee()
		if fn == nil || len(fn.Blocks) == 0 {
			return nil, false
		}
		var results []ssa.Value
		for _, b := range fn.Blocks {
			if r, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return); ok && len(r.Results) == 1 {
				results = append(results, r.Results[0])
			}
		}
		return placesOfAll(results, depth)
	}
	one, ok := placeOf(addr)
	return []place{one}, ok
}

func placesOfAll(values []ssa.Value, depth int) (list []place, ok bool) {
	for _, v := range values {
		if depth == 0 {
			return nil, false
		}
		more, ok := placesOf(v, depth-1)
		if !ok {
			return nil, false
		}
		list = append(list, more...)
	}
	return list, len(list) > 0
}

// poolNew enters what the pool of a call of Get makes; false if that is not known.
func (c *visitedCall) poolNew() bool {
	if c.e.pools == nil {
		c.e.findPools()
	}
	places, ok := placesOf(c.call.Common().Args[0], 3)
	if !ok {
		return false
	}
	var made []Item
	for _, at := range places {
		if c.e.poolUnknown[at] {
			return false
		}
		for _, store := range c.e.pools[at] {
			v := c.e.anyFrame(store.Parent()).eval(store.Val)
			if v == nil || slices.ContainsFunc(v.Items, func(i Item) bool { return i.Kind != Function }) {
				return false
			}
			made = append(made, v.Items...)
		}
	}
	for _, item := range made {
		c.enter(item.Fn, item.Parts, nil, Calls)
	}
	return true
}

// findPools collects what is stored to the field New of pools, by place.
func (e *Engine) findPools() {
	e.pools, e.poolUnknown = make(map[place][]*ssa.Store), make(map[place]bool)
	for _, fn := range e.ordered() {
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				if store, ok := instr.(*ssa.Store); ok {
					e.notePool(store)
				}
			}
		}
	}
}

func (e *Engine) notePool(store *ssa.Store) {
	if field, ok := store.Addr.(*ssa.FieldAddr); ok && isPool(field.X.Type().Underlying().(*types.Pointer).Elem()) && isFunc(store.Val.Type()) {
		if at, ok := placeOf(field.X); ok {
			e.pools[at] = append(e.pools[at], store)
		} else if a, ok := field.X.(*ssa.Alloc); ok {
			e.madePool(a, store)
		}
		return
	}
	if t := store.Val.Type(); isPool(t) {
		if at, ok := placeOf(store.Addr); ok {
			if load, isLoad := store.Val.(*ssa.UnOp); !isLoad {
				e.poolUnknown[at] = true
			} else if _, isAlloc := load.X.(*ssa.Alloc); !isAlloc {
				e.poolUnknown[at] = true
			}
		}
	} else if p, ok := t.Underlying().(*types.Pointer); ok && isPool(p.Elem()) {
		if at, ok := placeOf(store.Addr); ok {
			if _, isAlloc := store.Val.(*ssa.Alloc); !isAlloc {
				e.poolUnknown[at] = true
			}
		}
	}
}

// madePool notes a pool that is made first and stored, or its address, afterwards.
func (e *Engine) madePool(a *ssa.Alloc, store *ssa.Store) {
	for _, r := range *a.Referrers() {
		switch r := r.(type) {
		case *ssa.Store:
			if at, ok := placeOf(r.Addr); ok && r.Val == a {
				e.pools[at] = append(e.pools[at], store)
			}
		case *ssa.UnOp:
			for _, u := range *r.Referrers() {
				if whole, ok := u.(*ssa.Store); ok {
					if at, ok := placeOf(whole.Addr); ok {
						e.pools[at] = append(e.pools[at], store)
					}
				}
			}
		}
	}
}

func isPool(t types.Type) bool {
	n, ok := t.(*types.Named)
	return ok && n.Obj().Name() == "Pool" && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == "sync"
}

func isFunc(t types.Type) bool {
	_, ok := t.Underlying().(*types.Signature)
	return ok
}
