// SPDX-License-Identifier: MIT

package seccomp

import (
	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/bpfgen"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// Uncovered compares what two filters permit: it returns a call that inner permits
// and outer does not for every number that has one, with arguments and IP that show
// it. None means that inner is a narrowing of outer: put on top of it, it means all that
// it says.
//
// The answer is exact for all conditions within the limit of [Filter.Compile]; calls
// beyond it are in undecided instead. IsSelf is met by no argument: compare filters
// bound by [Filter.ForPID].
func Uncovered(outer, inner Filter) (witnesses []Call, undecided []string) {
	in, out := byNumber(inner), byNumber(outer)
	for nr := range in {
		call := Call{Arch: abi.AuditArchX86_64, Nr: uint32(nr)}
		i, o := in[nr], out[nr]
		if !i.anyPermits() || o.allPermit() {
			continue
		}
		witness, found, decided := beyond(o, i)
		switch {
		case found:
			call.Args, call.IP = witness.Args, witness.IP
			witnesses = append(witnesses, call)
		case !decided:
			undecided = append(undecided, call.Name())
		}
	}
	if inner.Unknown.Permits() && !outer.Unknown.Permits() {
		witnesses = append(witnesses, Call{Arch: abi.AuditArchX86_64, Nr: sysno.Max + 1})
	}
	return witnesses, undecided
}

// A decision is the rules of one call, in order, the default as the last.
type decision []ruling

type ruling struct {
	when    []bpfgen.Cond
	permits bool
}

func (d decision) anyPermits() bool {
	for _, r := range d {
		if r.permits {
			return true
		}
	}
	return false
}

func (d decision) allPermit() bool {
	for _, r := range d {
		if !r.permits {
			return false
		}
	}
	return true
}

func byNumber(f Filter) (ds [sysno.Max + 1]decision) {
	for _, r := range f.Rules {
		if nr, ok := sysno.Number(r.Call); ok {
			when := make([]bpfgen.Cond, len(r.When))
			for i := range r.When {
				when[i] = r.When[i].c
			}
			ds[nr] = append(ds[nr], ruling{when, r.Action.Permits()})
		}
	}
	for nr := range ds {
		last := f.Default
		if !sysno.Known(uint32(nr)) {
			last = f.Unknown
		}
		ds[nr] = append(ds[nr], ruling{nil, last.Permits()})
	}
	return ds
}

// beyond finds an input that inner permits where the first matching rule of outer
// does not. For each such rule of outer it asks which rule of inner can be the first
// to match together with it, where no earlier rule of outer matches.
func beyond(outer, inner decision) (witness bpfgen.Input, found, decided bool) {
	decided = true
	var rules []bpfgen.Rule
	for _, refusing := range outer {
		rules = append(rules, bpfgen.Rule{When: refusing.when})
		if refusing.permits {
			continue
		}
		earlier := rules[: len(rules)-1 : len(rules)-1]
		asked := earlier
		for _, r := range inner {
			asked = append(asked, bpfgen.Rule{When: append(refusing.when[:len(refusing.when):len(refusing.when)], r.when...)})
		}
		witnesses, reached, ok := bpfgen.Reach(asked)
		decided = decided && ok
		for i, r := range inner {
			if ok && r.permits && reached[len(earlier)+i] {
				return witnesses[len(earlier)+i], true, true
			}
		}
	}
	return witness, false, decided
}
