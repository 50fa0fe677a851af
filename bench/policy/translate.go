// SPDX-License-Identifier: MIT

package policy

import (
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
// table does not know are answered by Unknown, which is Default here.
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
		rules, err := r.translate(name, action)
		if err != nil {
			return none, err
		}
		f.Rules = append(f.Rules, rules...)
	}
	return f, nil
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

// translate returns the seccomp rules of one number: one for each conjunction.
func (r Rule) translate(name string, action seccomp.Action) ([]seccomp.Rule, error) {
	if r.Checked() {
		return nil, cannot("number %d (%s) has conditions on arguments, and package seccomp knows numbers only", r.Nr, name)
	}
	return []seccomp.Rule{{Call: name, Action: action}}, nil
}

// An argument makes conditions of type C on one 64-bit argument, as package
// seccomp's Arg does.
type argument[C any] interface {
	Is(v ...uint64) C
	Not(v ...uint64) C
	Less(v uint64) C
	LessOrEqual(v uint64) C
	Greater(v uint64) C
	GreaterOrEqual(v uint64) C
	Masked(mask, v uint64) C
}

// condition translates one condition; arg is c's argument.
func condition[C any](arg argument[C], c Cond) C {
	v := uint64(c.Value)
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
