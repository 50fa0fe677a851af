// SPDX-License-Identifier: MIT

package policies

import (
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// needs are the values and the branches of a function that have to do with the policies that
// it makes. The rest of it, which may be all of main, is gone through without being executed.
type needs struct {
	values map[ssa.Value]bool
	conds  map[*ssa.If]bool
}

// later reports whether a value may be used in a block or after it: it tells states apart.
func (n *needs) later(v ssa.Value, b *ssa.BasicBlock) bool {
	if v.Referrers() == nil {
		return true
	}
	for _, r := range *v.Referrers() {
		if reaches(b, r.Block(), make(map[*ssa.BasicBlock]bool)) {
			return true
		}
	}
	return false
}

func reaches(from, to *ssa.BasicBlock, seen map[*ssa.BasicBlock]bool) bool {
	if from == to {
		return true
	}
	if seen[from] {
		return false
	}
	seen[from] = true
	for _, next := range from.Succs {
		if reaches(next, to, seen) {
			return true
		}
	}
	return false
}

// needed works out what a run to an instruction, or to the returns, needs.
func (m *machine) needed(fn *ssa.Function, stop ssa.Instruction) *needs {
	if n := m.parts[fn][stop]; n != nil {
		return n
	}
	n := &needs{make(map[ssa.Value]bool), make(map[*ssa.If]bool)}
	if m.parts[fn] == nil {
		m.parts[fn] = make(map[ssa.Instruction]*needs)
	}
	m.parts[fn][stop] = n
	for _, p := range fn.Params {
		if mentions(p.Type()) {
			n.mark(p)
		}
	}
	for _, v := range fn.FreeVars {
		n.mark(v)
	}
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			if _, isReturn := instr.(*ssa.Return); instr == stop || isReturn && stop == nil {
				n.operands(instr)
				if v, ok := instr.(ssa.Value); ok {
					n.values[v] = true
				}
			}
		}
	}
	n.branches(fn, stop)
	return n
}

func (n *needs) operands(instr ssa.Instruction) {
	var space [16]*ssa.Value
	for _, operand := range instr.Operands(space[:0]) {
		if *operand != nil {
			n.mark(*operand)
		}
	}
}

// mark takes a value, what it is made of, and, if it is memory or a builder, what is done
// to it.
func (n *needs) mark(v ssa.Value) {
	if n.values[v] {
		return
	}
	n.values[v] = true
	if instr, ok := v.(ssa.Instruction); ok {
		n.operands(instr)
	}
	if v.Referrers() == nil || !isMemory(v) && !mentions(v.Type()) {
		return
	}
	for _, r := range *v.Referrers() {
		if used, ok := r.(ssa.Value); ok {
			n.mark(used)
		} else if store, ok := r.(*ssa.Store); ok {
			n.operands(store)
		}
	}
}

func isMemory(v ssa.Value) bool {
	switch v.(type) {
	case *ssa.Alloc, *ssa.FieldAddr, *ssa.IndexAddr, *ssa.Slice, *ssa.MakeClosure, *ssa.MakeSlice, *ssa.MakeInterface, *ssa.FreeVar:
		return true
	}
	return false
}

// branches marks the conditions on which depends whether something that is needed is done,
// until there are no more.
func (n *needs) branches(fn *ssa.Function, stop ssa.Instruction) {
	for changed := true; changed; {
		changed = false
		blocks := n.blocks(fn, stop)
		for _, b := range fn.Blocks {
			branch, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If)
			if ok && !n.conds[branch] && decides(b, blocks) {
				n.conds[branch], changed = true, true
				n.mark(branch.Cond)
			}
		}
	}
}

// blocks are those in which something needed is done, and those between which a needed value
// is chosen.
func (n *needs) blocks(fn *ssa.Function, stop ssa.Instruction) (list []*ssa.BasicBlock) {
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			switch instr := instr.(type) {
			case *ssa.Phi:
				if n.values[instr] {
					list = append(list, b.Preds...)
				}
			case *ssa.Store:
				if n.values[instr.Addr] {
					list = append(list, b)
				}
			case *ssa.Call:
				if n.values[instr] && mentionsAny(instr) {
					list = append(list, b)
				}
			case *ssa.Return:
				if stop == nil {
					list = append(list, b)
				}
			}
		}
	}
	return list
}

// decides reports whether some of the blocks is on one way only from the branch that ends b.
func decides(b *ssa.BasicBlock, blocks []*ssa.BasicBlock) bool {
	for _, x := range blocks {
		for _, next := range b.Succs {
			if x == b || len(next.Preds) == 1 && next.Dominates(x) {
				return true
			}
		}
	}
	return false
}

func mentionsAny(call ssa.CallInstruction) bool {
	sig := call.Common().Signature()
	return mentions(sig) || sig.Recv() != nil && mentions(sig.Recv().Type())
}

// mentions reports whether values of a type may have to do with policies.
func mentions(t types.Type) bool {
	switch u := types.Unalias(t).(type) {
	case *types.Named:
		if pkg := u.Obj().Pkg(); pkg != nil && (u.Obj().Name() == "SyscallSandboxPolicy" || u.Obj().Name() == "SeccompPolicyBuilder") {
			return true
		}
	case *types.Pointer:
		return mentions(u.Elem())
	case *types.Slice:
		return mentions(u.Elem())
	case *types.Array:
		return mentions(u.Elem())
	case *types.Tuple:
		for i := range u.Len() {
			if mentions(u.At(i).Type()) {
				return true
			}
		}
	case *types.Signature:
		return mentions(u.Params()) || mentions(u.Results())
	}
	return false
}
