// SPDX-License-Identifier: MIT

package flow

import (
	"cmp"
	"go/token"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// Position is where a value comes from, as file:line.
func (e *Engine) Position(v ssa.Value) string {
	pos := v.Pos()
	if instr, ok := v.(ssa.Instruction); ok && !pos.IsValid() {
		pos = positionOf(instr)
	}
	if !pos.IsValid() && v.Parent() != nil {
		pos = v.Parent().Pos()
	}
	return e.program.SSA.Fset.Position(pos).String()
}

// Where is where an instruction is.
func (e *Engine) Where(instr ssa.Instruction) token.Position {
	return e.program.SSA.Fset.Position(positionOf(instr))
}

// positionOf is the position of an instruction, or of the nearest before it that has one.
func positionOf(instr ssa.Instruction) token.Pos {
	if pos := instr.Pos(); pos.IsValid() {
		return pos
	}
	best := token.NoPos
	for _, other := range instr.Block().Instrs {
		if pos := other.Pos(); pos.IsValid() {
			best = pos
		}
		if other == instr && best.IsValid() {
			break
		}
	}
	if !best.IsValid() {
		best = instr.Parent().Pos()
	}
	return best
}

// Root is the directory of the Go release that was analysed.
func (e *Engine) Root() string {
	if pkg := e.program.Packages["runtime"]; pkg != nil && len(pkg.GoFiles) > 0 {
		return strings.TrimSuffix(filepath.Dir(pkg.GoFiles[0]), "/src/runtime")
	}
	return ""
}

// Key is the same for values that are the same.
func (v *Value) Key() string { return keyOf(v) }

// SortStates brings states into an order that is the same in every run.
func SortStates(list []*State) {
	slices.SortFunc(list, func(a, b *State) int { return cmp.Compare(a.id, b.id) })
}
