// SPDX-License-Identifier: MIT

// Package policies works out the policies that a program makes: it does with the real
// library what the program's source says, as far as that is said in constants.
package policies

import (
	"fmt"

	"golang.org/x/tools/go/ssa"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/flow"
)

// A Maker makes policies from source.
type Maker struct {
	Engine *flow.Engine
	made   map[*ssa.Global]result
}

type result struct {
	policy sandbox.SyscallSandboxPolicy
	err    error
}

// builtins are the library's variables by name.
var builtins = map[string]sandbox.SyscallSandboxPolicy{
	"PolicyInitialization":           sandbox.PolicyInitialization,
	"PolicyInitializationDNSSeed":    sandbox.PolicyInitializationDNSSeed,
	"PolicyInitializationLoadBlocks": sandbox.PolicyInitializationLoadBlocks,
	"PolicyInitializationMapPort":    sandbox.PolicyInitializationMapPort,
	"PolicyMessageHandler":           sandbox.PolicyMessageHandler,
	"PolicyNet":                      sandbox.PolicyNet,
	"PolicyNetAddConnection":         sandbox.PolicyNetAddConnection,
	"PolicyNetHTTPServer":            sandbox.PolicyNetHTTPServer,
	"PolicyNetHTTPServerWorker":      sandbox.PolicyNetHTTPServerWorker,
	"PolicyNetOpenConnection":        sandbox.PolicyNetOpenConnection,
	"PolicyScheduler":                sandbox.PolicyScheduler,
	"PolicyTorControl":               sandbox.PolicyTorControl,
	"PolicyTxIndex":                  sandbox.PolicyTxIndex,
	"PolicyValidationScriptCheck":    sandbox.PolicyValidationScriptCheck,
	"PolicyShutoff":                  sandbox.PolicyShutoff,
}

// Of returns the policy that an item of a value is.
func (m *Maker) Of(i flow.Item) (sandbox.SyscallSandboxPolicy, error) {
	switch i.Kind {
	case flow.Variable:
		return m.variable(i.Global)
	case flow.Made:
		return m.call(i.Call)
	}
	return sandbox.SyscallSandboxPolicy{}, fmt.Errorf("policy not known at %s", i.Str)
}

func (m *Maker) variable(g *ssa.Global) (sandbox.SyscallSandboxPolicy, error) {
	if p, ok := builtins[g.Name()]; ok && g.Pkg.Pkg.Path() == flow.SandboxPath {
		return p, nil
	}
	if r, ok := m.made[g]; ok {
		return r.policy, r.err
	}
	if m.made == nil {
		m.made = make(map[*ssa.Global]result)
	}
	m.made[g] = result{err: fmt.Errorf("policy %s is made of itself", g.Name())}
	var r result
	if stored, ok := m.Engine.OnlyStore(g); ok {
		r.policy, r.err = m.policy(stored)
	} else {
		r.err = fmt.Errorf("policy not known: %s is set more than once, or elsewhere, at %s", g.Name(), m.Engine.Position(g))
	}
	m.made[g] = r
	return r.policy, r.err
}

// policy is the policy that an expression of a package variable's initialisation is.
func (m *Maker) policy(v ssa.Value) (p sandbox.SyscallSandboxPolicy, err error) {
	switch v := v.(type) {
	case *ssa.UnOp:
		if g, ok := v.X.(*ssa.Global); ok {
			return m.variable(g)
		}
	case *ssa.Call:
		return m.call(v)
	case *ssa.Extract:
		if call, ok := v.Tuple.(*ssa.Call); ok && v.Index == 0 {
			return m.call(call)
		}
	}
	return p, m.unknown(v)
}

func (m *Maker) unknown(v ssa.Value) error {
	return fmt.Errorf("policy not known at %s", m.Engine.Position(v))
}

// call is the policy that a call returns.
func (m *Maker) call(call *ssa.Call) (p sandbox.SyscallSandboxPolicy, err error) {
	fn := call.Call.StaticCallee()
	if fn == nil {
		return p, m.unknown(call)
	}
	args := call.Call.Args
	switch flow.FullName(fn) {
	case flow.SandboxPath + ".NewPolicy":
		name, ok := m.Engine.Text(args[0])
		if !ok {
			return p, m.unknown(args[0])
		}
		b, err := m.builder(args[1], call)
		if err != nil {
			return p, err
		}
		return sandbox.NewPolicy(name, b), nil
	case flow.SandboxPath + ".ParsePolicy":
		if name, ok := m.Engine.Text(args[0]); ok {
			return sandbox.ParsePolicy(name)
		}
		return p, m.unknown(call)
	}
	if returned, ok := onlyReturn(fn); ok && len(args) == 0 {
		return m.policy(returned)
	}
	return p, m.unknown(call)
}

// onlyReturn is what a function with one return statement and no branches returns first.
func onlyReturn(fn *ssa.Function) (ssa.Value, bool) {
	if len(fn.Blocks) != 1 {
		return nil, false
	}
	b := fn.Blocks[0]
	r, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
	if !ok || len(r.Results) == 0 {
		return nil, false
	}
	return r.Results[0], true
}
