// SPDX-License-Identifier: MIT

package peer

import (
	"fmt"

	"golang.org/x/net/bpf"
	gvisor "gvisor.dev/gvisor/pkg/seccomp"

	"github.com/syscall-sandbox/sandbox/bench/policy"
	"github.com/syscall-sandbox/sandbox/bench/wire"
)

// GVisor is gvisor.dev/gvisor/pkg/seccomp with its optimiser on. Measured is
// Program.Build. Told which calls are hot it tests these first; futex and fcntl are
// what the weights of this benchmark say (its documentation asks for those above 10
// per cent).
func GVisor(p *policy.Policy) (wire.Compile, error) {
	options := gvisor.ProgramOptions{HotSyscalls: []uintptr{202, 72}}
	var err error
	if options.DefaultAction, err = gvisorAction(p.Default); err != nil {
		return nil, err
	}
	if options.BadArchAction, err = gvisorAction(p.BadArch); err != nil {
		return nil, err
	}
	sets, err := gvisorSets(p)
	if err != nil {
		return nil, err
	}
	return func() ([]bpf.RawInstruction, error) {
		program := gvisor.Program{RuleSets: sets, Options: options}
		code, _, err := program.Build()
		if err != nil {
			return nil, fmt.Errorf("gvisor: %w", err)
		}
		raw := make([]bpf.RawInstruction, len(code))
		for i, in := range code {
			raw[i] = bpf.RawInstruction{Op: in.OpCode, Jt: in.JumpIfTrue, Jf: in.JumpIfFalse, K: in.K}
		}
		return raw, nil
	}, nil
}

// gvisorSets has one rule set per action, in the order of the policy.
func gvisorSets(p *policy.Policy) ([]gvisor.RuleSet, error) {
	var order []gvisor.Action
	rules := make(map[gvisor.Action]map[uintptr]gvisor.SyscallRule)
	for _, r := range p.Rules {
		action, err := gvisorAction(r.Action)
		if err != nil {
			return nil, err
		}
		if rules[action] == nil {
			rules[action] = make(map[uintptr]gvisor.SyscallRule)
			order = append(order, action)
		}
		rules[action][uintptr(r.Nr)] = gvisorRule(r)
	}
	var sets []gvisor.RuleSet
	for _, action := range order {
		sets = append(sets, gvisor.RuleSet{Rules: gvisor.MakeSyscallRules(rules[action]), Action: action})
	}
	return sets, nil
}

func gvisorAction(a policy.Action) (gvisor.Action, error) {
	switch a {
	case policy.Allow:
		return gvisor.Allow, nil
	case policy.Trap:
		return gvisor.Trap, nil
	case policy.KillProcess:
		return gvisor.KillProcess, nil
	case policy.KillThread:
		return gvisor.KillThread, nil
	}
	if n, ok := a.Errno(); ok {
		return gvisor.ReturnError.Code(n), nil
	}
	return "", &policy.Inexpressible{Reason: "gvisor has no action " + a.String()}
}

func gvisorRule(r policy.Rule) gvisor.SyscallRule {
	if !r.Checked() {
		return gvisor.MatchAll{}
	}
	var or gvisor.Or
	for _, conj := range r.Any {
		var and gvisor.And
		var args gvisor.PerArg // holds one matcher per argument
		for _, c := range conj {
			if args[c.Arg] != nil {
				and, args = append(and, args), gvisor.PerArg{}
			}
			args[c.Arg] = gvisorMatcher(c)
		}
		if len(and) == 0 {
			or = append(or, args)
		} else {
			or = append(or, append(and, args))
		}
	}
	if len(or) == 1 {
		return or[0]
	}
	return or
}

func gvisorMatcher(c policy.Cond) gvisor.ValueMatcher {
	v := uintptr(c.Value)
	switch c.Op {
	case "eq":
		return gvisor.EqualTo(v)
	case "ne":
		return gvisor.NotEqual(v)
	case "gt":
		return gvisor.GreaterThan(v)
	case "ge":
		return gvisor.GreaterThanOrEqual(v)
	case "lt":
		return gvisor.LessThan(v)
	case "le":
		return gvisor.LessThanOrEqual(v)
	default:
		return gvisor.MaskedEqual(uintptr(c.Mask), v)
	}
}
