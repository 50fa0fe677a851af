// SPDX-License-Identifier: MIT

package flow

import (
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/syscall-sandbox/sandbox/internal/sysargs"
)

// A visitedCall is a call in a state.
type visitedCall struct {
	e     *Engine
	state *State
	frame *frame
	call  ssa.CallInstruction
}

func (c *visitedCall) visit() {
	common := c.call.Common()
	if _, ok := common.Value.(*ssa.Builtin); ok {
		return
	}
	kind := Calls
	if _, ok := c.call.(*ssa.Go); ok {
		kind = Starts
	}
	if fn := common.StaticCallee(); fn != nil {
		var free []*Value
		if closure, ok := common.Value.(*ssa.MakeClosure); ok {
			item, _ := c.frame.closure(closure).Only()
			free = item.Parts
		}
		c.enter(fn, free, c.arguments(fn, nil), kind)
		return
	}
	value := c.frame.eval(common.Value)
	nothing := value != nil && len(value.Items) == 0
	// Nothing: nobody sets it, or how it gets here is not seen: types know more. The standard
	// library has much that is set for other programs only.
	if nothing && !c.e.Standard(c.state.Fn) || value == nil || !c.known(value, kind) {
		c.byTypes(kind)
	}
	for _, fn := range c.e.byReflection(c.call) {
		c.enter(fn, nil, nil, kind)
	}
}

// byTypes enters all that types allow.
func (c *visitedCall) byTypes(kind EdgeKind) {
	targets := append(slices.Clone(c.e.sites[c.call]), c.e.fromChannels(c.call)...)
	for _, fn := range c.e.sortFunctions(targets) {
		c.enter(fn, nil, c.arguments(fn, nil), kind)
	}
	if len(targets) == 0 {
		c.nobody()
	}
}

// NoTarget is what is said of a dynamic call for which no function is found.
const NoTarget = "a dynamic call of which no target is found"

// nobody notes a dynamic call for which no function is found in the whole program: what is
// called got there by a way that is not seen, or nothing ever does. The standard library has
// many that are for other programs.
func (c *visitedCall) nobody() {
	if c.e.Standard(c.state.Fn) || PackagePath(c.state.Fn) == "" {
		return
	}
	common := c.call.Common()
	what := common.Value.Type().String()
	if common.IsInvoke() {
		what += "." + common.Method.Name()
	}
	c.state.Unknowns = append(c.state.Unknowns, Unknown{c.call, NoTarget + ": " + what})
}

// known enters what value says is called; false if that cannot be.
func (c *visitedCall) known(value *Value, kind EdgeKind) bool {
	common := c.call.Common()
	for _, item := range value.Items {
		switch item.Kind {
		case Function:
			if common.IsInvoke() {
				return false
			}
		case Dynamic, Bounded:
			if !common.IsInvoke() {
				return false
			}
		default:
			return false
		}
	}
	for _, item := range value.Items {
		if item.Kind == Function {
			c.enter(item.Fn, item.Parts, c.arguments(item.Fn, nil), kind)
			continue
		}
		if item.Kind == Bounded {
			c.within(item.Type, kind)
			continue
		}
		sel := c.e.program.SSA.MethodSets.MethodSet(item.Type).Lookup(common.Method.Pkg(), common.Method.Name())
		if sel == nil {
			continue // a type assertion made sure that it is not this
		}
		if fn := c.e.program.SSA.MethodValue(sel); fn != nil {
			c.enter(fn, nil, c.arguments(fn, at(item.Parts, 0)), kind)
		}
	}
	return true
}

// within enters those of the methods that types allow whose receiver implements t.
func (c *visitedCall) within(t types.Type, kind EdgeKind) {
	iface := t.Underlying().(*types.Interface)
	for _, fn := range append(slices.Clone(c.e.sites[c.call]), c.e.fromChannels(c.call)...) {
		if recv := fn.Signature.Recv(); recv == nil || types.Implements(recv.Type(), iface) || types.Implements(types.NewPointer(recv.Type()), iface) {
			c.enter(fn, nil, c.arguments(fn, nil), kind)
		}
	}
}

// arguments are what fn gets; receiver is what an interface held.
func (c *visitedCall) arguments(fn *ssa.Function, receiver *Value) []*Value {
	common := c.call.Common()
	var params []*Value
	if common.IsInvoke() {
		params = append(params, receiver)
	}
	needed := c.e.relevant[fn]
	for _, arg := range common.Args {
		i := len(params)
		if needed != nil && len(fn.Blocks) > 0 && (i >= len(needed.params) || !needed.params[i]) && !watched[FullName(fn)] {
			params = append(params, nil)
			continue
		}
		params = append(params, c.frame.eval(arg))
	}
	return params
}

// enter notes that fn is called. Functions of tables are what they say there.
func (c *visitedCall) enter(fn *ssa.Function, free, args []*Value, kind EdgeKind) {
	name := FullName(fn)
	if otherNetwork(fn, at(args, 0)) {
		return
	}
	if why, ok := reflective[name]; ok {
		c.state.Unknowns = append(c.state.Unknowns, Unknown{c.call, why + ": " + name})
	}
	if setters[name] && !c.e.Standard(c.state.Fn) {
		c.state.Unknowns = append(c.state.Unknowns, Unknown{c.call, "sets by reflection: " + name})
	}
	if i, ok := elsewhere[name]; ok {
		var passed []*Value
		if all := c.call.Common().Args; len(all) > i+1 { // AddCleanup's
			passed = []*Value{c.frame.eval(all[i+1])}
		}
		c.callArgument(i, Starts, passed...)
		return
	}
	if name == "sync.Pool.Get" && c.poolNew() {
		return
	}
	switch _, traps := traps[name]; {
	case watched[name]:
		c.policy(name, args)
	case traps:
		c.trap(args)
	case silent[name]:
	case here[name]:
		c.callArgument(0, kind)
	default:
		if c.table(name, args) {
			return
		}
		c.follow(fn, free, args, kind)
	}
}

// follow goes into a function with a body.
func (c *visitedCall) follow(fn *ssa.Function, free, args []*Value, kind EdgeKind) {
	target, why := c.e.body(fn)
	if ofRuntime(PackagePath(fn)) {
		target, why = nil, ""
	}
	if target != nil {
		c.edge(c.e.state(target, args, free), kind)
		return
	}
	if why != "" {
		c.state.Unknowns = append(c.state.Unknowns, Unknown{c.call, why + ": " + FullName(fn)})
	}
	for _, arg := range c.call.Common().Args {
		c.calledLater(c.frame.eval(arg))
	}
}

func (c *visitedCall) edge(to *State, kind EdgeKind) {
	edge := &Edge{c.call, c.state, to, kind}
	c.state.Edges = append(c.state.Edges, edge)
	to.In = append(to.In, edge)
}

// calledLater notes functions that are given to what is not followed: it may call them, on
// other goroutines.
func (c *visitedCall) calledLater(v *Value) {
	if v == nil {
		return
	}
	for _, item := range v.Items {
		switch item.Kind {
		case Function:
			if target, _ := c.e.body(item.Fn); target != nil && !ofRuntime(PackagePath(target)) {
				c.edge(c.e.state(target, nil, item.Parts), Starts)
			}
		case Dynamic:
			c.calledLater(at(item.Parts, 0))
		}
	}
}

// callArgument calls the function that is argument i.
func (c *visitedCall) callArgument(i int, kind EdgeKind, passed ...*Value) {
	arg := c.call.Common().Args[i]
	if m, ok := arg.(*ssa.MakeInterface); ok {
		arg = m.X
	}
	v := c.frame.eval(arg)
	if v != nil {
		for _, item := range v.Items {
			if item.Kind == Dynamic {
				item, _ = at(item.Parts, 0).Only()
			}
			if item.Kind == Function && item.Fn != nil {
				c.enter(item.Fn, item.Parts, passed, kind)
			}
		}
		return
	}
	sig, ok := arg.Type().Underlying().(*types.Signature)
	if !ok {
		c.state.Unknowns = append(c.state.Unknowns, Unknown{c.call, "a function that the runtime calls later"})
		return
	}
	for _, fn := range c.e.addressTaken(sig) {
		c.enter(fn, nil, nil, kind)
	}
}

// trap is a raw system call.
func (c *visitedCall) trap(args []*Value) {
	numbers, ok := at(args, 0).Numbers()
	if !ok {
		c.state.Unknowns = append(c.state.Unknowns, Unknown{c.call, "dynamic trap number"})
		return
	}
	for _, n := range numbers {
		leaf := Leaf{Site: c.call, Nr: uint32(n)}
		for i := range leaf.Args {
			leaf.Args[i] = choosing(leaf.Nr, i, at(args, i+1))
		}
		c.state.Leaves = append(c.state.Leaves, leaf)
	}
}

// choosing is v if it is numbers and the argument chooses what the call does.
func choosing(nr uint32, i int, v *Value) *Value {
	if _, ok := v.Numbers(); !ok || sysargs.Chosen(nr, i) == 0 {
		return nil
	}
	return v
}

// table notes the calls that the runtime makes for this function.
func (c *visitedCall) table(name string, args []*Value) bool {
	if nr, ok := fixedTraps[name]; ok {
		leaf := Leaf{Site: c.call, Nr: nr}
		for i := range leaf.Args {
			leaf.Args[i] = choosing(nr, i, at(args, i))
		}
		c.state.Leaves = append(c.state.Leaves, leaf)
		return true
	}
	calls, ok := runtimeCalls[name]
	for _, made := range calls {
		leaf := Leaf{Site: c.call, Nr: made.nr}
		for i, bits := range made.args {
			leaf.Args[i] = c.e.one(Item{Kind: Number, Bits: bits})
		}
		c.state.Leaves = append(c.state.Leaves, leaf)
	}
	return ok
}
