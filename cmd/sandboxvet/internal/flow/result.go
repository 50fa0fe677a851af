// SPDX-License-Identifier: MIT

package flow

import (
	"fmt"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"
)

// maxResults bounds how deep results of calls are looked at.
const maxResults = 4

// result is what result i of a call may be, for values that decide what is called.
func (f *frame) result(call *ssa.Call, i int) *Value {
	fn := call.Call.StaticCallee()
	if fn == nil || !tracked(resultType(call, i)) {
		return nil
	}
	name := FullName(fn)
	if onceFunctions[name] {
		return f.eval(call.Call.Args[0])
	}
	if name == "fmt.Sprintf" {
		return f.eval(call.Call.Args[0]) // the format stands for what it makes: thread names
	}
	if name == SandboxPath+".NewPolicy" || name == SandboxPath+".ParsePolicy" {
		return f.e.one(Item{Kind: Made, Call: call})
	}
	if f.depth >= maxResults || len(fn.Blocks) == 0 || ofRuntime(PackagePath(fn)) {
		return nil
	}
	params, free := f.passed(call, fn)
	if otherNetwork(fn, at(params, 0)) {
		return nothing
	}
	key := fmt.Sprintf("%d/%d %s", i, f.depth, contextKey(f.e.functionID(fn), params, free))
	if v, ok := f.e.results[key]; ok {
		return f.e.by(call, v)
	}
	f.e.results[key] = nil // while it is worked out: recursion is not known
	callee := f.e.frame(fn, params, free)
	callee.depth = f.depth + 1
	v := callee.returned(i)
	f.e.results[key] = v
	return f.e.by(call, v)
}

// by notes of policies that are made in a called function who has called it: what they are may
// depend on what it was given.
func (e *Engine) by(call *ssa.Call, v *Value) *Value {
	if v == nil || !slices.ContainsFunc(v.Items, func(i Item) bool { return i.Kind == Made || i.Kind == Opaque }) {
		return v
	}
	out := nothing
	for _, i := range v.Items {
		if (i.Kind == Made || i.Kind == Opaque) && len(i.Via) < maxResults {
			i.Via = append(slices.Clip(i.Via), call)
			out = union(out, e.one(i))
		} else {
			out = union(out, &Value{Items: []Item{i}, key: i.key, depth: v.depth})
		}
	}
	return out
}

func (f *frame) passed(call *ssa.Call, fn *ssa.Function) (params, free []*Value) {
	if closure, ok := call.Call.Value.(*ssa.MakeClosure); ok {
		item, _ := f.closure(closure).Only()
		free = item.Parts
	}
	needed := f.e.relevant[fn]
	for i, arg := range call.Call.Args {
		if needed != nil && i < len(needed.params) && needed.params[i] {
			params = append(params, f.eval(arg))
		} else {
			params = append(params, nil)
		}
	}
	return f.e.onlyRelevant(fn, params, free)
}

// returned is the union of what a function returns as result i.
func (f *frame) returned(i int) *Value {
	out := nothing
	feasible := f.feasible()
	for _, b := range f.fn.Blocks {
		if r, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return); ok && feasible[b] {
			if out = union(out, f.eval(r.Results[i])); out == nil {
				return nil
			}
		}
	}
	return out
}

func resultType(call *ssa.Call, i int) types.Type {
	if tuple, ok := call.Type().(*types.Tuple); ok {
		return tuple.At(i).Type()
	}
	return call.Type()
}
