// SPDX-License-Identifier: MIT

package sandbox

import (
	"slices"

	"github.com/syscall-sandbox/sandbox/internal/gobase"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A refusal is what a filter does with calls that the policy does not permit, for
// the actions whose answer comes from the SIGSYS handler.
//
// Programs that the process executes inherit the filter but not the handler, which
// would be their death at the first trap. So where they can exist, only calls from
// the process's own code trap.
type refusal struct {
	action  SyscallSandboxAction
	creates bool // the policy allows to execute programs
	trap    seccomp.Action
	// code are the executable mappings of files in this process, the program's own
	// first; none: everything traps.
	code []codeRange
	// gate is the address behind the handler's own call instruction.
	gate uint64
}

// A codeRange holds instruction pointers: lo < ip <= hi.
type codeRange struct{ lo, hi uint64 }

// again marks a call that the handler has reported and sent back to be made once
// more: it puts the mark into argument 5, which clone, fork and vfork do not have.
// They cannot be made in the handler, whose stack the child would share.
const again = 0x73616e64626f7821

// reports reports whether a call that has an errno in every policy's table is
// left to the handler, which answers it the same, but counted.
func (r *refusal) reports(nr uint32) bool {
	return r.action > ActionInvokeSignalHandler && createsProcess(nr)
}

func createsProcess(nr uint32) bool {
	switch nr {
	case sysno.Clone, sysno.Fork, sysno.Vfork, sysno.Execve, sysno.Execveat:
		return true
	}
	return false
}

// special are the rules of calls that the action itself is about, whatever the
// policy says of them.
func (r *refusal) special(nr uint32, answers map[uint32]seccomp.Rule) ([]seccomp.Rule, bool) {
	switch {
	case r.action == ActionKillProcess:
		return nil, false
	case nr == sysno.RtSigaction:
		return r.sigaction(), true
	case nr == sysno.RtSigprocmask && r.action > ActionInvokeSignalHandler:
		return r.sigprocmask(), true
	case r.action == UnsafeActionLearn:
		return r.learn(nr, answers), true
	}
	return nil, false
}

// sigaction keeps the handler in its place. Where no process can be made, nobody
// has a reason to ask for another; the child of a vfork resets all handlers, which
// the handler pretends to do.
func (r *refusal) sigaction() []seccomp.Rule {
	const sigsys = 31
	rules := []seccomp.Rule{r.allow(sysno.RtSigaction, "reads a handler", seccomp.Arg64(1).Is(0))}
	switch {
	case r.action > ActionInvokeSignalHandler:
		// The handler sees to it that no other handler blocks SIGSYS.
		return append(rules, r.rules(sysno.RtSigaction, seccomp.Allow)...)
	case r.creates:
		return []seccomp.Rule{r.allow(sysno.RtSigaction, "a child of vfork resets all handlers")}
	default:
		return append(rules, r.allow(sysno.RtSigaction, "handlers of other signals than the one that reports violations", seccomp.Arg32(0).Not(sigsys)))
	}
}

// sigprocmask never lets SIGSYS be blocked: a trap would then kill without a word.
// The handler makes the call and takes SIGSYS out.
func (r *refusal) sigprocmask() []seccomp.Rule {
	const sigUnblock = 1
	return append([]seccomp.Rule{
		r.allow(sysno.RtSigprocmask, "reads the mask", seccomp.Arg64(1).Is(0)),
		r.allow(sysno.RtSigprocmask, "unblocks signals", seccomp.Arg32(0).Is(sigUnblock)),
	}, r.rules(sysno.RtSigprocmask, seccomp.Allow)...)
}

// unlearnable are calls about the stack or the signal frame of the thread itself, or
// made by the kernel. The runtime's share has them all.
var unlearnable = [...]uint32{sysno.RtSigreturn, sysno.Sigaltstack, sysno.Exit, sysno.RestartSyscall, sysno.Uretprobe, sysno.Uprobe}

// learn traps everything but what cannot be made again in the handler. All of that
// belongs to the runtime, so every policy permits it.
func (r *refusal) learn(nr uint32, answers map[uint32]seccomp.Rule) []seccomp.Rule {
	if slices.Contains(unlearnable[:], nr) {
		return []seccomp.Rule{r.allow(nr, "cannot be made in a signal handler")}
	}
	switch nr {
	case sysno.Clone3:
		return []seccomp.Rule{answers[nr]}
	case sysno.Clone:
		threads := r.allow(nr, "a thread: its stack is new", seccomp.Arg64(0).Masked(cloneThread, cloneThread))
		return append([]seccomp.Rule{threads}, r.rules(nr)...)
	}
	if rule, ok := answers[nr]; ok && rule.Reason == reasonDenyErrno {
		return []seccomp.Rule{rule}
	}
	return r.rules(nr)
}

// rules are those of a call that the policy does not permit: none where the
// filter's default is right. elsewhere is the answer to code that is not the
// process's own, if it is not the action's.
func (r *refusal) rules(nr uint32, elsewhere ...seccomp.Action) []seccomp.Rule {
	var rules []seccomp.Rule
	code, other := r.code, seccomp.Allow
	ip := seccomp.UnsafeIP()
	switch {
	case r.action <= ActionInvokeSignalHandler:
		return nil
	case r.action == ActionDeny && len(elsewhere) == 0:
		errno, goesOn := gobase.Denial(nr)
		if !r.creates || len(code) == 0 || !goesOn {
			return nil
		}
		other = seccomp.Errno(errno)
	case nr == sysno.Clone || nr == sysno.Fork || nr == sysno.Vfork:
		rules = append(rules, r.allow(nr, "reported and made once more", seccomp.Arg64(5).Is(again)))
		code = code[:1] // C code may keep something in the register of argument 5
	default:
		rules = append(rules, r.allow(nr, "the handler makes it", ip.Is(r.gate)))
	}
	if len(code) == 0 {
		return rules
	}
	for _, c := range code {
		rules = append(rules, seccomp.Rule{Call: callName(nr), When: []seccomp.Cond{ip.Between(c.lo+1, c.hi)}, Action: r.trap, Reason: "the process's own code"})
	}
	return append(rules, seccomp.Rule{Call: callName(nr), Action: other, Reason: "executed programs"})
}

func (r *refusal) allow(nr uint32, reason string, when ...seccomp.Cond) seccomp.Rule {
	return seccomp.Rule{Call: callName(nr), When: when, Action: seccomp.Allow, Reason: reason}
}
