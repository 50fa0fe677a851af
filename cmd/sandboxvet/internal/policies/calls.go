// SPDX-License-Identifier: MIT

package policies

import (
	"fmt"
	"reflect"

	"golang.org/x/tools/go/ssa"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/flow"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// called is a call in a run: one that is not needed is not executed.
func (r *run) called(p point, call *ssa.Call) ([]end, error) {
	if r.needs.values[call] {
		return r.call(p, call)
	}
	var space [16]*ssa.Value
	for _, operand := range call.Operands(space[:0]) {
		if *operand != nil && p.escape(r.get(p.env, *operand)) {
			return nil, r.away(call)
		}
	}
	return []end{{p.state, nil}}, nil
}

// call executes a call, in all ways that it may go.
func (r *run) call(p point, call *ssa.Call) ([]end, error) {
	args := make([]value, len(call.Call.Args))
	for i, arg := range call.Call.Args {
		args[i] = r.get(p.env, arg)
	}
	one := func(v value) ([]end, error) { return []end{{p.state, parts{v}}}, nil }
	if b, ok := call.Call.Value.(*ssa.Builtin); ok {
		return one(p.builtin(b.Name(), args))
	}
	fn := call.Call.StaticCallee()
	var free []value
	if c, ok := r.get(p.env, call.Call.Value).(closure); ok && !call.Call.IsInvoke() {
		fn, free = c.fn, c.free
	}
	if fn != nil {
		if v, known, err := r.library(&p.state, fn, call, args); known || err != nil {
			if results, ok := v.(parts); ok {
				return []end{{p.state, results}}, err
			}
			return []end{{p.state, parts{v}}}, err
		}
		if r.executes(fn, call, args) {
			return r.run(fn, args, free, p.state, nil)
		}
	}
	if p.escape(parts(args)) || p.escape(r.get(p.env, call.Call.Value)) {
		return nil, r.away(call)
	}
	return []end{{p.state, nil}}, nil
}

// executes reports whether a called function is executed: if it has to do with policies, or
// all that it is given is known; and if it is neither of the standard library nor
// of this one.
func (r *run) executes(fn *ssa.Function, call *ssa.Call, args []value) bool {
	if len(fn.Blocks) == 0 || r.engine.Standard(fn) || flow.PackagePath(fn) == flow.SandboxPath && fn.Synthetic == "" {
		return false
	}
	if mentionsAny(call) || mentions(fn.Signature) {
		return true
	}
	for _, arg := range args {
		if arg == nil {
			return false
		}
	}
	return r.depth < maxDepth-2 && fn.Signature.Results().Len() > 0
}

func (s *state) builtin(name string, args []value) value {
	switch name {
	case "len", "cap":
		switch v := args[0].(type) {
		case list:
			return uint64(v.n)
		case string:
			return uint64(len(v))
		case null:
			return uint64(0)
		}
	case "append":
		var all parts
		for _, arg := range args {
			switch v := arg.(type) {
			case list:
				for i := range v.n {
					all = append(all, s.load(v.array.to(v.from+i)))
				}
			case null:
			default:
				return nil
			}
		}
		return list{pointer{cell: s.alloc(all)}, 0, len(all)}
	}
	return nil
}

// library does what functions of the library do.
func (r *run) library(s *state, fn *ssa.Function, call *ssa.Call, args []value) (v value, known bool, err error) {
	switch name := flow.FullName(fn); name {
	case flow.SandboxPath + ".NewSeccompPolicyBuilder":
		return builder{s.alloc(null{})}, true, nil
	case flow.SandboxPath + ".SyscallSandboxPolicy.Builder":
		return s.builderOf(args[0]), true, nil
	case flow.SandboxPath + ".SyscallSandboxPolicy.String":
		if p, ok := args[0].(policy); ok {
			return p.String(), true, nil
		}
		return nil, true, nil
	case flow.SandboxPath + ".NewPolicy":
		return s.newPolicy(args), true, nil
	case flow.SandboxPath + ".ParsePolicy":
		text, ok := args[0].(string)
		if !ok {
			return parts{nil, nil}, true, nil
		}
		p, err := sandbox.ParsePolicy(text)
		return parts{policy{p, text}, null{}}, true, err
	case flow.SandboxPath + ".SyscallSandboxPolicy.UnmarshalJSON":
		return s.fromJSON(args[1], args[0]), true, nil
	case "encoding/json.Unmarshal":
		if p, ok := args[1].(pointer); ok && mentions(call.Call.Args[1].Type()) || ok && isPolicyPointer(call.Call.Args[1]) {
			return s.fromJSON(args[0], p), true, nil
		}
	case flow.SandboxPath + "/seccomp.Int":
		if n, ok := args[0].(uint64); ok {
			return seccomp.Int(int32(n)), true, nil
		}
	case flow.SandboxPath + "/seccomp.Arg32", flow.SandboxPath + "/seccomp.Arg64", flow.SandboxPath + "/seccomp.UnsafeIP":
		v, err := s.native(conditions[name], args)
		return v, true, err
	}
	if fn.Signature.Recv() == nil || fn.Synthetic != "" {
		return nil, false, nil
	}
	switch receiver := args[0].(type) {
	case native:
		if m := receiver.v.MethodByName(fn.Name()); m.IsValid() {
			v, err := s.native(m, args[1:])
			return v, true, err
		}
	case builder:
		err := r.change(s, receiver, fn.Name(), args[1:], call)
		return receiver, true, err
	}
	return nil, false, nil
}

var conditions = map[string]reflect.Value{
	flow.SandboxPath + "/seccomp.Arg32":    reflect.ValueOf(seccomp.Arg32),
	flow.SandboxPath + "/seccomp.Arg64":    reflect.ValueOf(seccomp.Arg64),
	flow.SandboxPath + "/seccomp.UnsafeIP": reflect.ValueOf(seccomp.UnsafeIP),
}

// change notes a call of a method of a builder.
func (r *run) change(s *state, b builder, method string, args []value, call *ssa.Call) error {
	m, ok := reflect.TypeFor[*sandbox.SeccompPolicyBuilder]().MethodByName(method)
	if !ok {
		return fmt.Errorf("this sandboxvet does not know the builder's %s, at %s", method, r.engine.Where(call))
	}
	if m.Type.NumOut() != 1 || m.Type.Out(0) != reflect.TypeFor[*sandbox.SeccompPolicyBuilder]() {
		return nil // it changes nothing
	}
	values, text, ok := s.natives(m.Type, 1, args)
	if !ok {
		return fmt.Errorf("what %s is given at %s does not follow from the source", method, r.engine.Where(call))
	}
	c := &s.cells[b.cell]
	c.steps = append(c.steps[:len(c.steps):len(c.steps)], step{method + text, func(b *sandbox.SeccompPolicyBuilder) *sandbox.SeccompPolicyBuilder {
		return m.Func.Call(append([]reflect.Value{reflect.ValueOf(b)}, values...))[0].Interface().(*sandbox.SeccompPolicyBuilder)
	}})
	return nil
}

func (s *state) native(f reflect.Value, args []value) (value, error) {
	values, _, ok := s.natives(f.Type(), 0, args)
	if !ok {
		return nil, nil
	}
	return native{f.Call(values)[0]}, nil
}

// natives are arguments for a function of the library, from its parameter skip on.
func (s *state) natives(t reflect.Type, skip int, args []value) (values []reflect.Value, text string, ok bool) {
	for i, arg := range args {
		want := t.In(skip + i)
		all := []value{arg}
		if t.IsVariadic() && skip+i == t.NumIn()-1 {
			l, isList := arg.(list)
			_, isNull := arg.(null)
			if !isList && !isNull {
				return nil, "", false
			}
			want, all = want.Elem(), nil
			for j := range l.n {
				all = append(all, s.load(l.array.to(l.from+j)))
			}
		}
		for _, one := range all {
			v, ok := nativeOf(want, one)
			if !ok {
				return nil, "", false
			}
			values, text = append(values, v), text+" "+describe(one)
		}
	}
	return values, text, true
}

func nativeOf(t reflect.Type, v value) (reflect.Value, bool) {
	switch v := v.(type) {
	case policy:
		return reflect.ValueOf(v.SyscallSandboxPolicy), t == reflect.TypeFor[sandbox.SyscallSandboxPolicy]()
	case native:
		return v.v, v.v.Type() == t
	case string:
		return reflect.ValueOf(v), t.Kind() == reflect.String
	case uint64:
		return reflect.ValueOf(v).Convert(t), t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64
	}
	return reflect.Value{}, false
}
