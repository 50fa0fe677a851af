// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/bpfsim"
	"github.com/syscall-sandbox/sandbox/internal/judge"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// allCalls are all numbers below 1024, their x32 twins, negative numbers and the
// numbers of a 32-bit program. uretprobe and uprobe are left out: newer kernels
// execute them whatever a filter says (kernel/seccomp.c seccomp_uprobe_exception),
// and outside of a probe that is SIGILL.
func allCalls(compat bool) []seccomp.Call {
	var calls []seccomp.Call
	for nr := range uint32(1024) {
		if nr == sysno.Uretprobe || nr == sysno.Uprobe {
			continue
		}
		for _, n := range []uint32{nr, nr | abi.X32Bit, -nr - 1, nr | 1<<31} {
			calls = append(calls, seccomp.Call{Arch: abi.AuditArchX86_64, Nr: n})
		}
		if compat {
			calls = append(calls, seccomp.Call{Arch: abi.AuditArchI386, Nr: nr})
		}
	}
	return calls
}

// TestThreeJudges: what a policy says in plain Go, what the simulator makes of
// its program, and what the kernel answers, for every number.
func TestThreeJudges(t *testing.T) {
	judge.RequireCompat(t)
	calls := allCalls(true)
	for _, p := range sandbox.Policies() {
		for _, scope := range []sandbox.Scope{sandbox.ScopeThread, sandbox.ScopeProcess} {
			for _, action := range []sandbox.SyscallSandboxAction{sandbox.ActionKillProcess, sandbox.ActionInvokeSignalHandler} {
				filter, err := p.Filter(scope, action)
				if err != nil {
					t.Fatal(err)
				}
				program, err := filter.Compile()
				if err != nil {
					t.Fatal(err)
				}
				for i, kernel := range judge.Answers(t, program, calls) {
					policy, _ := filter.Decide(calls[i])
					simulated, err := bpfsim.Run(program.Instructions(), bpfsim.Data{Nr: calls[i].Nr, Arch: calls[i].Arch})
					if err != nil || simulated != policy.Value() || kernel != policy.Value() {
						t.Fatalf("%s, scope %d, %s: %v: policy %s, simulator %#x (%v), kernel %#x", p, scope, action, calls[i], policy, simulated, err, kernel)
					}
				}
			}
		}
	}
}

// A policy permits what its own rules name, the runtime's share and the call that
// puts on the next policy, and nothing else.
func TestPermittedIsWhatIsNamed(t *testing.T) {
	for _, p := range sandbox.Policies() {
		filter, err := p.Filter(sandbox.ScopeThread, sandbox.ActionKillProcess)
		if err != nil {
			t.Fatal(err)
		}
		allowed, asked := make(map[string]bool), make(map[string]bool)
		for _, r := range filter.Rules {
			allowed[r.Call] = r.Action == seccomp.Allow
			asked[r.Call] = asked[r.Call] || r.When != nil
		}
		for nr, name := range sysno.All() {
			if asked[name] {
				continue // TestArgumentsInTheKernel, TestPolicyRoles
			}
			action, rule := filter.Decide(seccomp.Call{Arch: abi.AuditArchX86_64, Nr: nr})
			if action.Permits() != allowed[name] || allowed[name] && rule == nil {
				t.Errorf("%s: %s: %s", p, name, action)
			}
		}
	}
}
