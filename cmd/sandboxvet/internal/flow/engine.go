// SPDX-License-Identifier: MIT

// Package flow finds what code can reach which system calls.
//
// # The question
//
// All system calls of a static Go program go through a few functions, whose first argument is
// the number (tables.go). So the question is which code calls these, with which numbers and
// flags, by which way. A call graph by types is not enough: sync.Once.Do calls what anybody
// gives it, and syscall.Syscall makes any call.
//
// # Contexts
//
// A State is a function with what is known of its parameters and free variables (explore.go).
// Explore begins with main and visits each state once: it evaluates what the function calls
// with which arguments (call.go), which gives edges to other states, Leaves (system calls),
// Sites (where policies are put on) and Unknowns. Only what calls depend on tells states
// apart (relevance.go): otherwise there would be too many.
//
// # Values
//
// A Value is a set of things that something may be; nil is not known, which is anything
// (value.go): numbers, texts, functions with what is bound to them, interfaces by the type in
// them, structs by what was put into them. A frame evaluates the instructions of one function
// (eval.go, fold.go, memory.go, objects.go, result.go). Branches that known conditions exclude
// are left out (feasible.go). Where a value comes from memory, it is all that is ever stored
// there: to a package variable (memory.go), to a field of the type (fields.go), to the pool
// (pool.go).
//
// # When nothing is known
//
// Then VTA of golang.org/x/tools says what types allow, with what it loses (channels.go) and what
// reflection does (reflection.go) added. It is asked about all functions first; those that the
// exploration did not reach cannot store anything, so all is done again without them (New).
//
// # What is not Go
//
// Functions without a body are another package's by linkname, or assembly, which is searched for
// what enters the kernel (linkname.go). Of package runtime only what tables.go says is known.
package flow

import (
	"cmp"
	"go/types"
	"slices"

	"golang.org/x/tools/go/callgraph"
	"golang.org/x/tools/go/callgraph/cha"
	"golang.org/x/tools/go/callgraph/vta"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"
	"golang.org/x/tools/go/types/typeutil"

	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/load"
)

// An Engine holds what is known of a program.
type Engine struct {
	program   *load.Program
	all       map[*ssa.Function]bool
	sorted    []*ssa.Function
	graph     *callgraph.Graph
	sites     map[ssa.CallInstruction][]*ssa.Function
	relevant  map[*ssa.Function]*relevance
	stores    map[*ssa.Global]*stores
	linked    map[string]string // names that stand for each other
	assembled map[string]string // what is wrong with a package's functions without body
	taken     *typeutil.Map     // signature: []*ssa.Function
	converted map[string][]*ssa.Function
	dynamic   []types.Type
	imports   map[string]bool // packages that import reflect

	forgedSignatures typeutil.Map // of functions in memory that unsafe pointers point to
	received         *received
	pools            map[place][]*ssa.Store

	poolUnknown map[place]bool

	members     map[member]*memberStores
	passedDepth int

	functionIDs map[*ssa.Function]int
	typeIDs     typeutil.Map
	results     map[string]*Value

	states   map[string]*State
	contexts map[*ssa.Function]int
	queue    []*State
}

// maxRounds bounds how often the analysis is begun anew with less.
const maxRounds = 3

// New prepares the analysis of programs; Explore does it. What is stored by code that can
// never run matters to nobody: so it is done in rounds, each with only the functions that
// the one before has reached from any of the mains.
func New(p *load.Program, mains []*ssa.Package) *Engine {
	e := build(p, ssautil.AllFunctions(p.SSA), cha.CallGraph(p.SSA))
	for range maxRounds - 1 {
		for _, main := range mains {
			e.Explore(main)
		}
		live := e.live()
		if len(live) > len(e.all)*19/20 {
			break
		}
		e = build(p, live, e.graph)
	}
	return e
}

// live are the functions that were reached, and those that are not followed but run.
func (e *Engine) live() map[*ssa.Function]bool {
	live := make(map[*ssa.Function]bool)
	for _, s := range e.states {
		live[s.Fn] = true
	}
	for fn := range e.all {
		path := PackagePath(fn)
		if ofRuntime(path) || silent[FullName(fn)] || path == SandboxPath || path == SandboxPath+"/seccomp" {
			live[fn] = true
		}
	}
	return live
}

// build analyses what does not depend on where a program begins.
func build(p *load.Program, all map[*ssa.Function]bool, initial *callgraph.Graph) *Engine {
	e := &Engine{
		program:     p,
		all:         all,
		sites:       make(map[ssa.CallInstruction][]*ssa.Function),
		relevant:    make(map[*ssa.Function]*relevance),
		stores:      make(map[*ssa.Global]*stores),
		linked:      make(map[string]string),
		assembled:   make(map[string]string),
		converted:   make(map[string][]*ssa.Function),
		functionIDs: make(map[*ssa.Function]int),
		results:     make(map[string]*Value),
		states:      make(map[string]*State),
		contexts:    make(map[*ssa.Function]int),
	}
	e.graph = vta.CallGraph(e.all, initial)
	for _, node := range e.graph.Nodes {
		for _, edge := range node.Out {
			if edge.Site != nil {
				e.sites[edge.Site] = append(e.sites[edge.Site], edge.Callee.Func)
			}
		}
	}
	e.sorted = e.ordered()
	e.findForged()
	for _, callees := range e.sites {
		slices.SortFunc(callees, func(a, b *ssa.Function) int { return cmp.Compare(e.functionID(a), e.functionID(b)) })
	}
	e.findReflection()
	e.findReceived()
	e.findLinknames()
	e.findStores()
	e.findMembers()
	e.findRelevance()
	return e
}

// ordered are all functions in an order that is the same in every run, and numbers them.
func (e *Engine) ordered() []*ssa.Function {
	if e.sorted != nil {
		return e.sorted
	}
	names := make(map[*ssa.Function]string, len(e.all))
	for fn := range e.all {
		names[fn] = PackagePath(fn) + " " + fn.String()
		e.sorted = append(e.sorted, fn)
	}
	slices.SortFunc(e.sorted, func(a, b *ssa.Function) int {
		return cmp.Or(cmp.Compare(names[a], names[b]), cmp.Compare(a.Pos(), b.Pos()))
	})
	for _, fn := range e.sorted {
		e.functionID(fn)
	}
	return e.sorted
}

// targets are what a call may call, as far as types say.
func (e *Engine) targets(call ssa.CallInstruction) []*ssa.Function {
	if fn := call.Common().StaticCallee(); fn != nil {
		return []*ssa.Function{fn}
	}
	return e.sites[call]
}
