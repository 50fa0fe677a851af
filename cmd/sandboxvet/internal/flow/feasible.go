// SPDX-License-Identifier: MIT

package flow

import "golang.org/x/tools/go/ssa"

// A jump is an edge between blocks.
type jump struct{ from, to *ssa.BasicBlock }

// feasible are the blocks that can be reached, with what is known of conditions. Where a
// condition excludes a block, what flows from there is left out too, until no more changes:
// that begins with nothing and adds what can be reached (conditional constant propagation).
func (f *frame) feasible() map[*ssa.BasicBlock]bool {
	f.jumps = nil
	seen, excluded := f.spread(nil)
	if !excluded {
		return seen
	}
	known := make(map[jump]bool)
	for {
		f.jumps = known
		clear(f.memo)
		before := len(known)
		seen, _ = f.spread(known)
		if len(known) == before {
			return seen
		}
	}
}

// spread goes through the blocks that can be reached, and notes the jumps that are made.
func (f *frame) spread(jumps map[jump]bool) (seen map[*ssa.BasicBlock]bool, excluded bool) {
	seen = make(map[*ssa.BasicBlock]bool, len(f.fn.Blocks))
	var work []*ssa.BasicBlock
	push := func(from, b *ssa.BasicBlock) {
		if b == nil {
			return
		}
		if jumps != nil && from != nil {
			jumps[jump{from, b}] = true
		}
		if !seen[b] {
			seen[b] = true
			work = append(work, b)
		}
	}
	if len(f.fn.Blocks) > 0 {
		push(nil, f.fn.Blocks[0])
	}
	push(nil, f.fn.Recover)
	for len(work) > 0 {
		b := work[0]
		work = work[1:]
		if branch, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If); ok {
			c := f.eval(branch.Cond)
			if one, ok := c.Only(); ok && one.Kind == Number {
				excluded = true
				push(b, b.Succs[1-one.Bits])
				continue
			}
			if jumps != nil && c != nil && len(c.Items) == 0 {
				continue // nothing has come here yet
			}
		}
		for _, next := range b.Succs {
			push(b, next)
		}
	}
	return seen, excluded
}
