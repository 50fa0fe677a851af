// SPDX-License-Identifier: MIT

package flow

import "golang.org/x/tools/go/ssa"

// OnlyStore is what a package variable is set to, if that is one thing.
func (e *Engine) OnlyStore(g *ssa.Global) (ssa.Value, bool) {
	s := e.stores[g]
	if s == nil || s.escapes || len(s.list) != 1 {
		return nil, false
	}
	return s.list[0].Val, true
}

// Text is a string that is known without its context.
func (e *Engine) Text(v ssa.Value) (string, bool) {
	i, ok := e.valueOf(v).Only()
	return i.Str, ok && i.Kind == Text
}

// Number is an integer that is known without its context.
func (e *Engine) Number(v ssa.Value) (uint64, bool) {
	i, ok := e.valueOf(v).Only()
	return i.Bits, ok && i.Kind == Number
}

func (e *Engine) valueOf(v ssa.Value) *Value {
	return e.frame(v.Parent(), nil, nil).eval(v)
}
