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

func rowOf(r seccomp.Rule) (Rule, error) {
	nr, ok := sysno.Number(r.Call)
	if !ok {
		return Rule{}, fmt.Errorf("no number for %q", r.Call)
	}
	return Rule{Nr: nr, Name: r.Call, Action: Action(r.Action.Value())}, nil
}
