// SPDX-License-Identifier: MIT

package flow

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/types/typeutil"
)

// VTA of x/tools 0.52 loses what is received with a second result: "v, ok := <-c", and so
// "for v := range c" (vta/graph.go: unop makes an edge to the pair, extract expects one to its
// part). So for functions and interfaces that are received like that, all that may have been
// sent counts wherever one of the type is called and not known better.

// received are the element types of channels that are received from with a second result.
type received struct {
	functions  typeutil.Map // signatures, without receivers
	interfaces []types.Type
	sent       typeutil.Map // element type: []types.Type that are sent
	anything   typeutil.Map // element type: what is sent is not known
}

func (e *Engine) findReceived() {
	e.received = &received{}
	e.eachInstruction(func(instr ssa.Instruction) {
		u, ok := instr.(*ssa.UnOp)
		if !ok || u.Op != token.ARROW || !u.CommaOk {
			return
		}
		t := u.X.Type().Underlying().(*types.Chan).Elem()
		switch t.Underlying().(type) {
		case *types.Signature:
			e.received.functions.Set(t.Underlying(), true)
		case *types.Interface:
			e.received.interfaces = append(e.received.interfaces, t)
			e.received.sent.Set(t, []types.Type(nil))
		}
	})
	e.eachInstruction(func(instr ssa.Instruction) {
		switch i := instr.(type) {
		case *ssa.Send:
			e.received.note(i.X)
		case *ssa.Select:
			for _, s := range i.States {
				if s.Send != nil {
					e.received.note(s.Send)
				}
			}
		}
	})
}

func (e *Engine) eachInstruction(do func(ssa.Instruction)) {
	for _, fn := range e.ordered() {
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				do(instr)
			}
		}
	}
}

func (r *received) note(v ssa.Value) {
	list, ok := r.sent.At(v.Type()).([]types.Type)
	if !ok {
		return
	}
	if m, ok := v.(*ssa.MakeInterface); ok {
		r.sent.Set(v.Type(), append(list, m.X.Type()))
	} else if c, ok := v.(*ssa.Const); !ok || !c.IsNil() {
		r.anything.Set(v.Type(), true)
	}
}

// fromChannels are the functions that a call may get from such channels.
func (e *Engine) fromChannels(call ssa.CallInstruction) (found []*ssa.Function) {
	common := call.Common()
	if !common.IsInvoke() {
		sig := common.Signature()
		if e.received.functions.At(withoutReceiver(sig)) == nil {
			return nil
		}
		return e.addressTaken(sig)
	}
	iface := common.Value.Type().Underlying().(*types.Interface)
	for _, elem := range e.received.interfaces {
		for _, t := range e.sentAs(elem) {
			if !types.Implements(t, iface) {
				continue
			}
			if sel := e.program.SSA.MethodSets.MethodSet(t).Lookup(common.Method.Pkg(), common.Method.Name()); sel != nil {
				if fn := e.program.SSA.MethodValue(sel); fn != nil {
					found = append(found, fn)
				}
			}
		}
	}
	return e.sortFunctions(found)
}

// sentAs are the types that channels of an interface may carry. Errors and values of any
// type that come from elsewhere are left out: see the README.
func (e *Engine) sentAs(elem types.Type) (list []types.Type) {
	list, _ = e.received.sent.At(elem).([]types.Type)
	iface := elem.Underlying().(*types.Interface)
	if e.received.anything.At(elem) == nil || !tracked(elem) {
		return list
	}
	for _, t := range e.interfaced() {
		if !types.IsInterface(t) && types.Implements(t, iface) {
			list = append(list, t)
		}
	}
	return list
}
