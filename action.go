// SPDX-License-Identifier: MIT

package sandbox

import (
	"fmt"
	"strings"
)

// SyscallSandboxAction is what happens to a call that the policies in force
// refuse. The zero value is the strictest.
//
// Some refused calls are answered by an errno under every action: process
// creation (EPERM), probes that have a fallback and numbers that this library
// does not know (ENOSYS), and where the whole process may open nothing, what os.Open
// and os.Stat do (EPERM): every profile opens /proc/self/maps, and turning on
// net/http/pprof must end no process. A policy that denies these by name has them end it.
// The package documentation says why.
type SyscallSandboxAction uint8

const (
	// ActionKillProcess ("abort"): the kernel kills the process at once, with
	// SIGSYS and without a word from it. Only the kernel's audit log names the
	// call.
	ActionKillProcess SyscallSandboxAction = iota

	// ActionInvokeSignalHandler ("log-and-abort"): one line on standard error
	// names the call, the thread and the policy, the lines behind it all that a
	// [Violation] holds; then the Go runtime prints the stack of the goroutine that
	// made the call and the process exits with status 2. If that takes more than 30 seconds,
	// because nobody reads standard error or because there are very many goroutines to
	// print, the process is killed.
	ActionInvokeSignalHandler

	// ActionDeny ("log-and-deny"): the call gets an errno, the program goes on, and
	// each distinct violation is reported once and counted: see [Violations]. The
	// errno is EPERM, or what its caller in the Go runtime or library takes best.
	// A few calls whose refusal hangs or corrupts a process, or goes unseen (close,
	// getpeername, umask), end it as ActionInvokeSignalHandler does.
	//
	// A program that is executed under such a policy gets the errno too, but is
	// not reported: the filter is inherited, the handler is not.
	ActionDeny

	// UnsafeActionAllow ("log-and-allow"): permitted calls run at full speed,
	// refused ones are reported as with ActionDeny and then executed: to see in
	// production what a policy would refuse. The errnos that probes get under
	// every action (openat2, clone3, ...) stay, so that the fallbacks are seen.
	//
	// # Security
	//
	// Nothing is refused.
	UnsafeActionAllow

	// UnsafeActionLearn ("learn"): every call is recorded, per policy in force, and
	// executed: see [Learned]. Each costs some microseconds. Of executed programs
	// nothing is recorded. In a binary that is not position independent, an
	// executed program that lies at the same addresses dies by SIGSYS: build with
	// -buildmode=pie if the program executes others of that kind, or itself.
	//
	// # Security
	//
	// Nothing is refused.
	UnsafeActionLearn

	// UnsafeActionOff ("off") installs nothing, on every operating system.
	// Mistakes in policies, and policies that would widen the process policy, are still
	// reported; what one thread has gone through is not followed.
	//
	// # Security
	//
	// Nothing is refused.
	UnsafeActionOff
)

var actionNames = [...]string{
	ActionKillProcess:         "abort",
	ActionInvokeSignalHandler: "log-and-abort",
	ActionDeny:                "log-and-deny",
	UnsafeActionAllow:         "log-and-allow",
	UnsafeActionLearn:         "learn",
	UnsafeActionOff:           "off",
}

// String returns the text form, as flags and configuration files have it.
func (a SyscallSandboxAction) String() string {
	if int(a) < len(actionNames) {
		return actionNames[a]
	}
	return fmt.Sprintf("SyscallSandboxAction(%d)", uint8(a))
}

// MarshalText returns the text form; an error for a value that has none.
func (a SyscallSandboxAction) MarshalText() ([]byte, error) {
	if int(a) >= len(actionNames) {
		return nil, fmt.Errorf("sandbox: %s has no text form", a)
	}
	return []byte(a.String()), nil
}

// UnmarshalText accepts exactly the text forms, so that [flag.TextVar] can be
// used. On an error the value stays as it was.
func (a *SyscallSandboxAction) UnmarshalText(text []byte) error {
	for i, name := range actionNames {
		if string(text) == name {
			*a = SyscallSandboxAction(i)
			return nil
		}
	}
	return fmt.Errorf("sandbox: unknown action %q: want one of %s", text, strings.Join(actionNames[:], ", "))
}

// MarshalFlag is [SyscallSandboxAction.MarshalText] for jessevdk/go-flags, which
// btcd and lnd use.
func (a SyscallSandboxAction) MarshalFlag() (string, error) {
	text, err := a.MarshalText()
	return string(text), err
}

// UnmarshalFlag is [SyscallSandboxAction.UnmarshalText] for jessevdk/go-flags,
// which ignores UnmarshalText and would take --sandbox=2 for a number.
func (a *SyscallSandboxAction) UnmarshalFlag(value string) error {
	return a.UnmarshalText([]byte(value))
}
