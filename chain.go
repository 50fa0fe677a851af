// SPDX-License-Identifier: MIT

package sandbox

import (
	"fmt"
	"slices"
	"strings"

	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A chain is the policies in force somewhere, outermost first. Filters add up, so
// what counts is what all of them permit.
type chain struct {
	names     []string
	layers    []layer
	permitted callSet // by all of them, whatever the arguments
}

type layer struct {
	policy SyscallSandboxPolicy
	scope  Scope
}

// then is c with p on top.
func (c chain) then(p SyscallSandboxPolicy, s Scope) chain {
	permitted := p.permitted(s)
	if len(c.names) > 0 {
		permitted = permitted.intersect(c.permitted)
	}
	return chain{append(slices.Clone(c.names), p.String()), append(slices.Clone(c.layers), layer{p, s}), permitted}
}

func (c chain) String() string { return strings.Join(c.names, " > ") }

// last is the name of the innermost policy.
func (c chain) last() string { return c.names[len(c.names)-1] }

func (c chain) sealed() bool {
	return slices.ContainsFunc(c.layers, func(l layer) bool { return l.policy.sealed() })
}

// same reports whether two chains are made of the same policies.
func (c chain) same(d chain) bool { return slices.Equal(c.layers, d.layers) }

// check reports whether p may follow what is in force: it may only narrow.
func (c chain) check(p SyscallSandboxPolicy, s Scope) error {
	if err := p.errFor(s); err != nil {
		return err
	}
	if c.sealed() {
		return fmt.Errorf("%w: %q cannot follow %q", ErrSealed, p, c)
	}
	if s == ScopeProcess && len(c.refusing(onProcess.call())) > 0 {
		return fmt.Errorf("%w: %q cannot follow %q", ErrThreadsOnly, p, c)
	}
	open := p.permitted(s).union(p.partly(s)).minus(c.permitted)
	if open == (callSet{}) {
		return nil
	}
	e := &TransitionError{From: c.String(), To: p.String()}
	inner, err := layer{p, s}.filter(open)
	if err != nil {
		return err
	}
	for _, l := range c.layers {
		outer, err := l.filter(open)
		if err != nil {
			return err
		}
		witnesses, undecided := seccomp.Uncovered(outer, inner)
		e.add(witnesses, undecided)
	}
	if len(e.Witnesses)+len(e.Undecided) == 0 {
		return nil
	}
	return e
}

// maxChain is the kernel's limit on the filters of a thread together, each older one
// counted with four instructions more (kernel/seccomp.c MAX_INSNS_PER_PATH).
const maxChain = 32768

// fits predicts whether the kernel has room for p on top of c. What a container has
// installed before is not known here.
func (c chain) fits(p SyscallSandboxPolicy, s Scope, a SyscallSandboxAction) error {
	if a == UnsafeActionOff {
		a = ActionKillProcess
	}
	total := -4 // the newest filter has no surcharge
	for _, l := range append(slices.Clone(c.layers), layer{p, s}) {
		program, err := compile(l.policy, l.scope, a, 0)
		if err != nil {
			return err
		}
		total += program.Converted() + 4
	}
	if total > maxChain {
		return fmt.Errorf("sandbox: policy %q on top of %q: the filters of a thread would count %d instructions, the kernel takes %d: %w",
			p, c, total, maxChain, seccomp.ErrChainFull)
	}
	return nil
}

// filter is a layer's filter, of some calls only, as this process has it.
func (l layer) filter(of callSet) (seccomp.Filter, error) {
	f, err := l.policy.Filter(l.scope, ActionKillProcess)
	f.Rules = slices.DeleteFunc(f.Rules, func(r seccomp.Rule) bool {
		nr, _ := sysno.Number(r.Call)
		return !of.has(nr)
	})
	return f.ForPID(processID()), err
}

// add keeps one witness per call.
func (e *TransitionError) add(witnesses []seccomp.Call, undecided []string) {
	for _, w := range witnesses {
		if !slices.ContainsFunc(e.Witnesses, func(c seccomp.Call) bool { return c.Nr == w.Nr }) {
			e.Witnesses = append(e.Witnesses, w)
		}
	}
	for _, call := range undecided {
		if !slices.Contains(e.Undecided, call) {
			e.Undecided = append(e.Undecided, call)
		}
	}
}
