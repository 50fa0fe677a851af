// SPDX-License-Identifier: MIT

package sandbox

import (
	"slices"

	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// SeccompPolicyBuilder collects what a program's own code may call. What the Go
// runtime needs is added by the library, for the scope that the policy is put
// on. Methods return the builder; mistakes are kept and all reported at once by
// [SyscallSandboxPolicy.Err], [SeccompPolicyBuilder.BuildFilter] and everything
// that takes the policy. For one call the last word counts.
//
// The zero value is not usable: start with [NewSeccompPolicyBuilder] or
// [SyscallSandboxPolicy.Builder]. A builder is not safe for concurrent use.
type SeccompPolicyBuilder struct {
	rules    ruleSet
	mistakes []*PolicyError
}

// A ruleSet is what a builder has collected, per known syscall number.
type ruleSet struct {
	allowed callSet
	denied  callSet // by name: Deny or DenyErrno
	errnos  []errnoRule
	valid   bool // false in the zero value only
}

type errnoRule struct {
	nr    uint32
	errno uint16
}

func (r ruleSet) clone() ruleSet {
	r.errnos = slices.Clone(r.errnos)
	return r
}

// NewSeccompPolicyBuilder returns a builder with Bitcoin Core's defaults: every
// group but FileSystem and Network.
func NewSeccompPolicyBuilder() *SeccompPolicyBuilder {
	b := &SeccompPolicyBuilder{rules: ruleSet{valid: true}}
	for _, g := range groups {
		if g != &groupFileSystem && g != &groupNetwork {
			b.allowGroup(g)
		}
	}
	return b
}

func (b *SeccompPolicyBuilder) allowGroup(g *group) *SeccompPolicyBuilder {
	for _, c := range g.calls {
		b.allow(c.nr)
	}
	return b
}

// Allow allows calls by name, whatever their arguments.
//
// rt_sigqueueinfo and rt_tgsigqueueinfo cannot be allowed: with them code could
// forge the signal by which the kernel reports a violation.
func (b *SeccompPolicyBuilder) Allow(calls ...string) *SeccompPolicyBuilder {
	for _, call := range calls {
		nr, ok := b.number(call)
		switch {
		case !ok:
		case nr == sysno.RtSigqueueinfo || nr == sysno.RtTgsigqueueinfo:
			b.mistake(call, "cannot be allowed: it can forge the signal that reports a violation")
		default:
			b.allow(nr)
		}
	}
	return b
}

// AllowPolicy allows everything that the policies allow: their union. What they
// deny by name is not taken over.
func (b *SeccompPolicyBuilder) AllowPolicy(policies ...SyscallSandboxPolicy) *SeccompPolicyBuilder {
	for _, p := range policies {
		if err := p.Err(); err != nil {
			b.mistake("", "AllowPolicy of "+p.String()+": "+err.Error())
			continue
		}
		for nr := range p.p.rules.allowed.all {
			b.allow(nr)
		}
	}
	return b
}

// Deny takes calls back: code that makes them gets what every refused call gets
// (see [SyscallSandboxAction]). Calls that the Go runtime makes on every thread
// cannot be denied. Deny("seccomp") seals: after the policy is in force none can
// follow it.
func (b *SeccompPolicyBuilder) Deny(calls ...string) *SeccompPolicyBuilder {
	for _, call := range calls {
		if nr, ok := b.deniable(call); ok {
			b.deny(nr)
		}
	}
	return b
}

// DenyErrno takes calls back and has the kernel answer them with errno (Linux's
// number, 1 to 4094, on every GOOS) under every action.
func (b *SeccompPolicyBuilder) DenyErrno(errno uint16, calls ...string) *SeccompPolicyBuilder {
	if errno < 1 || errno > 4094 {
		// 4095 reads as a result of -4095 in Go, 0 as success.
		b.mistake("", "DenyErrno wants an errno from 1 to 4094")
		return b
	}
	for _, call := range calls {
		if nr, ok := b.deniable(call); ok {
			b.deny(nr)
			b.rules.errnos = append(b.rules.errnos, errnoRule{nr, errno})
		}
	}
	return b
}

// BuildFilter compiles what the builder holds for one locked thread, the
// runtime's share included. It reports all mistakes at once.
func (b *SeccompPolicyBuilder) BuildFilter(a SyscallSandboxAction) (*seccomp.Program, error) {
	filter, err := NewPolicy("filter", b).Filter(ScopeThread, a)
	if err != nil {
		return nil, err
	}
	return filter.Compile()
}

func (b *SeccompPolicyBuilder) allow(nr uint32) {
	b.rules.allowed.add(nr)
	b.rules.denied.remove(nr)
	b.dropErrno(nr)
}

func (b *SeccompPolicyBuilder) deny(nr uint32) {
	b.rules.allowed.remove(nr)
	b.rules.denied.add(nr)
	b.dropErrno(nr)
}

func (b *SeccompPolicyBuilder) dropErrno(nr uint32) {
	b.rules.errnos = slices.DeleteFunc(b.rules.errnos, func(r errnoRule) bool { return r.nr == nr })
}

// deniable is number, and refuses what the runtime needs on every thread: the
// filter would have to allow it all the same.
func (b *SeccompPolicyBuilder) deniable(call string) (uint32, bool) {
	nr, ok := b.number(call)
	if ok && runtimeShare(ScopeThread).has(nr) {
		b.mistake(call, "cannot be denied: the Go runtime makes it on every thread")
		return 0, false
	}
	return nr, ok
}

func (b *SeccompPolicyBuilder) number(call string) (uint32, bool) {
	nr, ok := sysno.Number(call)
	if !ok {
		b.mistakes = append(b.mistakes, &PolicyError{Call: call, Reason: "unknown syscall", Nearest: sysno.Nearest(call)})
	}
	return nr, ok
}

func (b *SeccompPolicyBuilder) mistake(call, reason string) {
	b.mistakes = append(b.mistakes, &PolicyError{Call: call, Reason: reason})
}
