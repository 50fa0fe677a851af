// SPDX-License-Identifier: MIT

package seccomp

import (
	"errors"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// Sentinels for [errors.Is], of [*RequestError].
var (
	// ErrRequestGone: nobody waits for the answer any more (ENOENT): the caller is
	// dead, or a signal handler has interrupted its call, which may start again as a
	// new request. Whatever was done for the caller has to be undone.
	ErrRequestGone = errors.New("seccomp: the request is gone")

	// ErrAnswered: the request has its answer already (EINPROGRESS): by another
	// method, or by Serve, whose patience has an end.
	ErrAnswered = errors.New("seccomp: the request is answered")
)

// A RequestError is what a method of [Request] could not do.
//
//	ENOENT        errors.Is(err, ErrRequestGone), of all methods
//	EINPROGRESS   errors.Is(err, ErrAnswered), of all that answer, and AddFile
//	EFAULT        Read, ReadMemory, String: the caller's pointer leads nowhere; what the
//	              kernel itself would have answered
//	ENAMETOOLONG  String: no end within PATH_MAX bytes; likewise
//	EPERM         Read, ReadMemory, String: this process may not look into the
//	              caller's memory, for which it must be allowed to trace it
//	              (process_vm_readv(2), ptrace(2))
//	ESRCH         Read, ReadMemory, String: PID is 0, the caller is in a pid namespace
//	              that is not visible here
//	EMFILE        AddFile, ReturnFile: the caller has as many descriptors as it may
//	EBADF         AddFile, ReturnFile: Number is beyond the caller's limit
//	EBUSY         ReturnFile: another Listener of the same descriptor is adding a
//	              file to the request at this moment
//	EINVAL        an argument that the method does not take, as its Advice says; else
//	              errors.Is(err, errors.ErrUnsupported): AddFile needs Linux 5.9, ReturnFile
//	              5.14, UnsafeContinue 5.5
//
// All but ENOENT and EINPROGRESS leave the request waiting. On Linux Unwrap gives
// the syscall.Errno.
type RequestError struct {
	Op     string // what was asked: "ioctl(SECCOMP_IOCTL_NOTIF_SEND)"
	Errno  int    // Linux's number, on every operating system
	Advice string // may be empty
}

// Error names what was asked, the errno, and what to do about it.
func (e *RequestError) Error() string {
	return answerText(e.Op, e.Errno, e.Advice)
}

// Is reports whether the error is of the kind that a sentinel names.
func (e *RequestError) Is(target error) bool {
	switch e.Errno {
	case abi.ENOENT:
		return target == ErrRequestGone
	case abi.EINPROGRESS:
		return target == ErrAnswered
	case abi.EINVAL:
		return target == errors.ErrUnsupported && e.Advice == ""
	}
	return false
}

// Unwrap returns the syscall.Errno on Linux and nil elsewhere.
func (e *RequestError) Unwrap() error { return errnoError(e.Errno) }
