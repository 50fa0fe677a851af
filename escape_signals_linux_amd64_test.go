// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe" // calls take pointers

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Ways to disturb other processes, and the handler that reports violations.

// sigevThreadID is SIGEV_THREAD_ID of timer_create(2).
const sigevThreadID = 4

var escapesOfSignals = []escape{
	{row: "15-signals-to-others", attempts: []attempt{
		{name: "kill", do: raw(unix.SYS_KILL, parent, 0), end: traps("kill")},
		{name: "kill everything", do: raw(unix.SYS_KILL, ^uintptr(0), 0), end: traps("kill")},
		{name: "kill the process group", do: raw(unix.SYS_KILL, 0, 0), end: traps("kill")},
		{name: "kill the process group by its number", do: raw(unix.SYS_KILL, -self, 0), end: traps("kill")},
		{name: "kill itself", do: raw(unix.SYS_KILL, self, 0), end: executes(0)},
		{name: "tgkill", do: raw(unix.SYS_TGKILL, parent, parent, 0), end: traps("tgkill")},
		{name: "tgkill of any process", do: raw(unix.SYS_TGKILL, ^uintptr(0), parent, 0), end: traps("tgkill")},
		{name: "tgkill of a thread elsewhere", do: raw(unix.SYS_TGKILL, self, parent, 0), end: answers(unix.ESRCH)}, // the kernel's
		{name: "tkill", do: raw(unix.SYS_TKILL, parent, 0), end: traps("tkill")},
		{name: "rt_sigqueueinfo", do: raw(unix.SYS_RT_SIGQUEUEINFO, parent, 0, buffer()), end: traps("rt_sigqueueinfo")},
		{name: "rt_tgsigqueueinfo", do: raw(unix.SYS_RT_TGSIGQUEUEINFO, parent, parent, 0, buffer()), end: traps("rt_tgsigqueueinfo")},
		{name: "a forged violation", do: forge, end: traps("rt_tgsigqueueinfo")},
		{name: "pidfd_send_signal", do: after(parentFD, unix.SYS_PIDFD_SEND_SIGNAL, 0), end: answers(unix.ENOSYS)},
		{name: "timer for a thread elsewhere", do: timerElsewhere, end: answers(unix.EINVAL)}, // kernel/time/posix-timers.c: good_sigevent
	}},
	{row: "16-limits-of-others", attempts: []attempt{
		{name: "prlimit64", do: raw(unix.SYS_PRLIMIT64, parent, unix.RLIMIT_CORE, 0, buffer()), end: traps("prlimit64")},
		{name: "sched_setaffinity", do: raw(unix.SYS_SCHED_SETAFFINITY, parent, 8, buffer()), end: traps("sched_setaffinity")},
		{name: "sched_getaffinity", do: raw(unix.SYS_SCHED_GETAFFINITY, parent, 128, buffer()), end: traps("sched_getaffinity")},
		{name: "sched_setscheduler", do: raw(unix.SYS_SCHED_SETSCHEDULER, parent), end: traps("sched_setscheduler")},
		{name: "sched_setattr", do: raw(unix.SYS_SCHED_SETATTR, parent), end: traps("sched_setattr")},
		{name: "sched_setparam", do: raw(unix.SYS_SCHED_SETPARAM, parent), end: traps("sched_setparam")},
		{name: "setpriority", do: raw(unix.SYS_SETPRIORITY, 0, parent), end: traps("setpriority")},
		{name: "ioprio_set", do: raw(unix.SYS_IOPRIO_SET, 1, parent), end: traps("ioprio_set")},
		{name: "setpgid", do: raw(unix.SYS_SETPGID, 0, 0), end: traps("setpgid")},
		{name: "wait4", do: raw(unix.SYS_WAIT4, ^uintptr(0)), end: traps("wait4")},
	}},
	{row: "26-sigsys", why: "blocking SIGSYS is the runtime's right (it blocks all signals around clone); the violation then kills without a report", attempts: []attempt{
		{name: "default action", do: handler(0), end: takesHandler(traps("rt_sigaction"))},
		{name: "ignored", do: handler(1), end: takesHandler(traps("rt_sigaction"))},
		{name: "blocked", do: blocked, end: kills},
		{name: "signal stack of no memory", do: noStack, end: ends(syscall.SIGSEGV)},
		{name: "signalfd", do: raw(unix.SYS_SIGNALFD4, ^uintptr(0), buffer(), 8), end: traps("signalfd4")},
		{name: "rt_sigtimedwait", do: raw(unix.SYS_RT_SIGTIMEDWAIT, buffer(), 0, buffer(), 8), end: traps("rt_sigtimedwait")},
	}},
	{row: "35-kill-thread", why: "no policy has the action (checked); where somebody stacks such a filter himself a thread is gone and the process goes on", attempts: []attempt{
		{name: "stacked", do: killThread, end: executes(1)},
	}, check: noThreadKills},
	{row: "36-sigurg", why: "no policy makes notifications, which the runtime's SIGURG restarts for ever (package seccomp has WaitKillableRecv for it); a storm of it disturbs neither permitted calls nor the report", attempts: []attempt{
		{name: "refused in a storm", do: preempted(unix.SYS_PTRACE), end: traps("ptrace")},
		{name: "permitted in a storm", do: preempted(unix.SYS_GETPID), end: prints("executed, result 1")},
	}},
}

// forge queues a SIGSYS that looks like a violation, to its own thread.
func forge(narrow func()) (uintptr, unix.Errno) {
	runtime.LockOSThread()
	narrow()
	info := sandbox.Siginfo{Signo: abi.SIGSYS, Code: abi.SysSeccomp, Syscall: unix.SYS_PTRACE, Arch: abi.AuditArchX86_64}
	return sys(unix.SYS_RT_TGSIGQUEUEINFO, self, uintptr(unix.Gettid()), abi.SIGSYS, uintptr(unsafe.Pointer(&info)))
}

// timerElsewhere asks for a timer that signals the parent: struct sigevent has
// sigev_signo at 8, sigev_notify at 12 and the thread at 16.
func timerElsewhere(narrow func()) (uintptr, unix.Errno) {
	narrow()
	event := [8]uint64{1: uint64(unix.SIGKILL) | sigevThreadID<<32, 2: uint64(parent)}
	var timer int32
	return sys(unix.SYS_TIMER_CREATE, unix.CLOCK_MONOTONIC, uintptr(unsafe.Pointer(&event)), uintptr(unsafe.Pointer(&timer)))
}

// handler replaces SIGSYS's, then makes a refused call.
func handler(to uint64) func(func()) (uintptr, unix.Errno) {
	return func(narrow func()) (uintptr, unix.Errno) {
		narrow()
		action := [4]uint64{to}
		if r, errno := sys(unix.SYS_RT_SIGACTION, abi.SIGSYS, uintptr(unsafe.Pointer(&action)), 0, 8); errno != 0 {
			return r, errno
		}
		return sys(unix.SYS_PTRACE)
	}
}

// takesHandler: "abort" has no handler, so that replacing it changes nothing.
func takesHandler(logged end) end {
	return func(t *testing.T, action string, r *testproc.Result) {
		t.Helper()
		if action == "abort" {
			kills(t, action, r)
			return
		}
		logged(t, action, r)
	}
}

func blocked(narrow func()) (uintptr, unix.Errno) {
	runtime.LockOSThread()
	narrow()
	mask := uint64(1) << (abi.SIGSYS - 1)
	if r, errno := sys(unix.SYS_RT_SIGPROCMASK, unix.SIG_BLOCK, uintptr(unsafe.Pointer(&mask)), 0, 8); errno != 0 {
		return r, errno
	}
	return sys(unix.SYS_PTRACE)
}

// noStack leaves the handler no stack that could be written to (signal(7): SIGSEGV then).
func noStack(narrow func()) (uintptr, unix.Errno) {
	runtime.LockOSThread()
	memory, err := unix.Mmap(-1, 0, 1<<16, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON)
	must(err)
	narrow()
	stack := [3]uint64{uint64(uintptr(unsafe.Pointer(unsafe.SliceData(memory)))), 0, uint64(len(memory))}
	if r, errno := sys(unix.SYS_SIGALTSTACK, uintptr(unsafe.Pointer(&stack)), 0); errno != 0 {
		return r, errno
	}
	return sys(unix.SYS_PTRACE)
}

func ends(signal syscall.Signal) end {
	return func(t *testing.T, action string, r *testproc.Result) {
		t.Helper()
		if action == "abort" {
			r.ExpectSignal(t, syscall.SIGSYS)
			return
		}
		r.ExpectSignal(t, signal)
	}
}

// killThread has a thread meet a filter of its own making that ends the thread alone.
// Nothing may wait in the queue of the processor that the thread takes with it, and no
// collection for the thread: escapeChild has seen to two processors and no collections.
func killThread(narrow func()) (uintptr, unix.Errno) {
	narrow()
	var tid, released atomic.Int64
	must(sandbox.Go(sandbox.PolicyScheduler, "killed", func() {
		tid.Store(int64(unix.Gettid()))
		for released.Load() == 0 {
			runtime.Gosched()
		}
		install(abi.SetModeFilter, 0, unix.SockFilter{Code: unix.BPF_RET, K: abi.RetKillThread})
		sys(unix.SYS_GETPID)
		testproc.Fail("the thread lives")
	}))
	eventually("the thread's number", func() bool { return tid.Load() != 0 })
	released.Store(1)
	// Not asleep: the dead thread may hold the processor that has the timer.
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); sys(unix.SYS_SCHED_YIELD) {
		if _, errno := sys(unix.SYS_TGKILL, self, uintptr(tid.Load()), 0); errno == unix.ESRCH {
			return 1, 0
		}
	}
	return 0, 0
}

func noThreadKills(t *testing.T) {
	for _, p := range sandbox.Policies() {
		for _, scope := range []sandbox.Scope{sandbox.ScopeThread, sandbox.ScopeProcess} {
			for _, action := range []sandbox.SyscallSandboxAction{sandbox.ActionKillProcess, sandbox.ActionInvokeSignalHandler} {
				f, err := p.Filter(scope, action)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range append(f.Rules, seccomp.Rule{Action: f.Default}, seccomp.Rule{Action: f.Unknown}) {
					if r.Action == seccomp.UnsafeKillThread {
						t.Errorf("%v: %v kills a thread", p, r)
					}
				}
			}
		}
	}
}

// preempted makes a call many times over while another goroutine signals this thread as
// the runtime does to preempt it; the last call is the one that is tried.
func preempted(nr uintptr) func(func()) (uintptr, unix.Errno) {
	return func(narrow func()) (uintptr, unix.Errno) {
		runtime.LockOSThread()
		tid := uintptr(unix.Gettid())
		narrow()
		go func() {
			for {
				sys(unix.SYS_TGKILL, self, tid, uintptr(unix.SIGURG))
			}
		}()
		for range 2000 {
			if _, errno := sys(unix.SYS_WRITE, ^uintptr(0), buffer(), 1); errno != unix.EBADF {
				testproc.Fail("write: %v", errno)
			}
		}
		if r, errno := sys(nr); errno != 0 || r != self {
			return r, errno
		}
		return 1, 0
	}
}
