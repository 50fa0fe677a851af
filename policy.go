// SPDX-License-Identifier: MIT

package sandbox

import (
	"errors"
	"fmt"
	"sync"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// SyscallSandboxPolicy says what a program's own code may call. What the Go
// runtime needs is added by the library, per [Scope]. Values are immutable and
// comparable; the zero value is refused everywhere.
type SyscallSandboxPolicy struct{ p *policy }

type policy struct {
	name     string
	rules    ruleSet
	mistakes []*PolicyError
	held     func() []*group // the groups that the rules hold: once, for all filters
}

// Scope is what a policy is put on; it decides the share of the Go runtime.
type Scope uint8

const (
	// ScopeThread is one locked thread: SetSyscallSandboxPolicy and Go.
	ScopeThread Scope = iota
	// ScopeProcess is every thread, those of the runtime included:
	// SetupSyscallSandbox and SetProcessPolicy.
	ScopeProcess
	// ScopeContainer is a program that is started under the filter, by a container
	// runtime or a service manager: what the runtime needs before main, and what
	// SetupSyscallSandbox needs inside. It is for package export.
	ScopeContainer
)

// NewPolicy makes a policy of what b holds now; b may be used on. Mistakes stay
// in the value, so that policies can be package variables: Err, and whatever the
// policy is given to, return them. The name is 1 to 48 printable ASCII characters.
func NewPolicy(name string, b *SeccompPolicyBuilder) SyscallSandboxPolicy {
	p := &policy{name: name}
	if !validName(name) {
		p.mistakes = append(p.mistakes, &PolicyError{Reason: fmt.Sprintf("the name is not 1 to %d printable ASCII characters", maxPolicyName)})
	}
	if b == nil || !b.rules.valid {
		p.mistakes = append(p.mistakes, &PolicyError{Reason: "the builder is nil or its zero value: use NewSeccompPolicyBuilder"})
	} else {
		p.rules = b.rules.clone()
		p.mistakes = append(p.mistakes, b.mistakes...)
		p.mistakes = append(p.mistakes, p.rules.conditionMistakes()...)
	}
	p.held = sync.OnceValue(p.rules.groups)
	for i, m := range p.mistakes {
		named := *m
		named.Policy = name
		p.mistakes[i] = &named
	}
	return SyscallSandboxPolicy{p}
}

// conditionMistakes asks the compiler about conditions that make no sense and rules
// that no call reaches.
func (r ruleSet) conditionMistakes() (mistakes []*PolicyError) {
	if len(r.conds) == 0 {
		return nil
	}
	var f seccomp.Filter
	for _, c := range r.conds {
		f.Rules = append(f.Rules, seccomp.Rule{Call: callName(c.nr), When: c.when, Action: seccomp.Allow})
	}
	_, err := f.Compile()
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			var e *seccomp.RuleError
			if errors.As(err, &e) {
				mistakes = append(mistakes, &PolicyError{Call: e.Call, Reason: e.Reason})
			}
		}
	} else if err != nil {
		mistakes = append(mistakes, &PolicyError{Reason: err.Error()})
	}
	return mistakes
}

// maxPolicyName bounds what one line of a report must hold.
const maxPolicyName = 48

func validName(name string) bool {
	for i := range len(name) {
		if c := name[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return name != "" && len(name) <= maxPolicyName
}

// Err returns all mistakes joined, each a *[PolicyError], or nil.
func (p SyscallSandboxPolicy) Err() error {
	if p.p == nil {
		return &PolicyError{Reason: "the zero policy: use NewPolicy or a built-in one"}
	}
	errs := make([]error, 0, len(p.p.mistakes))
	for _, m := range p.p.mistakes {
		errs = append(errs, m)
	}
	return errors.Join(errs...)
}

// String returns the policy's name.
func (p SyscallSandboxPolicy) String() string {
	if p.p == nil {
		return "zero policy"
	}
	return p.p.name
}

// Builder returns a copy to adjust:
//
//	NewPolicy("net", PolicyNet.Builder().Allow("flock"))
//
// An adjusted policy is a policy of its own; one that is in force stays as it is.
func (p SyscallSandboxPolicy) Builder() *SeccompPolicyBuilder {
	if err := p.Err(); err != nil {
		b := &SeccompPolicyBuilder{rules: ruleSet{valid: true}}
		b.mistake("", "Builder of a policy with mistakes: "+err.Error())
		return b
	}
	return &SeccompPolicyBuilder{rules: p.p.rules.clone()}
}

// Filter returns the rules of the policy, sorted by number, for a scope and an
// action. It is pure: no kernel is asked. What the actions whose answer comes from
// the SIGSYS handler add for a running program, by the addresses of its code, is
// not in it; for [UnsafeActionAllow] and [UnsafeActionLearn] nothing would be left,
// so they are an error.
//
// For [ScopeContainer] the action must be ActionDeny: refused calls get an errno there,
// because an outer filter that kills or traps would take the report of an inner one away.
func (p SyscallSandboxPolicy) Filter(s Scope, a SyscallSandboxAction) (seccomp.Filter, error) {
	if s == ScopeContainer {
		return p.containerFilter(a)
	}
	if a > ActionDeny {
		return seccomp.Filter{}, fmt.Errorf("sandbox: action %s makes no filter outside a running program", a)
	}
	return p.filter(s, a, refusal{trap: seccomp.Trap(0)})
}

// filter is Filter as a running program installs it.
func (p SyscallSandboxPolicy) filter(s Scope, a SyscallSandboxAction, r refusal) (seccomp.Filter, error) {
	if err := p.errFor(s); err != nil {
		return seccomp.Filter{}, err
	}
	f := seccomp.Filter{Default: r.trap, Unknown: seccomp.Errno(abi.ENOSYS)}
	if a == ActionKillProcess {
		f.Default = seccomp.KillProcess
	}
	r.action, r.creates = a, p.makesProcesses()
	permitted := p.permitted(s)
	for nr, name := range sysno.All() {
		if rules, ok := r.special(nr, p); ok {
			f.Rules = append(f.Rules, rules...)
			continue
		}
		if permitted.has(nr) {
			f.Rules = append(f.Rules, seccomp.Rule{Call: name, Action: seccomp.Allow, Reason: p.reason(nr, s)})
			continue
		}
		f.Rules = append(f.Rules, p.conditional(nr, s)...)
		if a <= ActionInvokeSignalHandler && !p.namesErrno(nr) {
			f.Rules = append(f.Rules, p.softened(nr, s)...)
		}
		if answer, ok := p.answer(nr); ok && !(r.reports(nr) && !p.namesErrno(nr)) {
			f.Rules = append(f.Rules, answer)
		} else {
			f.Rules = append(f.Rules, r.rules(nr)...)
		}
	}
	return f, nil
}

// namesErrno reports whether the policy itself answers the call, by DenyErrno.
func (p SyscallSandboxPolicy) namesErrno(nr uint32) bool {
	_, ok := p.p.rules.errno(nr)
	return ok
}

func callName(nr uint32) string {
	if name, ok := sysno.Name(nr); ok {
		return name
	}
	return fmt.Sprintf("syscall %d", nr)
}
