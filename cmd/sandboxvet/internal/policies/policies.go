// SPDX-License-Identifier: MIT

// Package policies works out the policies that a program makes. It executes what of the
// program's source makes them, with the real library, as far as values follow from the source:
// constants, slices that are written out, package variables that are set once, embedded files.
// A condition that does not follow is taken both ways, and gives alternatives.
package policies

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/flow"
)

// A Maker makes policies from source.
type Maker struct {
	Engine *flow.Engine
	global map[*ssa.Global]value
}

// An Alternative is a policy that a place may put on. When says which way conditions went that
// do not follow from the source: the fewest that give this policy; empty if there is but one.
type Alternative struct {
	Policy sandbox.SyscallSandboxPolicy
	When   []string
}

// maxAlternatives bounds how many policies one expression may be.
const maxAlternatives = 64

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

// Of returns the policies that an item of a value may be.
func (m *Maker) Of(i flow.Item) ([]Alternative, error) {
	if m.global == nil {
		m.global = make(map[*ssa.Global]value)
	}
	x := &machine{engine: m.Engine, parts: make(map[*ssa.Function]map[ssa.Instruction]*needs), global: m.global, inInit: make(map[*ssa.Global]bool)}
	if i.Kind == flow.Variable {
		v := x.variable(&state{}, i.Global)
		if p, ok := v.(policy); ok {
			return []Alternative{{Policy: p.SyscallSandboxPolicy}}, nil
		}
		_, err := x.initial(i.Global)
		return nil, unknown(m.Engine.Position(i.Global), err)
	}
	instr, ok := i.Origin().(ssa.Instruction)
	if !ok {
		return nil, unknown(i.Str, nil)
	}
	list, err := x.alternatives(i.Via, instr)
	if err != nil {
		return nil, unknown(m.Engine.Where(instr).String(), err)
	}
	return list, nil
}

func unknown(where string, err error) error {
	if err == nil {
		err = fmt.Errorf("it does not follow from constants, tables and embedded files")
	}
	return fmt.Errorf("policy not known at %s: %w", where, err)
}

// alternatives are the policies that an instruction yields, in a function that was called by
// way of the calls, innermost first.
func (m *machine) alternatives(via []*ssa.Call, at ssa.Instruction) (list []Alternative, err error) {
	ends, err := m.reach(via, at)
	if err != nil {
		return nil, err
	}
	seen := make(map[string]int)
	for _, e := range ends {
		results := []end{{e.state, parts{m.get(e.env, at.(ssa.Value))}}}
		if call, ok := at.(*ssa.Call); ok {
			if results, err = m.make(e, call); err != nil {
				return nil, err
			}
		}
		for _, r := range results {
			var p policy
			ok := false
			if len(r.results) > 0 {
				p, ok = r.results[0].(policy)
			}
			if !ok {
				return nil, fmt.Errorf("it does not follow from constants, tables and embedded files")
			}
			if i, ok := seen[p.made]; !ok {
				seen[p.made] = len(list)
				list = append(list, Alternative{p.SyscallSandboxPolicy, r.when})
			} else if len(r.when) < len(list[i].When) {
				list[i].When = r.when
			}
		}
	}
	if len(list) == 0 {
		return nil, errors.New("no way leads to it")
	}
	if len(list) > maxAlternatives {
		return nil, errTooMuch
	}
	if len(list) == 1 {
		list[0].When = nil
	}
	slices.SortStableFunc(list, func(a, b Alternative) int {
		return strings.Compare(strings.Join(a.When, ","), strings.Join(b.When, ","))
	})
	return list, nil
}

// reach executes functions until an instruction.
func (m *machine) reach(via []*ssa.Call, at ssa.Instruction) (ends []end, err error) {
	if len(via) == 0 {
		return m.run(at.Parent(), nil, nil, state{}, at)
	}
	callers, err := m.reach(via[1:], via[0])
	for _, c := range callers {
		args := make([]value, len(via[0].Call.Args))
		for i, arg := range via[0].Call.Args {
			args[i] = m.get(c.env, arg)
		}
		var more []end
		if more, err = m.run(at.Parent(), args, nil, c.state, at); err != nil {
			return nil, err
		}
		ends = append(ends, more...)
	}
	return ends, err
}

// make executes the call that a run has stopped at.
func (m *machine) make(e end, call *ssa.Call) ([]end, error) {
	r := &run{machine: m, needs: m.needed(call.Parent(), call)}
	return r.call(point{state: e.state}, call)
}
