// SPDX-License-Identifier: MIT

package policy

import (
	"errors"
	"fmt"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// An Inexpressible says why a compiler has no words for a policy.
type Inexpressible struct{ Reason string }

func (e *Inexpressible) Error() string { return e.Reason }

func cannot(format string, args ...any) error {
	return &Inexpressible{fmt.Sprintf(format, args...)}
}

// Filter translates a policy for package seccomp. There, x32 and foreign
// architectures always kill the process, so a policy that answers them otherwise
// cannot be expressed; nor can rules for numbers without a name. Numbers that the
// table does not know are answered by Unknown, which is Default here. Conjunctions
// that no call reaches, which package seccomp refuses, are left out.
func (p *Policy) Filter() (seccomp.Filter, error) {
	var none seccomp.Filter
	if p.BadArch != KillProcess {
		return none, cannot("bad_arch is %s: a foreign architecture always kills the process", p.BadArch)
	}
	if p.Default != KillProcess {
		return none, cannot("default is %s, also for x32 numbers, which always kill the process", p.Default)
	}
	f := seccomp.Filter{Default: seccomp.KillProcess, Unknown: seccomp.KillProcess}
	for _, r := range p.Rules {
		name, ok := sysno.Name(r.Nr)
		if !ok {
			return none, cannot("number %d has no name in this library's table", r.Nr)
		}
		if r.Name != "" && r.Name != name {
			return none, cannot("number %d is %q here, the policy calls it %q", r.Nr, name, r.Name)
		}
		action, err := r.Action.translate()
		if err != nil {
			return none, fmt.Errorf("number %d: %w", r.Nr, err)
		}
		f.Rules = append(f.Rules, r.translate(name, action)...)
	}
	return withoutVoid(f), nil
}

// withoutVoid drops the rules that the compiler says no call reaches.
func withoutVoid(f seccomp.Filter) seccomp.Filter {
	_, err := f.Compile()
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return f
	}
	void := make(map[int]bool)
	for _, err := range joined.Unwrap() {
		// All else that Compile refuses has been kept out by Filter.
		if e, ok := errors.AsType[*seccomp.RuleError](err); ok {
			void[e.Index] = true
		}
	}
	kept := f
	kept.Rules = nil
	for i, r := range f.Rules {
		if !void[i] {
			kept.Rules = append(kept.Rules, r)
		}
	}
	return kept
}

func (a Action) translate() (seccomp.Action, error) {
	switch a {
	case Allow:
		return seccomp.Allow, nil
	case Log:
		return seccomp.Log, nil
	case Trap:
		return seccomp.Trap(0), nil
	case KillProcess:
		return seccomp.KillProcess, nil
	case KillThread:
		return seccomp.UnsafeKillThread, nil
	}
	if n, ok := a.Errno(); ok && n > 0 && n < abi.MaxErrno {
		return seccomp.Errno(n), nil
	}
	return 0, cannot("action %s has no form in package seccomp", a)
}

// translate returns the seccomp rules of one number: one for each alternative.
func (r Rule) translate(name string, action seccomp.Action) (rules []seccomp.Rule) {
	if !r.Checked() {
		return []seccomp.Rule{{Call: name, Action: action}}
	}
	for _, alt := range r.alternatives() {
		rule := seccomp.Rule{Call: name, Action: action}
		for _, c := range alt.conds {
			rule.When = append(rule.When, c.translate())
		}
		if alt.values != nil {
			rule.When = append(rule.When, seccomp.Arg64(alt.arg).Is(alt.values...))
		}
		rules = append(rules, rule)
	}
	return rules
}

func (c Cond) translate() seccomp.Cond {
	arg, v := seccomp.Arg64(c.Arg), uint64(c.Value)
	switch c.Op {
	case "eq":
		return arg.Is(v)
	case "ne":
		return arg.Not(v)
	case "lt":
		return arg.Less(v)
	case "le":
		return arg.LessOrEqual(v)
	case "gt":
		return arg.Greater(v)
	case "ge":
		return arg.GreaterOrEqual(v)
	default:
		return arg.Masked(uint64(c.Mask), v)
	}
}
