// SPDX-License-Identifier: MIT

package policies

import (
	"fmt"
	"slices"

	"golang.org/x/tools/go/ssa"
)

func (s *state) alloc(v value) int {
	s.cells = append(s.cells, cell{holds: v})
	return len(s.cells) - 1
}

// load is what an address holds.
func (s *state) load(address value) value {
	p, ok := address.(pointer)
	if !ok || s.cells[p.cell].lost {
		return nil
	}
	v := s.cells[p.cell].holds
	for _, i := range p.path {
		v = element(v, i)
	}
	return v
}

func element(v value, i int) value {
	if list, ok := v.(parts); ok && i >= 0 && i < len(list) {
		return list[i]
	}
	return nil
}

// store puts a value where an address points.
func (s *state) store(p pointer, v value) {
	c := &s.cells[p.cell]
	if !c.lost {
		c.holds = with(c.holds, p.path, v)
	}
}

func with(whole value, path []int, v value) value {
	if len(path) == 0 {
		return v
	}
	list, ok := whole.(parts)
	if !ok || path[0] < 0 || path[0] >= len(list) {
		return nil
	}
	list = slices.Clone(list)
	list[path[0]] = with(list[path[0]], path[1:], v)
	return list
}

func (p pointer) to(i int) pointer { return pointer{p.cell, append(slices.Clip(p.path), i)} }

// escape gives up what v leads to: it went to code that is not executed. It reports whether
// a builder did.
func (s *state) escape(v value) (isBuilder bool) {
	switch v := v.(type) {
	case builder:
		return true
	case parts:
		for _, one := range v {
			isBuilder = s.escape(one) || isBuilder
		}
	case closure:
		return s.escape(parts(v.free))
	case list:
		return s.escape(v.array)
	case pointer:
		if c := &s.cells[v.cell]; !c.lost {
			c.lost = true
			return s.escape(c.holds)
		}
	}
	return isBuilder
}

// simple executes an instruction that is no call and no branch.
func (r *run) simple(p *point, instr ssa.Instruction) error {
	switch instr := instr.(type) {
	case *ssa.Store:
		v := r.get(p.env, instr.Val)
		if to, ok := r.get(p.env, instr.Addr).(pointer); ok {
			p.store(to, v)
		} else if p.escape(v) {
			return r.away(instr)
		}
	case *ssa.Go, *ssa.Defer, *ssa.Send, *ssa.MapUpdate:
		var space [16]*ssa.Value
		for _, operand := range instr.Operands(space[:0]) {
			if *operand != nil && p.escape(r.get(p.env, *operand)) {
				return r.away(instr)
			}
		}
	case ssa.Value:
		if r.needs.values[instr] {
			p.env[instr] = r.compute(p, instr)
		}
	}
	return nil
}

func (r *run) away(instr ssa.Instruction) error {
	return fmt.Errorf("its builder goes where it is not followed, at %s", r.engine.Where(instr))
}

// compute is the value of an instruction.
func (r *run) compute(p *point, v ssa.Value) value {
	get := func(v ssa.Value) value { return r.get(p.env, v) }
	switch v := v.(type) {
	case *ssa.Alloc:
		return pointer{cell: p.alloc(zero(deref(v.Type())))}
	case *ssa.UnOp:
		return r.unary(p, v)
	case *ssa.BinOp:
		return binary(v, get(v.X), get(v.Y))
	case *ssa.Convert, *ssa.ChangeType, *ssa.MakeInterface, *ssa.ChangeInterface:
		var space [1]*ssa.Value
		return converted(get(*v.(ssa.Instruction).Operands(space[:0])[0]), v.Type())
	case *ssa.MakeClosure:
		free := make([]value, len(v.Bindings))
		for i, b := range v.Bindings {
			free[i] = get(b)
		}
		return closure{v.Fn.(*ssa.Function), free}
	case *ssa.Extract:
		return element(get(v.Tuple), v.Index)
	case *ssa.Field:
		return element(get(v.X), v.Field)
	case *ssa.FieldAddr:
		if base, ok := get(v.X).(pointer); ok {
			return base.to(v.Field)
		}
	case *ssa.IndexAddr:
		return indexed(get(v.X), get(v.Index))
	case *ssa.Index:
		if i, ok := get(v.Index).(uint64); ok {
			return element(get(v.X), int(i))
		}
	case *ssa.Slice:
		return r.slice(p, v)
	}
	return nil
}

func indexed(base, index value) value {
	i, ok := index.(uint64)
	if !ok {
		return nil
	}
	switch b := base.(type) {
	case pointer:
		return b.to(int(i))
	case list:
		if int(i) < b.n {
			return b.array.to(b.from + int(i))
		}
	}
	return nil
}

// slice is a whole array or slice, or a part of it with known ends.
func (r *run) slice(p *point, v *ssa.Slice) value {
	var l list
	switch base := r.get(p.env, v.X).(type) {
	case list:
		l = base
	case pointer:
		elements, ok := p.load(base).(parts)
		if !ok {
			return nil
		}
		l = list{array: base, n: len(elements)}
	default:
		return nil
	}
	low, high := uint64(0), uint64(l.n)
	if v.Low != nil {
		low, _ = orUnknown(r.get(p.env, v.Low), ^uint64(0))
	}
	if v.High != nil {
		high, _ = orUnknown(r.get(p.env, v.High), ^uint64(0))
	}
	if low > high || high > uint64(l.n) {
		return nil
	}
	return list{l.array, l.from + int(low), int(high - low)}
}

func orUnknown(v value, otherwise uint64) (uint64, bool) {
	if n, ok := v.(uint64); ok {
		return n, true
	}
	return otherwise, false
}
