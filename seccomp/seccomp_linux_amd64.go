// SPDX-License-Identifier: MIT

package seccomp

import (
	"errors"
	"runtime"
	"syscall"
	"unsafe" // seccomp(2) takes pointers to the structures built here

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// All calls here are raw: they return soon, and the scheduler must not move the
// goroutine, hand its processor on or start a thread between two of them.

func setFilter(p *Program, f Flags) error {
	r1, errno := attach(p, uintptr(f))
	return setFilterResult(p, f, r1, errno)
}

// attach puts a program in force with the kernel's flags, those of a listener
// included, and returns both results of seccomp(2). Without TSYNC the goroutine is
// locked to its thread; only a failure, which is an errno then, takes that back.
func attach(p *Program, f uintptr) (r1 uintptr, errno syscall.Errno) {
	alone := f&abi.FlagTSync == 0
	if alone {
		// Before the filter, not after: between the two, the goroutine could move
		// and leave the filter on a thread that others use. Once the filter is there
		// it is never unlocked: a filter cannot be taken off (seccomp(2)).
		runtime.LockOSThread()
	}
	bound := p.ForPID(unix.Getpid())
	filter := make([]unix.SockFilter, len(bound.code))
	for i, in := range bound.code {
		filter[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	// Verified programs have at most abi.MaxInsns instructions, so Len cannot be cut.
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	r1, _, errno = unix.RawSyscall(unix.SYS_SECCOMP, abi.SetModeFilter, f, uintptr(unsafe.Pointer(&prog)))
	runtime.KeepAlive(&prog) // the kernel has copied it by now (kernel/seccomp.c: seccomp_prepare_user_filter)
	if errno != 0 && alone {
		runtime.UnlockOSThread()
	}
	return r1, errno
}

// setFilterResult looks at both results: a failed TSync returns the id of the
// thread that is in the way, with no errno (seccomp(2); kernel/seccomp.c:
// seccomp_attach_filter).
func setFilterResult(p *Program, f Flags, r1 uintptr, errno syscall.Errno) error {
	switch {
	case errno != 0:
		return attachError(p, f, errno)
	case r1 != 0:
		return &ThreadSyncError{TID: int(r1)}
	}
	return nil
}

// attachError is what an errno of attach means.
func attachError(p *Program, f Flags, errno syscall.Errno) error {
	switch {
	case errno == unix.ESRCH && f&TSync != 0:
		return &ThreadSyncError{}
	case errno == unix.ENOMEM:
		return &InstallError{Op: opSetFilter, Errno: int(errno), Advice: budget(p)}
	}
	return installError(opSetFilter, errno, KillProcess)
}

// setStrict returns straight to its caller: in strict mode nothing may happen that is
// not read, write or exit, a stack that grows or a preempted goroutine included.
func setStrict() error {
	runtime.LockOSThread()
	_, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, abi.SetModeStrict, 0, 0)
	if errno == 0 {
		return nil
	}
	runtime.UnlockOSThread()
	return installError(opSetStrict, errno, KillProcess)
}

func notificationSizes() (Sizes, error) {
	var sizes struct{ notif, resp, data uint16 } // struct seccomp_notif_sizes
	_, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, abi.GetNotifSizes, 0, uintptr(unsafe.Pointer(&sizes)))
	if errno != 0 {
		return Sizes{}, installError(opNotifSizes, errno, KillProcess)
	}
	return Sizes{int(sizes.notif), int(sizes.resp), int(sizes.data)}, nil
}

func setNoNewPrivs() error {
	// prctl(2): the unused arguments must be zero.
	_, _, errno := unix.RawSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0)
	if errno != 0 {
		return installError(opSetNoNewPrivs, errno, KillProcess)
	}
	return nil
}

func noNewPrivs() (bool, error) {
	r1, _, errno := unix.RawSyscall6(unix.SYS_PRCTL, unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0, 0)
	if errno != 0 {
		return false, installError(opGetNoNewPrivs, errno, KillProcess)
	}
	return r1 == 1, nil
}

func actionAvailable(a Action) error {
	// The kernel compares the whole word with its list, so data must not be in it
	// (kernel/seccomp.c: seccomp_get_action_avail).
	action := a.Value() & abi.RetActionFull
	_, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, abi.GetActionAvail, 0, uintptr(unsafe.Pointer(&action)))
	return actionAvailableResult(a, errno)
}

func actionAvailableResult(a Action, errno syscall.Errno) error {
	switch {
	case errno == 0:
		return nil
	case errno == unix.EINVAL && a != KillProcess && a != Log && a != UserNotif:
		// The question is as old as KillProcess and Log (Linux 4.14), and older than UserNotif.
		// A kernel that does not know it lacks these; of the older actions it has not said anything.
		return errors.New("seccomp: " + opActionAvailable + ": the kernel is too old to say whether it has " + a.String())
	}
	return installError(opActionAvailable, errno, a)
}

func installError(op string, errno syscall.Errno, a Action) error {
	return &InstallError{Op: op, Errno: int(errno), Advice: advice(op, int(errno), a)}
}

// errnoError lets errors.Is find the errno and what the standard library makes of it.
func errnoError(errno int) error { return syscall.Errno(errno) }
