// SPDX-License-Identifier: MIT

package vet

import (
	"fmt"
	"slices"

	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/flow"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A verdict is what a policy does with a call of which some arguments are known.
type verdict uint8

const (
	permitted verdict = iota
	answered          // by an errno: the code is told
	partly            // refused for some values of what is not known
	refused
)

// knownArgs are the values of the arguments that are known.
type knownArgs [6][]uint64

func (k knownArgs) key() string { return fmt.Sprint([6][]uint64(k)) }

func known(l flow.Leaf) (k knownArgs) {
	for i, v := range l.Args {
		if n, ok := v.Numbers(); ok {
			k[i] = n
		}
	}
	return k
}

// when are the conditions that just these arguments meet.
func (k knownArgs) when() (conds []seccomp.Cond) {
	for i, values := range k {
		if len(values) > 0 {
			conds = append(conds, seccomp.Arg64(i).Is(values...))
		}
	}
	return conds
}

// judge decides exactly, for all values of what is not known. The call is one that shows it.
func judge(f seccomp.Filter, nr uint32, k knownArgs) (verdict, seccomp.Call) {
	name, ok := sysno.Name(nr)
	if !ok {
		return answered, seccomp.Call{Nr: nr} // what the table does not know gets ENOSYS
	}
	one := f
	one.Rules = slices.DeleteFunc(slices.Clone(f.Rules), func(r seccomp.Rule) bool { return r.Call != name })
	inside := seccomp.Filter{Rules: []seccomp.Rule{{Call: name, When: k.when(), Action: seccomp.Allow}}}
	refusedCalls, undecided := seccomp.Uncovered(one, inside)
	if len(refusedCalls) == 0 {
		if len(undecided) > 0 {
			call, _ := seccomp.CallOf(name)
			return partly, call
		}
		return permitted, seccomp.Call{}
	}
	witness := refusedCalls[0]
	if overlaps(one, name, k) {
		return partly, witness
	}
	if a, _ := one.Decide(witness); a != f.Default && a.Value()&0xffff0000 == seccomp.Errno(1).Value()&0xffff0000 {
		return answered, witness
	}
	return refused, witness
}

// overlaps reports whether the filter permits any call with these arguments.
func overlaps(one seccomp.Filter, name string, k knownArgs) bool {
	outside := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Allow}
	outside.Rules = append(outside.Rules, seccomp.Rule{Call: name, When: k.when(), Action: seccomp.KillProcess})
	if len(k.when()) > 0 {
		outside.Rules = append(outside.Rules, seccomp.Rule{Call: name, Action: seccomp.Allow})
	}
	permitted, undecided := seccomp.Uncovered(outside, one)
	return len(permitted)+len(undecided) > 0
}
