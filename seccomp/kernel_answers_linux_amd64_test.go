// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"fmt"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"unsafe" // the listener's ioctls take pointers to the structures built here

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/judge"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// What the kernel does with a call that a filter has answered.

func errnoAnswers() {
	// Not executed: dup3 would give a descriptor.
	onFiltered(func() {
		_, _, errno := unix.RawSyscall(unix.SYS_DUP3, 0, 777, 0)
		check(errno == marker, "dup3: %v", errno)
		_, err := unix.FcntlInt(777, unix.F_GETFD, 0)
		check(err == unix.EBADF, "descriptor 777: %v", err)
	}, only(unix.SYS_DUP3, abi.RetErrno|uint32(marker)))
}

func errnoZero() {
	onFiltered(func() {
		r, errno := ask()
		check(r == 0 && errno == 0, "getpgrp: %d, %v", r, errno)
	}, asked(abi.RetErrno))
}

// errnoClamped looks at RAX: Go's raw calls take -4095, which the kernel cuts to, for a
// result and no errno, which is why Compile refuses it.
func errnoClamped() {
	at := sites(1)[0]
	for _, errno := range []uint32{4094, 4095, 4096, 5000, 65535} {
		onFiltered(func() {
			rax := int64(judge.CallAt(at, unix.SYS_GETPGRP, 0, 0, 0, 0))
			check(isErrno(rax, syscall.Errno(min(errno, abi.MaxErrno))), "errno %d: %d", errno, rax)
		}, asked(abi.RetErrno|errno))
	}
	onFiltered(func() {
		r, errno := ask()
		check(errno == 0 && int64(r) == -4095, "Go's reading of 4095: %d, %v", int64(r), errno)
	}, asked(abi.RetErrno|abi.MaxErrno))
}

func allowData() {
	answers(0, asked(abi.RetAllow|0xffff))
	answers(0, asked(abi.RetLog|7))
}

func logExecutes() {
	onThread(func() {
		noNewPrivs()
		want, _ := ask()
		err := seccomp.SetFilter(refusing(seccomp.Log, "getpgrp"), 0)
		check(err == nil, "SetFilter: %v", err)
		got, errno := ask()
		check(got == want && errno == 0, "getpgrp: %d, %v, want %d", got, errno, want)
	})
}

func unknownAction() {
	onFiltered(func() { ask() }, asked(0x12340000))
}

func killWithHandler() {
	check(judge.CatchSIGSYS(0) == nil, "no handler")
	onFiltered(func() { ask() }, asked(abi.RetKillProcess))
}

// doomed runs fn on a thread of its own that fn lets be killed, and waits for its end.
// Go never learns of that: no garbage may be collected any more.
func doomed(fn func()) {
	judge.NeverStopTheWorld(1)
	tid := make(chan int, 1)
	offMain(func() {
		tid <- unix.Gettid()
		fn()
		testproc.Fail("the thread was not killed")
	})
	ends(<-tid)
}

// offMain runs fn on a locked thread that is not the main one, which would not vanish before
// the process does.
func offMain(fn func()) {
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() != unix.Getpid() {
			fn()
			return
		}
		started := make(chan struct{})
		offMain(func() { close(started); fn() })
		<-started // meanwhile this goroutine holds the main thread
		runtime.UnlockOSThread()
	}()
}

func killOneThread() {
	doomed(func() {
		noNewPrivs()
		err := seccomp.SetFilter(refusing(seccomp.UnsafeKillThread, "getgroups"), 0)
		check(err == nil, "SetFilter: %v", err)
		refused()
	})
	check(!refused(), "the main thread has the filter")
}

func killLastThread() {
	code := judge.FilterArg(asked(abi.RetKillThread))
	f, status := fork(nrCall(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1), nrCall(unix.SYS_SECCOMP, abi.SetModeFilter, 0, code), nrCall(unix.SYS_GETPGRP))
	check(f.Result(1) == 0 && f.Result(2) == judge.NotMade, "results %d, %d", f.Result(1), f.Result(2))
	check(status.Signaled() && status.Signal() == unix.SIGSYS, "ended by %v", status)
}

func trapSiginfo() {
	check(judge.CatchSIGSYS(-int64(marker)) == nil, "no handler")
	at := sites(1)[0]
	onThread(func() {
		noNewPrivs()
		err := seccomp.SetFilter(refusing(seccomp.Trap(0xbeef), "getpgrp"), 0)
		check(err == nil, "SetFilter: %v", err)
		judge.CallAt(at, unix.SYS_GETPGRP, 0, 0, 0, 0)
		count, got := judge.Caught()
		want := judge.Signal{Signo: abi.SIGSYS, Errno: 0xbeef, Code: abi.SysSeccomp, CallAddr: uint64(at + 2), Syscall: unix.SYS_GETPGRP,
			Arch: abi.AuditArchX86_64, RAX: unix.SYS_GETPGRP, RIP: uint64(at + 2)}
		check(count == 1 && got == want, "%d signals, the last %+v, want %+v", count, got, want)
	})
}

func trapResult() {
	check(judge.CatchSIGSYS(4242) == nil, "no handler")
	onFiltered(func() {
		r, _, errno := unix.RawSyscall(unix.SYS_DUP3, 0, 777, 0)
		check(r == 4242 && errno == 0, "dup3: %d, %v", r, errno)
		_, err := unix.FcntlInt(777, unix.F_GETFD, 0)
		check(err == unix.EBADF, "it was executed: descriptor 777: %v", err)
	}, only(unix.SYS_DUP3, abi.RetTrap))
}

func trapBlocked() {
	check(judge.CatchSIGSYS(0) == nil, "no handler")
	onFiltered(func() {
		_, err := judge.BlockAll()
		check(err == nil, "%v", err)
		ask()
	}, asked(abi.RetTrap))
}

func trapIgnored() {
	check(judge.IgnoreSIGSYS() == nil, "not ignored")
	onFiltered(func() { ask() }, asked(abi.RetTrap))
}

func traceWithoutTracer() {
	onThread(func() {
		noNewPrivs()
		err := seccomp.SetFilter(refusing(seccomp.Trace(7), "getpgrp"), 0)
		check(err == nil, "SetFilter: %v", err)
		_, errno := ask()
		check(errno == unix.ENOSYS, "getpgrp: %v", errno)
	})
}

func notifiedWithoutListener() {
	onThread(func() {
		noNewPrivs()
		err := seccomp.SetFilter(refusing(seccomp.UserNotif, "getpgrp"), 0)
		check(err == nil, "SetFilter: %v", err)
		_, errno := ask()
		check(errno == unix.ENOSYS, "getpgrp: %v", errno)
	})
}

// An outcome is what becomes of a call.
type outcome string

const (
	killedProcess outcome = "process killed"
	killedThread  outcome = "thread killed"
	trapped       outcome = "trapped"
	failed        outcome = "errno"
	notified      outcome = "notified"
	untraced      outcome = "no tracer"
	executed      outcome = "executed"
)

// strictness is every action, the strictest first, with what shows that it was taken. That
// Log is stricter than Allow shows in the kernel's log only.
var strictness = []struct {
	answer uint32
	shows  outcome
}{
	{abi.RetKillProcess, killedProcess},
	{abi.RetKillThread, killedThread},
	{abi.RetTrap, trapped},
	{abi.RetErrno | uint32(unix.EXDEV), failed},
	{abi.RetUserNotif, notified},
	{abi.RetTrace, untraced},
	{abi.RetLog, executed},
	{abi.RetAllow, executed},
}

// Errnos by which handler and listener show that they were asked.
const (
	byHandler  = unix.ENOTTY
	byListener = unix.EXFULL
)

// precedence puts every pair of answers on a thread of its own, in both orders.
func precedence() {
	check(judge.CatchSIGSYS(-int64(byHandler)) == nil, "no handler")
	judge.NeverStopTheWorld(3)
	pairs := 0
	for i := 1; i < len(strictness); i++ {
		for j := 1; j < len(strictness); j++ {
			want := strictness[min(i, j)].shows
			got := outcomeOf(strictness[i].answer, strictness[j].answer)
			check(got == want, "%#x, then %#x: %s, want %s", strictness[i].answer, strictness[j].answer, got, want)
			pairs++
		}
	}
	check(pairs == 49, "%d pairs", pairs)
}

func outcomeOf(older, newer uint32) outcome {
	var errno atomic.Int64
	errno.Store(-1)
	tid := make(chan int, 1)
	offMain(func() {
		tid <- unix.Gettid()
		noNewPrivs()
		installAnswering(older, newer != abi.RetUserNotif) // a thread has one listener
		installAnswering(newer, true)
		// A call by which Go gives the processor to others meanwhile, the listener among them.
		_, _, e := unix.Syscall(unix.SYS_GETPGRP, 0, 0, 0)
		errno.Store(int64(e))
		select {}
	})
	for id := <-tid; errno.Load() == -1; runtime.Gosched() {
		if unix.Tgkill(unix.Getpid(), id, 0) != nil {
			return killedThread
		}
	}
	switch e := syscall.Errno(errno.Load()); e {
	case 0:
		return executed
	case byHandler:
		return trapped
	case unix.EXDEV:
		return failed
	case byListener:
		return notified
	case unix.ENOSYS:
		return untraced
	default:
		return outcome(e.Error())
	}
}

// installAnswering puts a filter on the thread, with a listener where it notifies.
func installAnswering(answer uint32, listens bool) {
	if answer != abi.RetUserNotif || !listens {
		install(asked(answer), 0)
		return
	}
	go answerAll(install(asked(answer), abi.FlagNewListener))
}

// answerAll lets every notified call fail.
func answerAll(listener uintptr) {
	ioctl := func(request uintptr, at unsafe.Pointer) syscall.Errno {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, listener, request, uintptr(at))
		return errno
	}
	for {
		var n struct{ words [abi.SizeofNotif / 8]uint64 } // struct seccomp_notif; the kernel wants it zero
		if errno := ioctl(abi.IoctlNotifRecv, unsafe.Pointer(&n)); errno != 0 {
			continue // interrupted, or the call is gone
		}
		r := struct {
			id, val      uint64
			error, flags int32
		}{id: n.words[0], error: -int32(byListener)}
		ioctl(abi.IoctlNotifSend, unsafe.Pointer(&r))
	}
}

func precedenceOfKilling(t *testing.T) {
	for i := range strictness {
		for _, pair := range [][2]int{{0, i}, {i, 0}} {
			testproc.Run(t, "kernel.precedence", strconv.Itoa(pair[0]), strconv.Itoa(pair[1])).ExpectSignal(t, unix.SIGSYS)
		}
	}
}

func precedenceOfKillingChild() {
	check(judge.CatchSIGSYS(0) == nil, "no handler")
	var pair [2]int
	for i, arg := range testproc.Args() {
		_, err := fmt.Sscan(arg, &pair[i])
		check(err == nil, "%v", err)
	}
	answers(0, asked(strictness[pair[0]].answer), asked(strictness[pair[1]].answer))
}

func newestData() {
	answers(2, asked(abi.RetErrno|1), asked(abi.RetErrno|2))
	answers(1, asked(abi.RetErrno|2), asked(abi.RetErrno|1))
	answers(1, asked(abi.RetErrno|2), asked(abi.RetErrno|1), asked(abi.RetAllow), asked(abi.RetTrace|3))
	check(judge.CatchSIGSYS(-int64(marker)) == nil, "no handler")
	answers(marker, asked(abi.RetTrap|9), asked(abi.RetTrap|5))
	_, last := judge.Caught()
	check(last.Errno == 5, "data %d", last.Errno)
}
