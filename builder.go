// SPDX-License-Identifier: MIT

package sandbox

import (
	"errors"
	"fmt"
	"slices"

	"github.com/syscall-sandbox/sandbox/internal/gobase"
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

// A ruleSet is what a builder has collected, per known syscall number. A number is
// allowed, allowed on conditions, denied or none of these.
type ruleSet struct {
	allowed callSet
	asked   callSet         // those with conditions
	conds   []conditionRule // in the order they came
	denied  callSet         // by name: Deny or DenyErrno
	errnos  []errnoRule
	valid   bool // false in the zero value only
}

// A conditionRule allows a call if all conditions hold.
type conditionRule struct {
	nr   uint32
	when []seccomp.Cond
}

type errnoRule struct {
	nr    uint32
	errno uint16
}

func (r ruleSet) clone() ruleSet {
	r.errnos = slices.Clone(r.errnos)
	r.conds = slices.Clone(r.conds) // conditions are immutable
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
	return b.AllowProcessPolicies()
}

// AllowProcessPolicies lets [SetProcessPolicy] follow where the policy is in force: it
// permits seccomp(2) with SECCOMP_FILTER_FLAG_TSYNC. A policy for the process's steady
// state, after which only threads narrow themselves, can do without: code that an
// attacker runs could otherwise force filters on every thread.
func (b *SeccompPolicyBuilder) AllowProcessPolicies() *SeccompPolicyBuilder {
	if !covered(b.rules.conds, onProcess) && !b.rules.allowed.has(onProcess.nr) {
		b.allowIf(onProcess)
	}
	return b
}

// AllowNothing takes back all that is allowed, the defaults too, and forgets what is
// denied by name: the beginning of a list of one's own, such as a learned one. The Go
// runtime's share stays.
func (b *SeccompPolicyBuilder) AllowNothing() *SeccompPolicyBuilder {
	b.rules = ruleSet{valid: b.rules.valid}
	return b
}

func (b *SeccompPolicyBuilder) allowGroup(g *group) *SeccompPolicyBuilder {
	for _, c := range g.calls {
		if c.when == "" {
			b.allow(c.nr)
		} else if r, ok := c.rule(); ok && !b.rules.allowed.has(r.nr) && !covered(b.rules.conds, r) {
			b.allowIf(r)
		}
	}
	return b
}

// rule reads a call's conditions. Those of the tables can be read: a test says so.
func (c groupCall) rule() (conditionRule, bool) {
	when, err := seccomp.ParseConds(c.when)
	return conditionRule{c.nr, when}, err == nil
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
			b.mistake(call, forgesSignals)
		default:
			b.allow(nr)
		}
	}
	return b
}

// AllowIf allows a call if all conditions on its arguments hold. Several AllowIf of
// one call are alternatives: any of them allows it. Most calls of the default groups
// are allowed whatever their arguments; Deny such a call first.
//
//	b.Deny("ioctl").AllowIf("ioctl", seccomp.Arg32(1).Is(unix.TCGETS, unix.TIOCGWINSZ))
//
// Mistakes: a call that is allowed already or that the Go runtime makes on every
// thread, no condition, and a condition that adds nothing to earlier ones.
func (b *SeccompPolicyBuilder) AllowIf(call string, when ...seccomp.Cond) *SeccompPolicyBuilder {
	nr, ok := b.deniable(call)
	switch {
	case !ok:
	case len(when) == 0:
		b.mistake(call, "AllowIf without conditions: use Allow")
	case b.rules.allowed.has(nr):
		b.mistake(call, "is allowed already, whatever its arguments: Deny it first")
	case nr == sysno.RtSigqueueinfo || nr == sysno.RtTgsigqueueinfo:
		b.mistake(call, forgesSignals)
	default:
		b.allowIf(conditionRule{nr, slices.Clone(when)})
	}
	return b
}

func (b *SeccompPolicyBuilder) allowIf(r conditionRule) {
	b.rules.asked.add(r.nr)
	b.rules.denied.remove(r.nr)
	b.dropErrno(r.nr)
	b.rules.conds = append(b.rules.conds, r)
}

// forgesSignals is why the calls that queue signals with information are refused.
const forgesSignals = "cannot be allowed: it can forge the signal that reports a violation"

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
		for _, r := range p.p.rules.conds {
			if !b.rules.allowed.has(r.nr) && !covered(b.rules.conds, r) {
				b.allowIf(r)
			}
		}
	}
	return b
}

// covered reports whether conditions allow all that r does: a union may say things
// twice, but the compiler refuses rules that no call reaches.
func covered(by []conditionRule, r conditionRule) bool {
	rule := func(c conditionRule) seccomp.Rule {
		return seccomp.Rule{Call: callName(c.nr), When: c.when, Action: seccomp.Allow}
	}
	var all []seccomp.Rule
	for _, c := range by {
		if c.nr != r.nr {
			continue
		}
		// Alone first: of many the compiler does not find out.
		if unreached([]seccomp.Rule{rule(c), rule(r)}) {
			return true
		}
		all = append(all, rule(c))
	}
	return len(all) > 1 && unreached(append(all, rule(r)))
}

// unreached reports whether no call reaches the last of the rules of one call.
func unreached(rules []seccomp.Rule) bool {
	var e *seccomp.RuleError
	_, err := seccomp.Filter{Rules: rules}.Compile()
	return errors.As(err, &e) && e.Index == len(rules)-1
}

// Deny takes calls back: code that makes them gets what every refused call gets
// (see [SyscallSandboxAction]), also where what is not permitted would get an errno on the
// whole process. Calls that the Go runtime makes on every thread cannot be denied.
// Deny("seccomp") seals: after the policy is in force none can follow it.
func (b *SeccompPolicyBuilder) Deny(calls ...string) *SeccompPolicyBuilder {
	for _, call := range calls {
		if nr, ok := b.deniable(call); ok {
			b.deny(nr)
		}
	}
	return b
}

// DenyErrno takes calls back and has the kernel answer them with errno (Linux's
// number, 1 to 4094, on every GOOS) under every action. What an earlier policy in force
// kills or traps stays so: of several answers the strictest counts (seccomp(2)).
//
// Mistakes: calls that the Go runtime makes on every thread, and those whose callers hang
// on any errno or take it for a result (close, getpeername, umask, brk).
func (b *SeccompPolicyBuilder) DenyErrno(errno uint16, calls ...string) *SeccompPolicyBuilder {
	if errno < 1 || errno > 4094 {
		// 4095 reads as a result of -4095 in Go, 0 as success.
		b.mistake("", "DenyErrno wants an errno from 1 to 4094")
		return b
	}
	for _, call := range calls {
		nr, ok := b.deniable(call)
		if why := gobase.NeverErrno(nr); ok && why != "" {
			b.mistake(call, "is never answered by an errno: "+why+"; Deny leaves it to the action")
		} else if ok {
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
	b.dropConditions(nr)
	b.dropErrno(nr)
}

func (b *SeccompPolicyBuilder) deny(nr uint32) {
	b.rules.allowed.remove(nr)
	b.rules.denied.add(nr)
	b.dropConditions(nr)
	b.dropErrno(nr)
}

func (b *SeccompPolicyBuilder) dropConditions(nr uint32) {
	b.rules.asked.remove(nr)
	b.rules.conds = slices.DeleteFunc(b.rules.conds, func(r conditionRule) bool { return r.nr == nr })
}

func (b *SeccompPolicyBuilder) dropErrno(nr uint32) {
	b.rules.errnos = slices.DeleteFunc(b.rules.errnos, func(r errnoRule) bool { return r.nr == nr })
}

// deniable is number, and refuses what the runtime needs on every thread whatever the
// arguments: the filter would have to allow it all the same. Where the runtime needs
// only some arguments (mmap, prctl) those stay permitted.
func (b *SeccompPolicyBuilder) deniable(call string) (uint32, bool) {
	nr, ok := b.number(call)
	if ok && runtimeShare(ScopeThread).has(nr) {
		b.mistake(call, "cannot be denied or narrowed: the Go runtime makes it on every thread"+whyNeeded(nr, gobase.Thread))
		return 0, false
	}
	return nr, ok
}

// whyNeeded says where the runtime makes a call and what refusing it would do.
func whyNeeded(nr uint32, s gobase.Scope) string {
	n, ok := gobase.NeedOf(nr, s)
	if !ok {
		return ""
	}
	return fmt.Sprintf(" (%s: %s); refused by an errno, %s", n.Where, n.Why, n.Refused)
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
