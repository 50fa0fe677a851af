// SPDX-License-Identifier: MIT

package seccomp

import (
	"fmt"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// An Action is what the kernel does with a system call. The zero value kills
// the process. Of several filters on a thread the strictest answer counts, in
// the order KillProcess, UnsafeKillThread, Trap, Errno, UserNotif, Trace, Log, Allow.
// Of several filters with the same answer the data of the one installed last counts.
type Action uint32

// flip makes the kernel's SECCOMP_RET_KILL_PROCESS the zero Action: in the
// kernel's own numbers zero is the weaker SECCOMP_RET_KILL_THREAD.
const flip = abi.RetKillProcess

const (
	// KillProcess ends the process as if by SIGSYS, without running a handler.
	KillProcess Action = abi.RetKillProcess ^ flip

	// UserNotif asks the listener of the filter, which answers with a result or an
	// errno, or lets the call be executed (Linux 5.0). The thread waits for it. Install
	// such a filter with SetFilterWithListener: without a listener, or when that is
	// closed, the call fails with ENOSYS. Of several filters that answer so the
	// listener of the one installed last is asked, and of the filters of a thread only
	// one can have a listener.
	UserNotif Action = abi.RetUserNotif ^ flip

	// Log executes the call and writes it to the kernel's audit log.
	Log Action = abi.RetLog ^ flip

	// Allow executes the call.
	Allow Action = abi.RetAllow ^ flip

	// UnsafeKillThread ends only the calling thread.
	//
	// # Security
	//
	// The rest of the process goes on with whatever the thread was in the midst of:
	// held locks, half-written memory. A Go process loses a thread that its
	// runtime still counts on and hangs at the next garbage collection.
	UnsafeKillThread Action = abi.RetKillThread ^ flip
)

// Trap raises SIGSYS on the calling thread instead of executing the call. The
// handler finds data in si_errno. A process that ignores or blocks SIGSYS is killed.
func Trap(data uint16) Action {
	return Action(abi.RetTrap|uint32(data)) ^ flip
}

// Errno lets the call fail with n, Linux's number on every operating system,
// without executing it. Compile takes 1 to 4094: with 0 the call would seem to have
// succeeded, and 4095 is the value to which the kernel cuts larger ones.
func Errno(n uint16) Action {
	return Action(abi.RetErrno|uint32(n)) ^ flip
}

// Trace asks the tracer of the process, which finds data in PTRACE_GETEVENTMSG
// and may execute, change or skip the call. Without a tracer the call
// fails with ENOSYS.
func Trace(data uint16) Action {
	return Action(abi.RetTrace|uint32(data)) ^ flip
}

// actionOf is the inverse of Action.Value.
func actionOf(ret uint32) Action {
	return Action(ret) ^ flip
}

// Value returns the kernel's SECCOMP_RET_ value, data included.
func (a Action) Value() uint32 {
	return uint32(a ^ flip)
}

// Permits reports whether the call may be executed: true for Allow and Log, for
// Trace, where the tracer decides, and for UserNotif, where the listener does.
func (a Action) Permits() bool {
	switch a.Value() & abi.RetActionFull {
	case abi.RetAllow, abi.RetLog, abi.RetTrace, abi.RetUserNotif:
		return a.invalid() == ""
	}
	return false
}

// invalid says why a is no action that a filter may have, or returns "".
func (a Action) invalid() string {
	data := a.Value() & abi.RetData
	switch a.Value() & abi.RetActionFull {
	case abi.RetTrap, abi.RetTrace:
		return ""
	case abi.RetErrno:
		if data < 1 || data >= abi.MaxErrno {
			return fmt.Sprintf("errno %d is not in 1..%d", data, abi.MaxErrno-1)
		}
		return ""
	case abi.RetKillProcess, abi.RetKillThread, abi.RetUserNotif, abi.RetLog, abi.RetAllow:
		if data != 0 {
			// The kernel would take it, but would not cache an Allow with data.
			return fmt.Sprintf("action %#x carries data, which its kind has no use for", a.Value())
		}
		return ""
	}
	return fmt.Sprintf("unknown action %#x", a.Value())
}

// String returns the action's name: "kill_process", "kill_thread", "trap(7)",
// "errno(EPERM)", "user_notif", "trace(7)", "log", "allow". It is the same on every system.
func (a Action) String() string {
	data := a.Value() & abi.RetData
	kind := a.Value() & abi.RetActionFull
	switch {
	case kind == abi.RetTrap:
		return fmt.Sprintf("trap(%d)", data)
	case kind == abi.RetTrace:
		return fmt.Sprintf("trace(%d)", data)
	case kind == abi.RetErrno:
		if name, ok := sysno.Errno(uint16(data)); ok {
			return "errno(" + name + ")"
		}
		return fmt.Sprintf("errno(%d)", data)
	case a == KillProcess:
		return "kill_process"
	case a == UnsafeKillThread:
		return "kill_thread"
	case a == UserNotif:
		return "user_notif"
	case a == Log:
		return "log"
	case a == Allow:
		return "allow"
	}
	return fmt.Sprintf("action(%#x)", a.Value())
}
