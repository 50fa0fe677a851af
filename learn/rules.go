// SPDX-License-Identifier: MIT

package learn

import (
	"fmt"
	"math"
	"slices"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/gobase"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Rules returns what a policy must allow so that it permits exactly what was
// recorded, sorted by number: calls without arguments that choose by number, the
// others with the values seen, one rule for each alternative.
//
// Left out is what the library permits by itself: what the Go runtime makes in the
// scope of the phase, and seccomp(2) for the next policy of a thread, which an unsealed
// policy has. So are the calls
// that no policy may allow (rt_sigqueueinfo, rt_tgsigqueueinfo). By number, whatever
// their arguments, are the calls that busy programs make most, so that the kernel
// answers them from its action cache; calls whose arguments were not seen; and calls
// with too many different values. The Reason of a rule says so.
func (p *Phase) Rules() []seccomp.Rule {
	var rules []seccomp.Rule
	for _, a := range p.allowances() {
		rules = append(rules, a.rules()...)
	}
	return rules
}

func (a *allowance) rules() (rules []seccomp.Rule) {
	if len(a.boxes) == 0 {
		return []seccomp.Rule{{Call: a.name, Action: seccomp.Allow, Reason: a.reason}}
	}
	for _, b := range a.boxes {
		rules = append(rules, seccomp.Rule{Call: a.name, When: b.conds(), Action: seccomp.Allow, Reason: a.reason})
	}
	return rules
}

// Limits of what is spelled out for one call: above them a list is a habit of the
// program and not what it needs, and the filter grows with it.
const (
	maxAlternatives = 16
	maxValues       = 128 // in all alternatives together
)

// An allowance is what was used of one call.
type allowance struct {
	nr     uint32
	name   string
	calls  []Call
	boxes  []box // none: by number
	reason string
}

// allowances are those that a policy must have, sorted by number.
func (p *Phase) allowances() []allowance {
	given := p.given()
	return slices.DeleteFunc(p.used(), func(a allowance) bool { return given[a.nr] || never(a.nr) })
}

// used are the calls of the phase, sorted by number.
func (p *Phase) used() (as []allowance) {
	one := canonical(&Recording{Phases: []Phase{*p}}).Phases[0]
	for _, c := range one.Calls {
		if c.putsOnThread() {
			continue
		}
		if n := len(as); n > 0 && as[n-1].nr == c.nr() {
			as[n-1].calls = append(as[n-1].calls, c)
		} else if nr := c.nr(); nr != math.MaxUint32 {
			as = append(as, allowance{nr: nr, name: c.Syscall, calls: []Call{c}})
		}
	}
	for i := range as {
		as[i].settle()
	}
	return as
}

// settle decides between values and the number only.
func (a *allowance) settle() {
	a.reason = learned
	switch {
	case !choosing(a.nr):
		return
	case hot(a.nr):
		a.reason = learned + "; by number: the kernel answers from its action cache"
		return
	case slices.ContainsFunc(a.calls, Call.unseen):
		a.reason = learned + "; by number: arguments were not seen"
		return
	}
	boxes := cover(a.nr, a.calls)
	values := 0
	for _, b := range boxes {
		for _, s := range b {
			values += len(s.values)
		}
	}
	if len(boxes) > maxAlternatives || values > maxValues {
		a.reason = fmt.Sprintf(learned+"; by number: %d different uses are too many to list", len(a.calls))
		return
	}
	a.boxes = boxes
}

// unlisted reports whether a call with arguments that choose is allowed by number for
// want of better.
func (a *allowance) unlisted() bool { return choosing(a.nr) && !hot(a.nr) && len(a.boxes) == 0 }

// unseen reports whether only the number of the call is known.
func (c Call) unseen() bool { return c.Mark != "" && c.Args == Args{} }

// putsOnThread reports whether the call is seccomp(2) as a policy of one thread is put
// on, which every policy permits that is not sealed. With SECCOMP_FILTER_FLAG_TSYNC, for
// a policy of the whole process, a policy must say so.
func (c Call) putsOnThread() bool {
	return c.nr() == sysno.Seccomp && c.Args[0] == abi.SetModeFilter && c.Args[1] == 0
}

// given are the calls that the library permits in the scope of the phase whatever
// the policy says.
func (p *Phase) given() map[uint32]bool {
	given := make(map[uint32]bool)
	scope := gobase.Process
	if p.Thread {
		scope = gobase.Thread
	}
	for n := range gobase.Needs(scope) {
		// Of what it makes with some arguments only, those of tgkill and clone are its own
		// all: the process and the flags of a thread. A recording of the others says which.
		if n.When == "" || n.Nr == sysno.Tgkill || n.Nr == sysno.Clone {
			given[n.Nr] = true
		}
	}
	return given
}

// never reports calls that the root package lets no policy allow: they can forge the
// signal by which the kernel reports a violation.
func never(nr uint32) bool { return nr == sysno.RtSigqueueinfo || nr == sysno.RtTgsigqueueinfo }

// hot are the calls that busy servers make most. A filter that looks at arguments is
// run for each of them; one that does not is answered from the action cache
// (kernel/seccomp.c seccomp_cache_check_allow). The flags of the calls with sockets
// choose little that the socket does not.
func hot(nr uint32) bool {
	switch nr {
	case sysno.Read, sysno.Write, sysno.Pread64, sysno.Pwrite64, sysno.Recvfrom, sysno.Sendto, sysno.Recvmsg, sysno.Sendmsg,
		sysno.Futex, sysno.EpollPwait, sysno.Nanosleep, sysno.ClockGettime:
		return true
	}
	return false
}

const learned = "learned"
