// SPDX-License-Identifier: MIT

package flow

import "golang.org/x/tools/go/ssa"

// After are the instructions of a state that can run after one of them: what follows it in
// its block, all blocks that can be reached from there, and deferred calls, which run at
// the end.
func (s *State) After(site ssa.Instruction) map[ssa.Instruction]bool {
	after := make(map[ssa.Instruction]bool)
	block := site.Block()
	found := false
	for _, instr := range block.Instrs {
		if found {
			after[instr] = true
		}
		found = found || instr == site
	}
	seen := make(map[*ssa.BasicBlock]bool)
	work := append([]*ssa.BasicBlock{}, block.Succs...)
	for len(work) > 0 {
		b := work[0]
		work = work[1:]
		if seen[b] || !s.feasible[b] {
			continue
		}
		seen[b] = true
		for _, instr := range b.Instrs {
			after[instr] = true
		}
		work = append(work, b.Succs...)
	}
	for _, b := range s.Fn.Blocks {
		for _, instr := range b.Instrs {
			if _, ok := instr.(*ssa.Defer); ok {
				after[instr] = true
			}
		}
	}
	return after
}
