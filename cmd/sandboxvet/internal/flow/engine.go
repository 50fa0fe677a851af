// SPDX-License-Identifier: MIT

// Package flow finds what code can reach which system calls. It explores the program from
// its beginnings, one function at a time for each set of values that its parameters are
// known to have: functions, what interfaces hold, numbers. So a function that calls what it
// is given is explored for what it is given, and a wrapper of a system call for the number.
// Where a value is not known, the call graph of golang.org/x/tools (VTA) says what may be
// called.
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
	taken     map[string][]*ssa.Function
	converted map[string][]*ssa.Function
	dynamic   []types.Type
	imports   map[string]bool // packages that import reflect
	pools     map[place][]*ssa.Store

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
	for _, callees := range e.sites {
		slices.SortFunc(callees, func(a, b *ssa.Function) int { return cmp.Compare(e.functionID(a), e.functionID(b)) })
	}
	e.findReflection()
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
