// SPDX-License-Identifier: MIT

package flow

import (
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/types/typeutil"
)

// Packages that look at values by reflection, as fmt and encoding/json do, also call their
// methods, and no types flow there that an analysis could see. What they call are the
// methods that exist for that purpose: there, any type that the program ever puts into an
// interface may be met.

// findReflection notes which packages import reflect.
func (e *Engine) findReflection() {
	e.imports = make(map[string]bool)
	for path, pkg := range e.program.Packages {
		for imported := range pkg.Imports {
			if imported == "reflect" || imported == "internal/reflectlite" {
				e.imports[path] = true
			}
		}
	}
}

// conversions are the methods that packages look for in what they print, read and write.
var conversions = map[string]bool{
	"String": true, "Error": true, "Format": true, "GoString": true, "Scan": true, "Value": true,
	"GobEncode": true, "GobDecode": true, "LogValue": true, "Set": true, "IsZero": true,
}

func isConversion(method string) bool {
	return conversions[method] || strings.HasPrefix(method, "Marshal") || strings.HasPrefix(method, "Unmarshal") ||
		strings.HasPrefix(method, "AppendText") || strings.HasPrefix(method, "AppendBinary")
}

// byReflection are the methods that a call in a package that reflects may reach.
func (e *Engine) byReflection(call ssa.CallInstruction) []*ssa.Function {
	common := call.Common()
	if !common.IsInvoke() || !isConversion(common.Method.Name()) || !e.imports[PackagePath(call.Parent())] {
		return nil
	}
	iface, ok := common.Value.Type().Underlying().(*types.Interface)
	if !ok {
		return nil
	}
	key := types.TypeString(common.Value.Type(), nil) + "." + common.Method.Name()
	if found, ok := e.converted[key]; ok {
		return found
	}
	var found []*ssa.Function
	for _, t := range e.interfaced() {
		if types.IsInterface(t) || !types.Implements(t, iface) {
			continue
		}
		sel := e.program.SSA.MethodSets.MethodSet(t).Lookup(common.Method.Pkg(), common.Method.Name())
		if sel == nil {
			continue
		}
		if fn := e.program.SSA.MethodValue(sel); fn != nil && e.all[fn] {
			found = append(found, fn)
		}
	}
	found = e.sortFunctions(found)
	e.converted[key] = found
	return found
}

// interfaced are the types that the program ever puts into an interface, and what reflection
// gets at from there: parts of them, and pointers to parts.
func (e *Engine) interfaced() []types.Type {
	if e.dynamic != nil {
		return e.dynamic
	}
	var seen typeutil.Map
	var work []types.Type
	push := func(t types.Type) {
		if seen.At(t) == nil {
			seen.Set(t, true)
			work = append(work, t)
		}
	}
	for _, fn := range e.ordered() {
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				if m, ok := instr.(*ssa.MakeInterface); ok {
					push(m.X.Type())
				}
			}
		}
	}
	for len(work) > 0 {
		t := work[0]
		work = work[1:]
		e.dynamic = append(e.dynamic, t)
		if _, ok := t.(*types.Pointer); !ok && !types.IsInterface(t) {
			push(types.NewPointer(t))
		}
		parts(t, push)
	}
	return e.dynamic
}

// parts gives the types of the parts of a value.
func parts(t types.Type, push func(types.Type)) {
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		push(u.Elem())
	case *types.Slice:
		push(u.Elem())
	case *types.Array:
		push(u.Elem())
	case *types.Chan:
		push(u.Elem())
	case *types.Map:
		push(u.Key())
		push(u.Elem())
	case *types.Struct:
		for i := range u.NumFields() {
			push(u.Field(i).Type())
		}
	}
}

// addressTaken are the functions of a signature that are used as values: what may be called
// where nothing is known.
func (e *Engine) addressTaken(sig *types.Signature) []*ssa.Function {
	if e.taken == nil {
		e.taken = new(typeutil.Map)
		seen := make(map[*ssa.Function]bool)
		for _, fn := range e.ordered() {
			for _, b := range fn.Blocks {
				for _, instr := range b.Instrs {
					e.noteTaken(instr, seen)
				}
			}
		}
	}
	list, _ := e.taken.At(withoutReceiver(sig)).([]*ssa.Function)
	return list
}

func (e *Engine) noteTaken(instr ssa.Instruction, seen map[*ssa.Function]bool) {
	var called *ssa.Value
	if call, ok := instr.(ssa.CallInstruction); ok {
		called = &call.Common().Value
	}
	var space [16]*ssa.Value
	for _, operand := range instr.Operands(space[:0]) {
		fn, ok := (*operand).(*ssa.Function)
		if !ok || operand == called || seen[fn] {
			continue
		}
		seen[fn] = true
		key := withoutReceiver(fn.Signature)
		list, _ := e.taken.At(key).([]*ssa.Function)
		e.taken.Set(key, append(list, fn))
	}
}

func withoutReceiver(sig *types.Signature) *types.Signature {
	return types.NewSignatureType(nil, nil, nil, sig.Params(), sig.Results(), sig.Variadic())
}
