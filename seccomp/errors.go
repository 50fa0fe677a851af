// SPDX-License-Identifier: MIT

package seccomp

import (
	"errors"
	"fmt"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// Sentinels for [errors.Is]. What the kernel answers is always an
// [*InstallError] that matches one of them, [errors.ErrUnsupported] or none, or
// a [*ThreadSyncError].
var (
	// ErrNoProgram: SetFilter was given a nil or empty program.
	ErrNoProgram = errors.New("seccomp: no program: use the result of Filter.Compile")

	// ErrNoNewPrivs: neither no_new_privs is set on the thread nor has it
	// CAP_SYS_ADMIN (EACCES). Root never sees this error.
	ErrNoNewPrivs = errors.New("seccomp: no_new_privs is not set")

	// ErrChainFull: the filters of a thread are too long together (ENOMEM). At
	// most 32768 instructions are allowed, counted as the kernel translates them, which is
	// up to three times a program's Len, and four more for each older filter:
	// [Program.Converted]. The kernel says the same when it is out of memory.
	ErrChainFull = errors.New("seccomp: too many filters on the thread")

	// ErrListenerExists: a filter of the thread has a listener already (EBUSY). Of all
	// filters of a thread only one can have one, in whatever process that is.
	ErrListenerExists = errors.New("seccomp: a filter of the thread has a listener")

	// ErrFiltered: SetStrict was called on a thread that has a filter (EINVAL).
	ErrFiltered = errors.New("seccomp: the thread has a filter")

	// ErrRefused: a filter that is already in force, often one of a
	// container, refuses the call itself (EPERM).
	ErrRefused = errors.New("seccomp: an outer filter refuses the call")
)

// A RuleError is one mistake in a [Filter].
type RuleError struct {
	Index   int    // in Filter.Rules; -1: Default or Unknown
	Call    string // the rule's call as given
	Reason  string // what is wrong with it
	Nearest string // the known name most like Call, if that was the mistake and one is like it
}

// Error says which rule it is, what is wrong, and what may have been meant.
func (e *RuleError) Error() string {
	msg := "seccomp: " + e.Reason
	if e.Index >= 0 {
		msg = fmt.Sprintf("seccomp: rule %d (%q): %s", e.Index, e.Call, e.Reason)
	}
	if e.Nearest != "" {
		msg += fmt.Sprintf("; did you mean %q?", e.Nearest)
	}
	return msg
}

// An InstallError is an answer of the kernel to a call of this package.
//
//	EACCES      errors.Is(err, ErrNoNewPrivs)
//	ENOMEM      errors.Is(err, ErrChainFull)
//	EBUSY       errors.Is(err, ErrListenerExists)
//	EPERM       errors.Is(err, ErrRefused)
//	ENOSYS      errors.Is(err, errors.ErrUnsupported): no seccomp(2) (before Linux 3.17,
//	            or a container's filter pretends so)
//	EINVAL      errors.Is(err, ErrFiltered) from SetStrict, which every kernel with seccomp(2)
//	            has; else errors.Is(err, errors.ErrUnsupported): an operation or flag newer than the
//	            kernel, or a kernel without filters; the program itself is verified before
//	EOPNOTSUPP  errors.Is(err, errors.ErrUnsupported): an action newer than the kernel
//	ESRCH       see ThreadSyncError
//
// Anything else, such as EMFILE where a listener finds no free descriptor, matches no sentinel. On Linux Unwrap gives the
// syscall.Errno.
type InstallError struct {
	Op     string // what was asked: "seccomp(SECCOMP_SET_MODE_FILTER)"
	Errno  int    // Linux's number, on every operating system
	Advice string // what to do about it; may be empty
}

// Error says what was asked, the errno by its name, and the advice.
func (e *InstallError) Error() string {
	return answerText(e.Op, e.Errno, e.Advice)
}

func answerText(op string, errno int, advice string) string {
	name, ok := sysno.Errno(uint16(errno))
	if !ok {
		name = fmt.Sprintf("errno %d", errno)
	}
	msg := "seccomp: " + op + ": " + name
	if advice != "" {
		msg += ": " + advice
	}
	return msg
}

// Is reports whether the answer is of the kind that a sentinel names.
func (e *InstallError) Is(target error) bool {
	switch e.Errno {
	case abi.EACCES:
		return target == ErrNoNewPrivs
	case abi.ENOMEM:
		return target == ErrChainFull
	case abi.EBUSY:
		return target == ErrListenerExists
	case abi.EPERM:
		return target == ErrRefused
	case abi.EINVAL:
		if e.Op == opSetStrict {
			return target == ErrFiltered
		}
		return target == errors.ErrUnsupported
	case abi.ENOSYS, abi.EOPNOTSUPP:
		return target == errors.ErrUnsupported
	}
	return false
}

// Unwrap returns the syscall.Errno on Linux and nil elsewhere.
func (e *InstallError) Unwrap() error {
	return errnoError(e.Errno)
}

// A ThreadSyncError says that a filter could not be put on the whole process,
// and so was put on no thread: some thread has a filter of its own that the
// caller has not, or is in strict mode.
type ThreadSyncError struct {
	TID int // one such thread; 0 with TSyncESRCH, where the kernel does not say which
}

// Error names the thread, if it is known, and what to do.
func (e *ThreadSyncError) Error() string {
	which := "a thread has"
	if e.TID != 0 {
		which = fmt.Sprintf("thread %d has", e.TID)
	}
	return "seccomp: nothing installed: " + which +
		" filters of its own: filter the process before any single thread"
}
