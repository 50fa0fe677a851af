// SPDX-License-Identifier: MIT

package seccomp

import (
	"fmt"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// Flags change what SetFilter does.
type Flags uint32

const (
	// TSync puts the filter on every thread of the process, at once or not at all
	// (Linux 3.17). Threads started later inherit it.
	TSync Flags = abi.FlagTSync

	// TSyncESRCH lets a failed TSync say ESRCH instead of a thread id (Linux
	// 5.7). Without TSync it changes nothing.
	TSyncESRCH Flags = abi.FlagTSyncESRCH

	// LogAll has the kernel log every action but Allow that the administrator's
	// actions_logged names (Linux 4.14).
	LogAll Flags = abi.FlagLog

	// UnsafeSpecAllow leaves the thread without the mitigation of speculative
	// store bypass (Linux 4.17).
	//
	// # Security
	//
	// Code on this thread that is not trusted may read memory of the process that its
	// own checks keep it from, by side channels.
	UnsafeSpecAllow Flags = abi.FlagSpecAllow

	// WaitKillableRecv keeps signals other than those that end the process from
	// interrupting a call whose notification the listener has received (Linux 5.19). Go
	// programs, which interrupt their own threads by SIGURG, need it. It is a flag of
	// SetFilterWithListener only.
	WaitKillableRecv Flags = abi.FlagWaitKillableRecv

	knownFlags = TSync | TSyncESRCH | LogAll | UnsafeSpecAllow
)

// opSetFilter and the like are InstallError.Op.
const (
	opSetFilter       = "seccomp(SECCOMP_SET_MODE_FILTER)"
	opSetStrict       = "seccomp(SECCOMP_SET_MODE_STRICT)"
	opActionAvailable = "seccomp(SECCOMP_GET_ACTION_AVAIL)"
	opNotifSizes      = "seccomp(SECCOMP_GET_NOTIF_SIZES)"
	opSetNoNewPrivs   = "prctl(PR_SET_NO_NEW_PRIVS)"
	opGetNoNewPrivs   = "prctl(PR_GET_NO_NEW_PRIVS)"
)

// SetFilter puts a program in force, for good. The thread must have no_new_privs
// set ([SetNoNewPrivs]) or CAP_SYS_ADMIN in its user namespace.
//
// Without TSync it filters the calling thread alone: it first locks the calling
// goroutine to its thread with [runtime.LockOSThread] and never unlocks it, so
// that no other goroutine can meet the filter and the thread ends with the
// goroutine. A failed call takes its lock back. Do not do this on the main
// goroutine: the main thread would keep the filter as long as the process lives. A
// caller who unlocks by hand more often than it had locked hands a filtered thread
// back to the scheduler.
//
// With TSync it filters every thread of the process. Called on a thread with
// filters of its own it would spread these too.
//
// A program that answers UserNotif is taken too, but without a listener those calls fail
// with ENOSYS: see [SetFilterWithListener].
//
// The errors are documented at [ErrNoProgram], [InstallError] and
// [ThreadSyncError]; after an error nothing is installed.
func SetFilter(p *Program, f Flags) error {
	if p.Len() == 0 {
		return ErrNoProgram
	}
	if err := checkFlags(f, knownFlags); err != nil {
		return err
	}
	return setFilter(p, f)
}

// SetStrict puts the calling thread into the kernel's strict mode, for good: it may
// only read, write, end itself (exit, not exit_group) and return from signal handlers.
// Any other call ends the thread at once by SIGKILL. It needs no privilege and not
// no_new_privs. Like [SetFilter] it locks the goroutine to its thread first, for good; a
// failed call takes that back.
//
// Strict mode is not for Go programs, and here for completeness: a thread of Go makes
// other calls all the time, futex first of all, and a thread that is killed leaves the
// process with a runtime that still counts on it and hangs at the next garbage
// collection. It ends well only if, from SetStrict on, the goroutine makes nothing but
// raw system calls on memory that is there (no channel, lock, allocation, print or call
// of a function that could be preempted), no garbage is collected any more, GOMAXPROCS
// is 2 or more, and a thread that is not in strict mode ends the process. The example
// does so. What strict mode is meant for, in Go a [Filter] does.
//
// Strict mode cannot follow a filter, be it only the one of a container:
// [ErrFiltered]. Nor can a filter follow it: SetFilter makes a call.
func SetStrict() error { return setStrict() }

// checkFlags refuses flags that a call does not take, as the kernel would, and says which.
func checkFlags(f, takes Flags) error {
	switch unknown := f &^ takes; {
	case unknown == 0:
		return nil
	case unknown == WaitKillableRecv:
		return &InstallError{Op: opSetFilter, Errno: abi.EINVAL, Advice: "WaitKillableRecv is for SetFilterWithListener"}
	}
	return &InstallError{Op: opSetFilter, Errno: abi.EINVAL, Advice: "the flags have bits that this library does not know"}
}

// SetNoNewPrivs sets no_new_privs on the calling thread, for good: programs it
// executes gain no privileges by set-user-ID bits or file capabilities (prctl(2)). Lock
// the goroutine with [runtime.LockOSThread] before, or the filter may be
// installed on another thread. [SetFilter] with TSync sets it on every thread to
// which it brings the filter.
func SetNoNewPrivs() error { return setNoNewPrivs() }

// NoNewPrivs reports whether no_new_privs is set on the calling thread.
func NoNewPrivs() (bool, error) { return noNewPrivs() }

// ActionAvailable returns nil if the kernel knows the action, an error wrapping
// [errors.ErrUnsupported] if it does not, and any other error if it would not
// say. Ask before installing the first filter: a filter may refuse the question.
func ActionAvailable(a Action) error {
	if reason := a.invalid(); reason != "" {
		return &RuleError{Index: -1, Reason: reason}
	}
	return actionAvailable(a)
}

// budget says how much room the filters of the thread leave. The kernel refuses a program
// if it counts more than the limit together with all that are there, each of which
// counts four more (kernel/seccomp.c: seccomp_attach_filter); it does not say their sum.
func budget(p *Program) string {
	n := p.Converted()
	return fmt.Sprintf("the filters of a thread may count %d instructions together: this one counts %d, so those already there count more than %d"+
		" (unless net.core.bpf_jit_harden makes all count more, or the kernel is out of memory)", abi.MaxPathInsn, n, abi.MaxPathInsn-n)
}

// Sizes are the sizes in bytes of the structures by which the kernel and a listener
// talk, for those who do so themselves. They may grow with newer kernels, at the end.
// [Listener] does not depend on them: the numbers of its requests have its own sizes in
// them.
type Sizes struct {
	Notification int // struct seccomp_notif
	Response     int // struct seccomp_notif_resp
	Data         int // struct seccomp_data, which is a part of the first
}

// NotificationSizes returns the running kernel's sizes (Linux 5.0). On older kernels
// the error wraps [errors.ErrUnsupported].
func NotificationSizes() (Sizes, error) { return notificationSizes() }

// advice says what to do about an errno.
func advice(op string, errno int, a Action) string {
	switch errno {
	case abi.EACCES:
		return "call SetNoNewPrivs on this thread first"
	case abi.EBUSY:
		return "of the filters of a thread only one can have a listener"
	case abi.EMFILE, abi.ENFILE:
		return "no descriptor is free for the listener"
	case abi.EPERM:
		return "a filter already in force, often the container's, refuses the call"
	case abi.ENOSYS:
		return "the kernel has no seccomp(2), or a filter in force pretends so"
	case abi.EOPNOTSUPP:
		return "the kernel does not know the action " + a.String()
	case abi.EINVAL:
		if op == opSetStrict {
			return "strict mode cannot follow a filter, such as a container's"
		}
		return "the kernel is older than what was asked, or built without seccomp filters"
	}
	return ""
}
