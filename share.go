// SPDX-License-Identifier: MIT

package sandbox

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/gobase"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// What a policy permits in a scope: the share of its own rules, that of the Go runtime,
// and what it takes to put on the next policy.

// cloneThread is CLONE_THREAD of clone(2).
const cloneThread = 0x10000

// conditional are the rules of a call that is permitted for some arguments: the
// user's, the runtime's and those for later policies, unless others say as much.
func (p SyscallSandboxPolicy) conditional(nr uint32, s Scope) (rules []seccomp.Rule) {
	var conds []conditionRule
	add := func(r conditionRule, reason string) {
		if !covered(conds, r) {
			conds = append(conds, r)
			rules = append(rules, seccomp.Rule{Call: callName(nr), When: r.when, Action: seccomp.Allow, Reason: reason})
		}
	}
	if nr == sysno.PidfdSendSignal && p.p.rules.allowed.has(nr) {
		rules = append(rules, seccomp.Rule{Call: callName(nr), When: []seccomp.Cond{noSiginfo}, Action: seccomp.Allow, Reason: "allowed by name; without a siginfo, which could forge the signal that reports a violation"})
	}
	for _, r := range p.p.rules.conds {
		own := r
		if nr == sysno.PidfdSendSignal {
			r.when = append(slices.Clone(r.when), noSiginfo)
		}
		if r.nr == nr {
			add(r, p.because(own))
		}
	}
	if nr == sysno.Clone && p.p.rules.allowed.has(nr) {
		add(conditionRule{nr, []seccomp.Cond{seccomp.Arg64(0).Masked(cloneThread, cloneThread)}}, "threads; no program may be executed, so no process made")
	}
	for _, r := range runtimeRulesOf(nr, s) {
		if r.When != nil {
			add(conditionRule{nr, r.When}, r.Reason)
		}
	}
	if s == ScopeContainer {
		for _, c := range groupSetup.calls {
			if r, ok := c.rule(); ok && nr == c.nr && c.when != "" {
				add(r, groupSetup.name+": "+c.reason)
			}
		}
		return rules
	}
	if !p.sealed() {
		for _, r := range nextPolicy {
			if r.nr == nr {
				add(r, "Sandbox setup: puts on the next policy")
			}
		}
	}
	return rules
}

// noSiginfo holds for pidfd_send_signal(2) without a siginfo: with one it could forge the
// signal that reports a violation.
var noSiginfo = seccomp.Arg64(2).Is(0)

// nextPolicy is what it takes to put a policy on a thread: a filter without flags, and
// no_new_privs and a thread's name before it (prctl).
var nextPolicy = [...]conditionRule{
	{sysno.Seccomp, []seccomp.Cond{seccomp.Arg32(0).Is(abi.SetModeFilter), seccomp.Arg32(1).Is(0)}},
	{sysno.Prctl, []seccomp.Cond{seccomp.Arg32(0).Is(prSetName, prSetNoNewPrivs, prGetNoNewPrivs)}},
}

// onProcess is what it takes besides, to put a policy on all threads.
var onProcess = conditionRule{sysno.Seccomp, []seccomp.Cond{seccomp.Arg32(0).Is(abi.SetModeFilter), seccomp.Arg32(1).Is(abi.FlagTSync)}}

// call is a call that meets the rule.
func (r conditionRule) call() seccomp.Call {
	return seccomp.Call{Arch: abi.AuditArchX86_64, Nr: r.nr, Args: [6]uint64{abi.SetModeFilter, abi.FlagTSync}}
}

// Options of prctl(2).
const (
	prSetName       = 15
	prSetNoNewPrivs = 38
	prGetNoNewPrivs = 39
)

// sealed reports whether no policy may follow.
func (p SyscallSandboxPolicy) sealed() bool { return p.p.rules.denied.has(sysno.Seccomp) }

func (s Scope) runtime() seccomp.RuntimeScope {
	switch s {
	case ScopeContainer:
		return seccomp.RuntimeLaunch
	case ScopeProcess:
		return seccomp.RuntimeProcess
	default:
		return seccomp.RuntimeThread
	}
}

// errFor is Err and what only the scope makes a mistake.
func (p SyscallSandboxPolicy) errFor(s Scope) error {
	if err := p.Err(); err != nil {
		return err
	}
	if s > ScopeProcess {
		return fmt.Errorf("sandbox: unknown scope %d", s)
	}
	var errs []error
	for nr := range p.p.rules.denied.union(p.p.rules.asked).intersect(runtimeShare(s)).all {
		errs = append(errs, &PolicyError{Policy: p.p.name, Call: callName(nr), Reason: "is denied or narrowed, but the Go runtime makes it on threads of its own" + whyNeeded(nr, gobase.Process) + ": such a policy fits one thread, not the process"})
	}
	return errors.Join(errs...)
}

// permitted are the calls permitted whatever their arguments: the user's share and the
// runtime's. The policy must have no mistakes.
func (p SyscallSandboxPolicy) permitted(s Scope) callSet {
	set := p.p.rules.allowed.union(runtimeShare(s))
	set.remove(sysno.PidfdSendSignal)
	if s == ScopeContainer {
		// The id of the process is not known before it starts.
		set.add(sysno.Tgkill)
		set.add(sysno.Kill)
		for _, c := range groupSetup.calls {
			if c.when == "" {
				set.add(c.nr)
			}
		}
	}
	if p.makesProcesses() {
		// A child that inherits the filter has another process id.
		set.add(sysno.Tgkill)
		return set
	}
	for _, nr := range [...]uint32{sysno.Clone, sysno.Fork, sysno.Vfork} {
		set.remove(nr)
	}
	return set
}

// makesProcesses reports whether the policy allows to execute a program. Where it does
// not, clone is for threads only: between clone and the refused execve the child of
// os/exec would make other refused calls (setpgid, chroot), signals blocked, and die
// without a word.
func (p SyscallSandboxPolicy) makesProcesses() bool {
	any := p.p.rules.allowed.union(p.p.rules.asked)
	return any.has(sysno.Execve) || any.has(sysno.Execveat)
}

// partly are the calls permitted for some arguments only.
func (p SyscallSandboxPolicy) partly(s Scope) (set callSet) {
	set = p.p.rules.asked
	for nr, rules := range runtimeRules()[s] {
		if len(rules) > 0 && rules[0].When != nil {
			set.add(uint32(nr))
		}
	}
	for _, nr := range [...]uint32{sysno.Clone, sysno.PidfdSendSignal} {
		if p.p.rules.allowed.has(nr) {
			set.add(nr)
		}
	}
	if !p.sealed() {
		set.add(sysno.Seccomp)
		set.add(sysno.Prctl)
	}
	return set.minus(p.permitted(s))
}

// reasonDenyErrno is the reason of rules that the policy's author has asked for.
const reasonDenyErrno = "DenyErrno"

// answer is the errno for a refused call, if it has one: the policy's own before the
// table's.
func (p SyscallSandboxPolicy) answer(nr uint32) (seccomp.Rule, bool) {
	if errno, ok := p.p.rules.errno(nr); ok {
		return seccomp.Rule{Call: callName(nr), Action: seccomp.Errno(errno), Reason: reasonDenyErrno}, true
	}
	for a := range gobase.Answers() {
		if a.Nr == nr {
			return seccomp.Rule{Call: callName(nr), Action: seccomp.Errno(a.Errno), Reason: a.Why}, true
		}
	}
	return seccomp.Rule{}, false
}

// softened are the rules for arguments that get an errno under the actions that end the
// process. The others report them, and then give the same errno.
func (p SyscallSandboxPolicy) softened(nr uint32, s Scope) (rules []seccomp.Rule) {
	if p.p.rules.denied.has(nr) {
		return nil // the author has asked for it by name
	}
	for _, r := range softenings() {
		if r.nr == nr && s >= r.scope && !covered(p.p.rules.conds, r.conditionRule) {
			rules = append(rules, seccomp.Rule{Call: callName(nr), When: r.when, Action: r.action, Reason: r.reason})
		}
	}
	return rules
}

type softening struct {
	conditionRule
	scope  Scope
	action seccomp.Action
	reason string
}

// softenings are those of gobase.
var softenings = sync.OnceValue(func() (all []softening) {
	for s := range gobase.Softenings() {
		if when, err := seccomp.ParseConds(s.When); err == nil { // a test reads them all
			all = append(all, softening{conditionRule{s.Nr, when}, Scope(s.Scope), seccomp.Errno(s.Errno), s.Why})
		}
	}
	return all
})

func (p SyscallSandboxPolicy) reason(nr uint32, s Scope) string {
	if p.p.rules.allowed.has(nr) {
		return p.because(conditionRule{nr: nr})
	}
	if rules := runtimeRulesOf(nr, s); len(rules) > 0 {
		return rules[0].Reason
	}
	if s == ScopeContainer {
		for _, c := range groupSetup.calls {
			if c.nr == nr {
				return groupSetup.name + ": " + c.reason
			}
		}
	}
	return "allowed by name"
}

// runtimeShare are the calls that the runtime makes whatever the arguments.
func runtimeShare(s Scope) (set callSet) {
	for nr, rules := range runtimeRules()[s] {
		if len(rules) > 0 && rules[0].When == nil {
			set.add(uint32(nr))
		}
	}
	return set
}

func runtimeRulesOf(nr uint32, s Scope) []seccomp.Rule {
	if nr > sysno.Max {
		return nil
	}
	return runtimeRules()[s][nr]
}

// runtimeRules are the rules of seccomp.GoRuntime, by scope and number.
var runtimeRules = sync.OnceValue(func() *[ScopeContainer + 1][sysno.Max + 1][]seccomp.Rule {
	var all [ScopeContainer + 1][sysno.Max + 1][]seccomp.Rule
	for s := range all {
		for _, r := range seccomp.GoRuntime(Scope(s).runtime()) {
			if nr, ok := sysno.Number(r.Call); ok {
				all[s][nr] = append(all[s][nr], r)
			}
		}
	}
	return &all
})
