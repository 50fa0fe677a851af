// SPDX-License-Identifier: MIT

package policy

import (
	"fmt"
	"slices"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Builtin returns a built-in policy of package sandbox as put on one thread, killing
// what it refuses. A Policy has one default, so numbers that the table does
// not know are killed here, where the library answers ENOSYS, and so are arguments to
// which it answers an errno.
func Builtin(p sandbox.SyscallSandboxPolicy) (*Policy, error) {
	f, err := p.Filter(sandbox.ScopeThread, sandbox.ActionKillProcess)
	if err != nil {
		return nil, err
	}
	f = f.ForPID(ownPID)
	out := &Policy{Name: "builtin/" + p.String(), Arch: "x86_64", Default: KillProcess, BadArch: KillProcess}
	for _, r := range f.Rules {
		if r.When != nil && !r.Action.Permits() {
			continue // arguments that get an errno: killed here
		}
		if err := out.add(r); err != nil {
			return nil, fmt.Errorf("policy %s: %w", p, err)
		}
	}
	return out, out.Validate()
}

// ownPID stands for the process id, as in the policies of this module.
const ownPID = 4242

// add appends a rule of package seccomp to the rows. A row has one action, so rules of
// one call with several have no form here.
func (p *Policy) add(r seccomp.Rule) error {
	nr, ok := sysno.Number(r.Call)
	if !ok {
		return fmt.Errorf("no number for %q", r.Call)
	}
	any := [][]Cond{{}}
	for _, c := range r.When {
		alternatives, err := condsOf(c.String())
		if err != nil {
			return fmt.Errorf("%s: %w", r.Call, err)
		}
		any = product(any, alternatives)
	}
	if r.When == nil {
		any = nil
	}
	action := Action(r.Action.Value())
	at := slices.IndexFunc(p.Rules, func(row Rule) bool { return row.Nr == nr })
	switch {
	case at < 0:
		p.Rules = append(p.Rules, Rule{Nr: nr, Name: r.Call, Action: action, Any: any})
	case p.Rules[at].Any != nil && any == nil && !r.Action.Permits():
		// What the call gets where no condition holds: Default here, as for Unknown.
	case p.Rules[at].Action != action:
		return fmt.Errorf("%s has rules with different actions", r.Call)
	case p.Rules[at].Any == nil || any == nil:
		p.Rules[at].Any = nil
	default:
		p.Rules[at].Any = append(p.Rules[at].Any, any...)
	}
	return nil
}

func product(a, b [][]Cond) [][]Cond {
	all := [][]Cond{} // not nil, which would mean: no condition
	for _, x := range a {
		for _, y := range b {
			all = append(all, slices.Concat(x, y))
		}
	}
	return all
}
