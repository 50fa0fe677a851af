// SPDX-License-Identifier: MIT

package policies

import (
	"fmt"
	"go/types"
	"reflect"

	"golang.org/x/tools/go/ssa"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/flow"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A builder changes when its methods are called, and each returns it. So what it holds
// where it is used is what was called on it before, in the same function.

// builder does what the function did with a builder before use.
func (m *Maker) builder(v ssa.Value, use ssa.Instruction) (*sandbox.SeccompPolicyBuilder, error) {
	origin := originOf(v)
	made, ok := origin.(*ssa.Call)
	if !ok {
		return nil, m.unknown(v)
	}
	b, err := m.begin(made)
	if err != nil {
		return nil, err
	}
	for _, block := range made.Parent().Blocks {
		for _, instr := range block.Instrs {
			call, ok := instr.(*ssa.Call)
			if instr == use {
				return b, nil
			}
			if !ok || !isMethod(call) || originOf(call.Call.Args[0]) != origin {
				continue
			}
			if !block.Dominates(use.Block()) {
				return nil, fmt.Errorf("policy not known: its builder is changed on a condition at %s", m.Engine.Position(call))
			}
			if err := m.apply(b, call); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}

// originOf goes back from what builder methods return to the builder.
func originOf(v ssa.Value) ssa.Value {
	for {
		call, ok := v.(*ssa.Call)
		if !ok || !isMethod(call) {
			return v
		}
		v = call.Call.Args[0]
	}
}

// isMethod reports whether a call is one of the builder's methods that return it.
func isMethod(call *ssa.Call) bool {
	fn := call.Call.StaticCallee()
	if fn == nil || fn.Signature.Recv() == nil || !isBuilder(fn.Signature.Recv().Type()) {
		return false
	}
	return fn.Signature.Results().Len() == 1 && isBuilder(fn.Signature.Results().At(0).Type())
}

func isBuilder(t types.Type) bool {
	p, ok := t.(*types.Pointer)
	if !ok {
		return false
	}
	n, ok := p.Elem().(*types.Named)
	return ok && n.Obj().Name() == "SeccompPolicyBuilder" && n.Obj().Pkg().Path() == flow.SandboxPath
}

// begin is the builder that a call makes.
func (m *Maker) begin(call *ssa.Call) (*sandbox.SeccompPolicyBuilder, error) {
	fn := call.Call.StaticCallee()
	if fn == nil {
		return nil, m.unknown(call)
	}
	switch flow.FullName(fn) {
	case flow.SandboxPath + ".NewSeccompPolicyBuilder":
		return sandbox.NewSeccompPolicyBuilder(), nil
	case flow.SandboxPath + ".SyscallSandboxPolicy.Builder":
		p, err := m.policy(call.Call.Args[0])
		if err != nil {
			return nil, err
		}
		return p.Builder(), nil
	}
	if returned, ok := onlyReturn(fn); ok && len(call.Call.Args) == 0 {
		return m.builder(returned, fn.Blocks[0].Instrs[len(fn.Blocks[0].Instrs)-1])
	}
	return nil, m.unknown(call)
}

// apply calls the same method on the real builder.
func (m *Maker) apply(b *sandbox.SeccompPolicyBuilder, call *ssa.Call) error {
	fn := call.Call.StaticCallee()
	method := reflect.ValueOf(b).MethodByName(fn.Name())
	if !method.IsValid() {
		return fmt.Errorf("policy not known at %s: this sandboxvet does not know the builder's %s", m.Engine.Position(call), fn.Name())
	}
	args, err := m.arguments(method.Type(), call.Call.Args[1:])
	if err != nil {
		return err
	}
	method.Call(args)
	return nil
}

// arguments are the values of arguments; the last may be a slice of them.
func (m *Maker) arguments(t reflect.Type, args []ssa.Value) (values []reflect.Value, err error) {
	if len(args) != t.NumIn() {
		return nil, fmt.Errorf("policy not known: %d arguments for %s", len(args), t)
	}
	for i, arg := range args {
		if t.IsVariadic() && i == len(args)-1 {
			elements, err := m.elements(arg)
			if err != nil {
				return nil, err
			}
			for _, e := range elements {
				v, err := m.value(t.In(i).Elem(), e)
				if err != nil {
					return nil, err
				}
				values = append(values, v)
			}
			return values, nil
		}
		v, err := m.value(t.In(i), arg)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, nil
}

// elements are what a slice that was written out holds.
func (m *Maker) elements(v ssa.Value) ([]ssa.Value, error) {
	if c, ok := v.(*ssa.Const); ok && c.Value == nil {
		return nil, nil
	}
	slice, ok := v.(*ssa.Slice)
	if !ok {
		return nil, m.unknown(v)
	}
	array, ok := slice.X.(*ssa.Alloc)
	if !ok {
		return nil, m.unknown(v)
	}
	n := array.Type().Underlying().(*types.Pointer).Elem().Underlying().(*types.Array).Len()
	elements := make([]ssa.Value, n)
	for _, r := range *array.Referrers() {
		at, ok := r.(*ssa.IndexAddr)
		if !ok {
			continue
		}
		index, isConst := at.Index.(*ssa.Const)
		for _, r := range *at.Referrers() {
			if store, ok := r.(*ssa.Store); ok && isConst {
				elements[index.Int64()] = store.Val
			}
		}
	}
	for _, e := range elements {
		if e == nil {
			return nil, m.unknown(v)
		}
	}
	return elements, nil
}

var (
	policyType = reflect.TypeFor[sandbox.SyscallSandboxPolicy]()
	condType   = reflect.TypeFor[seccomp.Cond]()
	argType    = reflect.TypeFor[seccomp.Arg]()
)

// value is an argument as a value of the library.
func (m *Maker) value(t reflect.Type, v ssa.Value) (reflect.Value, error) {
	switch {
	case t == policyType:
		p, err := m.policy(v)
		return reflect.ValueOf(p), err
	case t == condType, t == argType:
		return m.condition(v)
	case t.Kind() == reflect.String:
		if text, ok := m.Engine.Text(v); ok {
			return reflect.ValueOf(text), nil
		}
	case t.Kind() == reflect.Uint64 && calls(v, "/seccomp.Int"):
		n, err := m.value(reflect.TypeFor[int32](), v.(*ssa.Call).Call.Args[0])
		if err != nil {
			return n, err
		}
		return reflect.ValueOf(seccomp.Int(int32(n.Int()))), nil
	default:
		if n, ok := m.Engine.Number(v); ok {
			return reflect.ValueOf(n).Convert(t), nil
		}
	}
	return reflect.Value{}, m.unknown(v)
}

func calls(v ssa.Value, name string) bool {
	call, ok := v.(*ssa.Call)
	return ok && call.Call.StaticCallee() != nil && flow.FullName(call.Call.StaticCallee()) == flow.SandboxPath+name
}

// condition is seccomp.Arg32(i), or a method of it.
func (m *Maker) condition(v ssa.Value) (reflect.Value, error) {
	call, ok := v.(*ssa.Call)
	if !ok || call.Call.StaticCallee() == nil {
		return reflect.Value{}, m.unknown(v)
	}
	fn := call.Call.StaticCallee()
	var f reflect.Value
	args := call.Call.Args
	switch flow.FullName(fn) {
	case flow.SandboxPath + "/seccomp.Arg32":
		f = reflect.ValueOf(seccomp.Arg32)
	case flow.SandboxPath + "/seccomp.Arg64":
		f = reflect.ValueOf(seccomp.Arg64)
	case flow.SandboxPath + "/seccomp.UnsafeIP":
		f = reflect.ValueOf(seccomp.UnsafeIP)
	default:
		if fn.Signature.Recv() == nil {
			return reflect.Value{}, m.unknown(v)
		}
		receiver, err := m.condition(args[0])
		if err != nil {
			return receiver, err
		}
		f, args = receiver.MethodByName(fn.Name()), args[1:]
		if !f.IsValid() {
			return f, m.unknown(v)
		}
	}
	values, err := m.arguments(f.Type(), args)
	if err != nil {
		return reflect.Value{}, err
	}
	return f.Call(values)[0], nil
}
