// SPDX-License-Identifier: MIT

package policy

import (
	"fmt"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Builtin returns a built-in policy of package sandbox as put on one thread, killing
// what it refuses. A Policy has one default, so numbers that the table does
// not know are killed here, where the library answers ENOSYS.
func Builtin(p sandbox.SyscallSandboxPolicy) (*Policy, error) {
	f, err := p.Filter(sandbox.ScopeThread, sandbox.ActionKillProcess)
	if err != nil {
		return nil, err
	}
	f = f.ForPID(ownPID)
	out := &Policy{Name: "builtin/" + p.String(), Arch: "x86_64", Default: KillProcess, BadArch: KillProcess}
	for _, r := range f.Rules {
		row, err := rowOf(r)
		if err != nil {
			return nil, fmt.Errorf("policy %s: %w", p, err)
		}
		out.Rules = append(out.Rules, row)
	}
	return out, out.Validate()
}

// ownPID stands for the process id, as in the policies of this module.
const ownPID = 4242

func rowOf(r seccomp.Rule) (Rule, error) {
	nr, ok := sysno.Number(r.Call)
	if !ok {
		return Rule{}, fmt.Errorf("no number for %q", r.Call)
	}
	row := Rule{Nr: nr, Name: r.Call, Action: Action(r.Action.Value())}
	if r.When == nil {
		return row, nil
	}
	var conj []Cond
	for _, when := range r.When {
		c, err := condOf(when)
		if err != nil {
			return Rule{}, err
		}
		conj = append(conj, c)
	}
	row.Any = [][]Cond{conj}
	return row, nil
}

// condOf reads the one form that built-in policies have: a 32-bit argument is equal
// to a value.
func condOf(c seccomp.Cond) (Cond, error) {
	var arg int
	var value uint64
	if _, err := fmt.Sscanf(c.String(), "arg%d:32 == 0x%x", &arg, &value); err != nil {
		return Cond{}, fmt.Errorf("condition %q has no form here: %w", c, err)
	}
	return Cond{Arg: arg, Op: "masked_eq", Mask: 0xffffffff, Value: Number(value)}, nil
}
