// SPDX-License-Identifier: MIT

package sandbox

import (
	"fmt"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A Difference is what [Diff] found.
type Difference struct {
	OnlyA []seccomp.Call // calls that only the first policy permits: one per number
	OnlyB []seccomp.Call // calls that only the second permits
	// Undecided are calls with too many conditions to compare: take each policy for wider
	// than the other there.
	Undecided []string
}

// Diff compares what two policies permit on one thread, arguments included, and answers
// with calls that show it. It is exact within a limit on the work for one call (see
// [seccomp.Uncovered]); beyond it the call is undecided. a permits nothing that b does
// not if OnlyA and Undecided are empty; they permit the same if all three are. Mistakes in
// the policies are errors.
func Diff(a, b SyscallSandboxPolicy) (Difference, error) {
	fa, err := a.Filter(ScopeThread, ActionKillProcess)
	if err != nil {
		return Difference{}, err
	}
	fb, err := b.Filter(ScopeThread, ActionKillProcess)
	if err != nil {
		return Difference{}, err
	}
	pid := processID()
	onlyA, onlyB := &TransitionError{}, &TransitionError{}
	witnesses, undecided := seccomp.Uncovered(fb.ForPID(pid), fa.ForPID(pid))
	onlyA.add(witnesses, undecided)
	onlyB.Undecided = onlyA.Undecided
	witnesses, undecided = seccomp.Uncovered(fa.ForPID(pid), fb.ForPID(pid))
	onlyB.add(witnesses, undecided)
	return Difference{OnlyA: onlyA.Witnesses, OnlyB: onlyB.Witnesses, Undecided: onlyB.Undecided}, nil
}

// String has a line per call, as diff(1): "-" for what only the first permits, "+" for what
// only the second does.
func (d Difference) String() string {
	var s string
	for _, c := range d.OnlyA {
		s += fmt.Sprintf("- %s\n", c)
	}
	for _, c := range d.OnlyB {
		s += fmt.Sprintf("+ %s\n", c)
	}
	for _, name := range d.Undecided {
		s += fmt.Sprintf("? %s (too many conditions to compare)\n", name)
	}
	return s
}
