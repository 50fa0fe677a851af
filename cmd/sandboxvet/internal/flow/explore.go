// SPDX-License-Identifier: MIT

package flow

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// A State is one function in one context.
type State struct {
	Fn       *ssa.Function
	Edges    []*Edge
	In       []*Edge
	Leaves   []Leaf
	Sites    []Site
	Unknowns []Unknown

	id           int
	params, free []*Value
	feasible     map[*ssa.BasicBlock]bool
}

// An EdgeKind says on which goroutine something runs.
type EdgeKind uint8

const (
	Calls  EdgeKind = iota // on the caller's
	Starts                 // on a new one: a go statement, or what the runtime calls later
	Role                   // what is given to sandbox.Go
)

// An Edge is a call at a place in the code.
type Edge struct {
	Site     ssa.Instruction
	From, To *State
	Kind     EdgeKind
}

// A Leaf is a system call at a place in the code. Args that are not known are nil, and so
// are those that choose nothing.
type Leaf struct {
	Site ssa.Instruction
	Nr   uint32
	Args [6]*Value
}

// A Site is a place where a policy is put on.
type Site struct {
	Instr  ssa.CallInstruction
	Call   string // CallSetup and so on
	Policy *Value
	Source ssa.Value // of the policy
	Name   string    // of the thread, for sandbox.Go; its format if it is made by fmt.Sprintf
	Roles  []*State
}

// An Unknown is something that the analysis cannot see into.
type Unknown struct {
	Site ssa.Instruction
	What string
}

// maxContexts bounds how often one function is explored.
const maxContexts = 400

// Explore explores a program from main and all initialisations, and returns the states of
// these: the initialisation of the main package, which calls the others, and main.
func (e *Engine) Explore(main *ssa.Package) []*State {
	roots := []*State{e.state(main.Func("init"), nil, nil), e.state(main.Func("main"), nil, nil)}
	for len(e.queue) > 0 {
		s := e.queue[0]
		e.queue = e.queue[1:]
		e.visit(s)
	}
	return roots
}

// state is a function in a context, to be visited if it is new.
func (e *Engine) state(fn *ssa.Function, params, free []*Value) *State {
	params, free = e.onlyRelevant(fn, params, free)
	key := contextKey(e.functionID(fn), params, free)
	if s, ok := e.states[key]; ok {
		return s
	}
	if e.contexts[fn]++; e.contexts[fn] > maxContexts {
		params, free = nil, nil
		key = contextKey(e.functionID(fn), nil, nil)
		if s, ok := e.states[key]; ok {
			return s
		}
	}
	s := &State{id: len(e.states), Fn: fn, params: params, free: free}
	e.states[key] = s
	e.queue = append(e.queue, s)
	return s
}

func contextKey(fn int, params, free []*Value) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d", fn)
	for _, list := range [][]*Value{params, free} {
		b.WriteByte(' ')
		for i, v := range list {
			if v != nil {
				fmt.Fprintf(&b, "%d=%s;", i, v.key)
			}
		}
	}
	return b.String()
}

func (e *Engine) onlyRelevant(fn *ssa.Function, params, free []*Value) (p, f []*Value) {
	r := e.relevant[fn]
	if r == nil {
		return nil, nil
	}
	p, f = make([]*Value, len(fn.Params)), make([]*Value, len(fn.FreeVars))
	for i := range p {
		if r.params[i] {
			p[i] = at(params, i)
		}
	}
	for i := range f {
		if r.free[i] {
			f[i] = at(free, i)
		}
	}
	return p, f
}

// visit finds what a state calls.
func (e *Engine) visit(s *State) {
	f := e.frame(s.Fn, s.params, s.free)
	s.feasible = f.feasible()
	for _, b := range s.Fn.Blocks {
		if !s.feasible[b] {
			continue
		}
		for _, instr := range b.Instrs {
			if call, ok := instr.(ssa.CallInstruction); ok {
				c := &visitedCall{e: e, state: s, frame: f, call: call}
				c.visit()
			} else if what := e.forged(instr); what != "" {
				s.Unknowns = append(s.Unknowns, Unknown{instr, what})
			}
		}
	}
}

func (e *Engine) sortFunctions(list []*ssa.Function) []*ssa.Function {
	slices.SortFunc(list, func(a, b *ssa.Function) int { return cmp.Compare(e.functionID(a), e.functionID(b)) })
	return slices.Compact(list)
}
