// SPDX-License-Identifier: MIT

package sandbox

import (
	"errors"
	"fmt"
	"strings"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Errors for control flow, to be matched with [errors.Is]. An unusable operating
// system, architecture or kernel is an error that wraps [errors.ErrUnsupported].
// What the kernel answers to an installation is typed in package seccomp:
// *seccomp.InstallError and *seccomp.ThreadSyncError.
var (
	// ErrNotSetUp: SetupSyscallSandbox has not succeeded yet; nothing is refused.
	ErrNotSetUp = errors.New("sandbox: not set up: call SetupSyscallSandbox first")

	// ErrAlreadySetUp: SetupSyscallSandbox has succeeded before. Filters cannot
	// be taken off; narrow with SetProcessPolicy or SetSyscallSandboxPolicy.
	ErrAlreadySetUp = errors.New("sandbox: already set up: filters cannot be replaced, only narrowed")

	// ErrUnknownPolicy: ParsePolicy was given a name that is not built in.
	ErrUnknownPolicy = errors.New("sandbox: unknown policy")

	// ErrSealed: a policy in force denies seccomp(2), as PolicyShutoff does; no
	// other can follow it.
	ErrSealed = errors.New("sandbox: sealed: the policy in force denies seccomp(2), no other can follow it")

	// ErrThreadsOnly: a policy in force permits only policies of single threads to
	// follow: it lacks what NewSeccompPolicyBuilder and AllowProcessPolicies allow. No
	// built-in policy but PolicyInitialization has it.
	ErrThreadsOnly = errors.New("sandbox: the policy in force lets no policy of the whole process follow: put AllowProcessPolicies into it")

	// ErrHandlerGone: something has taken the handler of SIGSYS away since setup (a C
	// library, rt_sigaction(2) by hand): violations would kill without a report. No
	// further policy is put on. Find what calls sigaction for signal 31.
	ErrHandlerGone = errors.New("sandbox: the handler of SIGSYS that reports violations is gone: something has replaced it")

	// ErrNoInstance: more policies are in force at a time than reports can tell apart: 16384,
	// of the process and of threads together. They come back when threads end.
	ErrNoInstance = errors.New("sandbox: too many policies are in force on threads at a time: let threads end")

	// ErrExecuted: TestDisallowedSandboxCall's call was executed.
	ErrExecuted = errors.New("sandbox: getgroups(2) was executed, nothing refused it")
)

// A PolicyError is one mistake in a policy. Errors that carry several are joined:
// use [errors.As] for the first, [SyscallSandboxPolicy.Err] for the text of all.
type PolicyError struct {
	Policy  string // name of the policy
	Call    string // the syscall it is about, or empty
	Reason  string
	Nearest string // the known name most like Call, or empty
}

func (e *PolicyError) Error() string {
	var s strings.Builder
	s.WriteString("sandbox: ")
	if e.Policy != "" {
		fmt.Fprintf(&s, "policy %q: ", e.Policy)
	}
	if e.Call != "" {
		fmt.Fprintf(&s, "%q: ", e.Call)
	}
	s.WriteString(e.Reason)
	if e.Nearest != "" {
		fmt.Fprintf(&s, ": did you mean %q?", e.Nearest)
	}
	return s.String()
}

// A TransitionError says that policy To allows calls that what is in force
// refuses. Filters only add up, so the calls would stay refused; nothing was
// installed.
type TransitionError struct {
	From      string         // the policies in force, outermost first, joined by " > "
	To        string         // the policy asked for
	Witnesses []seccomp.Call // calls that To allows and From refuses: one per number
	Undecided []string       // calls with too many conditions to say; taken for wider
}

func (e *TransitionError) Error() string {
	var names []string
	for _, c := range e.Witnesses {
		if c.Args == [6]uint64{} {
			names = append(names, callName(c.Nr))
		} else {
			names = append(names, c.String())
		}
	}
	for _, call := range e.Undecided {
		names = append(names, call+" (too many conditions to compare)")
	}
	return fmt.Sprintf("sandbox: policy %q would widen %q by %s: policies can only be narrowed; allow them in the earlier policy or leave them out of the later",
		e.To, e.From, strings.Join(names, ", "))
}

// A DivergedError says that threads have a policy of their own, so that the
// policy of the whole process can no longer be narrowed: seccomp(2) with
// SECCOMP_FILTER_FLAG_TSYNC passes no thread whose filters are not the caller's.
// Narrow the process before the first thread policy, or end these threads.
type DivergedError struct {
	Policy  string   // the policy asked for
	Threads []Thread // TID, Name and Policies
}

func (e *DivergedError) Error() string {
	names := make([]string, 0, len(e.Threads))
	for _, t := range e.Threads {
		names = append(names, fmt.Sprintf("%q (tid %d, %s)", t.Name, t.TID, strings.Join(t.Policies, " > ")))
	}
	return fmt.Sprintf("sandbox: process policy %q: these threads have a policy of their own: %s: call SetProcessPolicy before the first Go or SetSyscallSandboxPolicy",
		e.Policy, strings.Join(names, ", "))
}
