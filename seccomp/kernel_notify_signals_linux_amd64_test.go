// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"os"
	"os/signal"
	"runtime"
	"unsafe" // rt_sigaction(2) takes pointers

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/judge"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// What signals do to a caller that waits for its answer.

// signal sends the caller a signal for which Go has a handler.
func (c *caller) signal() { must(unix.Tgkill(unix.Getpid(), c.tid, unix.SIGURG)) }

func notifySignal() {
	c := newCaller(0, "getpgrp")
	result := c.ask(8)
	r := c.next()
	for range 3 {
		c.signal()
		gone(r)
		is(r.Return(1), seccomp.ErrRequestGone, unix.ENOENT)
		again := c.next()
		check(again.ID > r.ID && again.Call == r.Call && again.PID == r.PID, "%+v after %+v", again, r)
		r = again
	}
	must(r.Return(9))
	succeeded(result, 9)
}

// A sigAction is the kernel's struct sigaction on amd64
// (include/linux/signal_types.h: struct kernel_sigaction).
type sigAction struct {
	handler, flags, restorer uintptr
	mask                     uint64
}

const saRestart = 0x10000000 // include/uapi/asm-generic/signal-defs.h: SA_RESTART

func setAction(sig uintptr, set, old *sigAction) {
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, sig, uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(old)), 8, 0, 0)
	check(errno == 0, "rt_sigaction: %v", errno)
}

func notifyInterrupted() {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, unix.SIGUSR1)
	var a sigAction
	setAction(uintptr(unix.SIGUSR1), nil, &a)
	a.flags &^= saRestart
	setAction(uintptr(unix.SIGUSR1), &a, nil)
	c := newCaller(0, "getpgrp")
	result := c.ask()
	r := c.next()
	must(unix.Tgkill(unix.Getpid(), c.tid, unix.SIGUSR1))
	failedWith(result, unix.EINTR)
	gone(r)
	<-signals
	check(ready(c.fd()) == 0, "notified again: %#x", ready(c.fd()))
}

func notifyKillable() {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, unix.SIGUSR1)
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	result := c.ask(1)
	r := c.next()
	must(unix.Tgkill(unix.Getpid(), c.tid, unix.SIGUSR1))
	for range 100 {
		c.signal()
		runtime.Gosched()
	}
	must(r.Valid())
	select {
	case <-signals:
		check(false, "a handler ran before the answer")
	default:
	}
	must(r.Return(2))
	succeeded(result, 2)
	<-signals // it was only late
	// No restart: the next notification is that of the next call.
	result = c.ask(3)
	next := c.next()
	check(next.Call.Args[0] == 3, "%v", next.Call)
	must(next.Return(4))
	succeeded(result, 4)
}

// notifyKillableUnreceived: each signal before the receipt makes a new notification, so a
// storm of them can keep a caller from being received, but not for ever.
func notifyKillableUnreceived() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	fd := c.fd()
	result := c.ask(0)
	first := c.next()
	must(first.Return(0))
	succeeded(result, 0)
	result = c.ask(1)
	for ready(fd)&unix.POLLIN == 0 {
		runtime.Gosched()
	}
	// The notification that is there has the next id; the signal voids it.
	for interrupted := first.ID + 1; ; runtime.Gosched() {
		c.signal()
		_, errno := control(fd, abi.IoctlNotifSend, &rawResp{id: interrupted})
		if errno == unix.ENOENT {
			break
		}
		check(errno == unix.EINPROGRESS, "%v", errno)
	}
	r := c.next()
	for r.Return(5) != nil { // a signal of the loop may have been on its way
		r = c.next()
	}
	check(r.ID > first.ID+1, "id %d after %d", r.ID, first.ID)
	succeeded(result, 5)
}

func notifyKillableKilled() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	f := c.fork(nrCall(unix.SYS_GETPGRP))
	r := c.next()
	must(r.Valid())
	killed(f)
	is(r.Return(1), seccomp.ErrRequestGone, unix.ENOENT)
}

func notifyKillableAlone() {
	onThread(func() {
		noNewPrivs()
		_, errno := judge.Install(asked(abi.RetUserNotif), abi.FlagWaitKillableRecv)
		check(errno == unix.EINVAL, "%v", errno)
	})
}

func notifyKilled() {
	c := newCaller(0, "getpgrp")
	f := c.fork(nrCall(unix.SYS_GETPGRP))
	r := c.next()
	killed(f)
	is(r.Valid(), seccomp.ErrRequestGone, unix.ENOENT)
	is(r.Fail(1), seccomp.ErrRequestGone, unix.ENOENT)
	check(ready(c.fd()) == 0, "%#x", ready(c.fd()))
}

func notifyKilledUnreceived() {
	c := newCaller(0, "getpgrp")
	f := c.fork(nrCall(unix.SYS_GETPGRP, 1))
	for ready(c.fd())&unix.POLLIN == 0 {
		runtime.Gosched()
	}
	killed(f)
	check(ready(c.fd()) == 0, "%#x", ready(c.fd()))
	result := c.ask(2)
	r := c.next()
	check(r.Call.Args[0] == 2, "%v", r.Call)
	must(r.Return(7))
	succeeded(result, 7)
}
