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
	// text is Go's own part of the program's code.
	text codeRange
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
func (r *refusal) special(nr uint32, p SyscallSandboxPolicy) ([]seccomp.Rule, bool) {
	switch {
	case r.action == ActionKillProcess:
		return nil, false
	case nr == sysno.RtSigaction:
		return r.sigaction(), true
	case nr == sysno.RtSigprocmask && r.action > ActionInvokeSignalHandler:
		return r.sigprocmask(), true
	case r.action == UnsafeActionLearn:
		return r.learn(nr, p), true
	}
	return nil, false
}

// sigaction keeps the handler in its place. Where no process can be made, nobody
// has a reason to ask for another; the child of a vfork resets all handlers, which
// the handler pretends to do.
func (r *refusal) sigaction() []seccomp.Rule {
	const sigsys = 31
	reads := r.allow(sysno.RtSigaction, "Go runtime: reads a handler", seccomp.Arg64(1).Is(0))
	others := seccomp.Arg32(0).Not(sigsys)
	switch {
	case r.action > ActionInvokeSignalHandler:
		// The handler sees to it that no other handler blocks SIGSYS.
		gate := r.allow(sysno.RtSigaction, "the handler makes it", seccomp.UnsafeIP().Is(r.gate), others)
		return append([]seccomp.Rule{reads, gate}, r.traps(sysno.RtSigaction)...)
	case r.creates:
		return []seccomp.Rule{r.allow(sysno.RtSigaction, "a child of vfork resets all handlers")}
	default:
		return []seccomp.Rule{reads, r.allow(sysno.RtSigaction, "Go runtime: handlers of other signals than the one that reports violations", others)}
	}
}

// sigprocmask never lets SIGSYS be blocked: a trap would then kill without a word.
// The handler makes the call and takes SIGSYS out.
func (r *refusal) sigprocmask() []seccomp.Rule {
	const sigUnblock = 1
	return append([]seccomp.Rule{
		r.allow(sysno.RtSigprocmask, "reads the mask", seccomp.Arg64(1).Is(0)),
		r.allow(sysno.RtSigprocmask, "unblocks signals", seccomp.Arg32(0).Is(sigUnblock)),
		r.allow(sysno.RtSigprocmask, "the handler makes it", seccomp.UnsafeIP().Is(r.gate)),
	}, r.traps(sysno.RtSigprocmask)...)
}

// traps are the rules of a call that the handler must see: made by this process's own
// code, or by any where no program can be executed.
func (r *refusal) traps(nr uint32) []seccomp.Rule {
	if r.action == ActionDeny && !r.creates {
		return nil
	}
	return r.elsewhere(nr, r.code, seccomp.Allow)
}

// elsewhere traps a call by code of these ranges and gives it another answer elsewhere.
func (r *refusal) elsewhere(nr uint32, code []codeRange, answer seccomp.Action) (rules []seccomp.Rule) {
	if len(code) == 0 {
		return nil
	}
	for _, c := range code {
		rules = append(rules, seccomp.Rule{Call: callName(nr), When: []seccomp.Cond{seccomp.UnsafeIP().Between(c.lo+1, c.hi)}, Action: r.trap, Reason: "the process's own code"})
	}
	return append(rules, seccomp.Rule{Call: callName(nr), Action: answer, Reason: "executed programs"})
}

// unlearnable are calls about the stack or the signal frame of the thread itself, or
// made by the kernel. The runtime's share has them all.
var unlearnable = [...]uint32{sysno.RtSigreturn, sysno.Sigaltstack, sysno.Exit, sysno.RestartSyscall, sysno.Uretprobe, sysno.Uprobe}

// learn traps everything but what cannot be made again in the handler. All of that
// belongs to the runtime, so every policy permits it.
func (r *refusal) learn(nr uint32, p SyscallSandboxPolicy) []seccomp.Rule {
	if slices.Contains(unlearnable[:], nr) {
		return []seccomp.Rule{r.allow(nr, "cannot be made in a signal handler")}
	}
	switch nr {
	case sysno.Clone3:
		answer, _ := p.answer(nr)
		return []seccomp.Rule{answer}
	case sysno.Clone:
		threads := r.allow(nr, "a thread: its stack is new", seccomp.Arg64(0).Masked(cloneThread, cloneThread))
		return append([]seccomp.Rule{threads}, r.rules(nr)...)
	}
	if p.namesErrno(nr) {
		answer, _ := p.answer(nr)
		return []seccomp.Rule{answer}
	}
	return r.rules(nr)
}

// rules are those of a call that the policy does not permit: none where the
// filter's default is right.
func (r *refusal) rules(nr uint32) []seccomp.Rule {
	switch {
	case r.action <= ActionInvokeSignalHandler:
		return nil
	case r.action == ActionDeny:
		errno, goesOn := gobase.Denial(nr)
		if !r.creates || !goesOn {
			return nil
		}
		return r.elsewhere(nr, r.code, seccomp.Errno(errno))
	case nr == sysno.Clone || nr == sysno.Fork || nr == sysno.Vfork:
		// Code of C libraries may keep something in the register of argument 5.
		own := []codeRange{r.text}
		return append([]seccomp.Rule{r.allow(nr, "reported and made once more", seccomp.Arg64(5).Is(again))}, r.elsewhere(nr, own, seccomp.Allow)...)
	default:
		return append([]seccomp.Rule{r.allow(nr, "the handler makes it", seccomp.UnsafeIP().Is(r.gate))}, r.elsewhere(nr, r.code, seccomp.Allow)...)
	}
}

func (r *refusal) allow(nr uint32, reason string, when ...seccomp.Cond) seccomp.Rule {
	return seccomp.Rule{Call: callName(nr), When: when, Action: seccomp.Allow, Reason: reason}
}
