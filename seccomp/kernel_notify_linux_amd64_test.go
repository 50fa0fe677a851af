// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"context"
	"errors"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/judge"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

var (
	since5_5  = testproc.Version{Major: 5, Minor: 5}
	since5_9  = testproc.Version{Major: 5, Minor: 9}
	since5_14 = testproc.Version{Major: 5, Minor: 14}
	since6_6  = testproc.Version{Major: 6, Minor: 6}
	since6_11 = testproc.Version{Major: 6, Minor: 11}
)

// notifyBehaviours are those of listeners.
var notifyBehaviours = []kernelBehaviour{
	{name: "notify", since: testproc.UserNotif.Since, what: "shows the listener the call, its arguments and the thread's id, and the caller the result", child: notifyShows, user: true},
	{name: "notify-error", since: testproc.UserNotif.Since, what: "takes any number for an errno, also those that callers read as a result, and looks at no result besides it", child: notifyErrors},
	{name: "notify-order", since: testproc.UserNotif.Since, what: "hands out notifications in their order, with ids that count up, and takes answers in any order", child: notifyOrder},
	{name: "notify-zeroes", since: since5_5, what: "refuses to receive into a structure that is not all zeroes", child: notifyZeroes},
	{name: "notify-id", since: testproc.UserNotif.Since, what: "answers ENOENT to ids that it has not given, or that are answered", child: notifyIDs},
	{name: "notify-not-received", since: testproc.UserNotif.Since, what: "answers EINPROGRESS to an answer that comes before the notification was received", child: notifyNotReceived},
	{name: "notify-continue", since: since5_5, what: "executes the call where the listener says so, and takes no result with that, nor another flag", child: notifyContinue},
	{name: "notify-poll", since: testproc.UserNotif.Since, what: "polls readable with a notification to receive, writable with one to answer, and neither else", child: notifyPoll},
	{name: "notify-end", since: since5_9, what: "polls hung up when the last thread under the filter has ended", child: notifyEnd},
	{name: "notify-end-receive", since: since6_11, what: "ends a receive with ENOENT when the last thread under the filter ends", child: notifyEndReceive},
	{name: "notify-close", since: since5_9, what: "answers ENOSYS to waiting and later calls when the last descriptor of the listener is closed", child: notifyClose, user: true},
	{name: "notify-close-on-exec", since: testproc.UserNotif.Since, what: "makes the listener's descriptor close-on-exec", child: notifyCloseOnExec},
	{name: "notify-second", since: testproc.UserNotif.Since, what: "gives the filters of a thread one listener, EBUSY to a second, also in processes that inherit them", child: notifySecond},
	{name: "notify-stricter", since: testproc.UserNotif.Since, what: "does not notify what another filter answers more strictly", child: notifyStricter},
	{name: "notify-fork", since: testproc.UserNotif.Since, what: "notifies the calls of forked processes to the same listener, with their own ids", child: notifyFork, user: true},
	{name: "notify-killed", since: testproc.UserNotif.Since, what: "drops the notification of a caller that is killed", child: notifyKilled},
	{name: "notify-killed-unreceived", since: testproc.UserNotif.Since, what: "never hands out the notification of a caller that was killed before", child: notifyKilledUnreceived},
	{name: "notify-signal", since: testproc.UserNotif.Since, what: "drops a notification when a handler runs in the caller, and notifies again as the call restarts", child: notifySignal},
	{name: "notify-signal-eintr", since: testproc.UserNotif.Since, what: "lets the call fail with EINTR after a handler without SA_RESTART", child: notifyInterrupted},
	{name: "notify-killable", since: testproc.WaitKillableRecv.Since, what: "keeps handlers waiting with WAIT_KILLABLE_RECV until a received notification is answered", child: notifyKillable},
	{name: "notify-killable-unreceived", since: testproc.WaitKillableRecv.Since, what: "lets handlers interrupt all the same what has not been received", child: notifyKillableUnreceived},
	{name: "notify-killable-killed", since: testproc.WaitKillableRecv.Since, what: "lets a caller be killed while it waits with WAIT_KILLABLE_RECV", child: notifyKillableKilled},
	{name: "notify-killable-alone", since: testproc.WaitKillableRecv.Since, what: "refuses WAIT_KILLABLE_RECV without a listener", child: notifyKillableAlone},
	{name: "notify-tsync", since: testproc.TSyncESRCH.Since, what: "gives TSYNC a listener with TSYNC_ESRCH only", child: notifyTSync},
	{name: "notify-sync-wake-up", since: since6_6, what: "takes the flag SYNC_WAKE_UP of a listener, and no other", child: notifySyncWakeUp},
	{name: "notify-unknown", since: testproc.UserNotif.Since, what: "answers EINVAL to other ioctls of a listener", child: notifyUnknown},
	{name: "addfd", since: since5_9, what: "gives the caller the lowest free descriptor, with the flag that is asked for", child: addFDLowest},
	{name: "addfd-number", since: since5_9, what: "gives the caller a descriptor of a chosen number, closing what is there", child: addFDNumber},
	{name: "addfd-send", since: since5_14, what: "answers with the descriptor", child: addFDSend},
	{name: "addfd-invalid", since: since5_14, what: "refuses flags and sizes that it does not know, a number without the flag, and files that are none", child: addFDInvalid},
	{name: "addfd-limit", since: since5_14, what: "answers EMFILE where the caller has no descriptor left, EBADF to a number beyond its limit, and leaves it waiting", child: addFDLimit},
	{name: "addfd-not-received", since: since5_9, what: "answers EINPROGRESS where the notification was not received or is answered", child: addFDNotReceived},
}

func notifyShows() {
	c := newCaller(0, "getpgrp", "getpriority")
	result := c.ask(11, 1<<63, 13, 14, 15, ^uintptr(0))
	r := c.next()
	want := nrCall(unix.SYS_GETPGRP, 11, 1<<63, 13, 14, 15, ^uint64(0))
	want.IP = r.Call.IP
	check(r.Call == want && r.PID == c.tid && r.Call.IP != 0, "%+v of %d, want %+v of %d", r.Call, r.PID, want, c.tid)
	must(r.Valid())
	must(r.Return(1 << 40))
	succeeded(result, 1<<40)
	result = c.call(unix.SYS_GETPRIORITY, 1)
	r = c.next()
	check(r.Call.Name() == "getpriority" && r.Call.Args[0] == 1, "%v", r.Call)
	must(r.Return(0))
	succeeded(result, 0)
}

func notifyErrors() {
	c := newCaller(0, "getpgrp")
	for _, errno := range []uint16{1, 26, 4094} {
		result := c.ask()
		must(c.next().Fail(errno))
		failedWith(result, unix.Errno(errno))
	}
	for _, errno := range []int32{4095, 4096, 1 << 20} {
		result, r := c.ask(), c.next()
		_, e := control(c.fd(), abi.IoctlNotifSend, &rawResp{id: r.ID, err: -errno})
		check(e == 0, "send: %v", e)
		succeeded(result, -uintptr(errno)) // what Go makes of it
	}
	// A value beside an errno is not looked at.
	result, r := c.ask(), c.next()
	_, e := control(c.fd(), abi.IoctlNotifSend, &rawResp{id: r.ID, val: 7, err: -int32(unix.EXDEV)})
	check(e == 0, "send: %v", e)
	failedWith(result, unix.EXDEV)
}

func notifyOrder() {
	c := newCaller(0, "getpgrp")
	const n = 5
	ids, pids := make([]*seccomp.Request, n), make([]*judge.Forked, n)
	for i := range n {
		pids[i] = c.fork(nrCall(unix.SYS_GETPGRP, uint64(i)))
		for ready(c.fd())&unix.POLLIN == 0 {
			runtime.Gosched()
		}
		ids[i] = c.next()
		check(ids[i].Call.Args[0] == uint64(i), "%v is not of caller %d", ids[i].Call, i)
		check(ids[i].ID == ids[0].ID+uint64(i), "id %d, %d after %d", ids[i].ID, i, ids[0].ID)
	}
	for i := n - 1; i >= 0; i-- {
		must(ids[i].Return(uint64(100 + i)))
	}
	for i, f := range pids {
		exited(f)
		check(f.Result(0) == int64(100+i), "caller %d got %d", i, f.Result(0))
	}
}

// exited waits for the end of a forked process, which must be a good one.
func exited(f *judge.Forked) {
	status, err := f.Wait()
	check(err == nil && status.Exited() && status.ExitStatus() == 0, "%v, %v", status, err)
}

// killed waits for the end of a forked process that was killed.
func killed(f *judge.Forked) {
	must(unix.Kill(f.PID, unix.SIGKILL))
	status, err := f.Wait()
	check(err == nil && status.Signaled() && status.Signal() == unix.SIGKILL, "%v, %v", status, err)
}

func notifyZeroes() {
	c := newCaller(0, "getpgrp")
	result := c.ask()
	for _, n := range []rawNotif{{id: 1}, {pid: 1}, {flags: 1}, {data: [8]uint64{7: 1}}} {
		_, errno := control(c.fd(), abi.IoctlNotifRecv, &n)
		check(errno == unix.EINVAL, "%+v: %v", n, errno)
	}
	must(c.next().Return(3)) // it is still there
	succeeded(result, 3)
}

func notifyIDs() {
	c := newCaller(0, "getpgrp")
	result, r := c.ask(), c.next()
	valid := func(id uint64) unix.Errno {
		_, errno := control(c.fd(), abi.IoctlNotifIDValid, &id)
		return errno
	}
	check(valid(r.ID) == 0, "%v", valid(r.ID))
	_, old := control(c.fd(), abi.IoctlNotifIDValidOld, &r.ID)
	check(old == 0, "the number of before Linux 5.9: %v", old)
	for _, id := range []uint64{0, r.ID + 1, r.ID - 1, ^r.ID} {
		check(valid(id) == unix.ENOENT, "id %d: %v", id, valid(id))
		_, errno := control(c.fd(), abi.IoctlNotifSend, &rawResp{id: id})
		check(errno == unix.ENOENT, "id %d: %v", id, errno)
	}
	must(r.Return(1))
	succeeded(result, 1)
	check(valid(r.ID) == unix.ENOENT, "an answered id: %v", valid(r.ID))
	_, errno := control(c.fd(), abi.IoctlNotifSend, &rawResp{id: r.ID})
	check(errno == unix.ENOENT, "an answered id: %v", errno)
}

// announced starts a call of a forked process and waits until its notification is there, whose
// id it returns: the one after that of the last.
func (c *caller) announced() (*judge.Forked, uint64) {
	result, r := c.ask(), c.next()
	must(r.Return(0))
	succeeded(result, 0)
	f := c.fork(nrCall(unix.SYS_GETPGRP))
	for ready(c.fd())&unix.POLLIN == 0 {
		runtime.Gosched()
	}
	return f, r.ID + 1
}

func notifyNotReceived() {
	c := newCaller(0, "getpgrp")
	f, id := c.announced()
	_, errno := control(c.fd(), abi.IoctlNotifSend, &rawResp{id: id})
	check(errno == unix.EINPROGRESS, "%v", errno)
	_, errno = control(c.fd(), abi.IoctlNotifIDValid, &id)
	check(errno == unix.ENOENT, "a notification is valid before it was received: %v", errno)
	r := c.next()
	check(r.ID == id, "id %d, want %d", r.ID, id)
	must(r.Return(4))
	exited(f)
	check(f.Result(0) == 4, "%d", f.Result(0))
}

func notifyContinue() {
	c := newCaller(0, "getpgrp")
	result, r := c.ask(), c.next()
	for _, bad := range []rawResp{{flags: abi.NotifContinue, val: 1}, {flags: abi.NotifContinue, err: -1}, {flags: 2}} {
		bad.id = r.ID
		_, errno := control(c.fd(), abi.IoctlNotifSend, &bad)
		check(errno == unix.EINVAL, "%+v: %v", bad, errno)
	}
	must(r.UnsafeContinue())
	succeeded(result, uintptr(unix.Getpgrp()))
}

func notifyPoll() {
	c := newCaller(0, "getpgrp")
	fd := c.fd()
	check(ready(fd) == 0, "before: %#x", ready(fd))
	result := c.ask()
	for ready(fd) != unix.POLLIN {
		check(ready(fd)&^unix.POLLIN == 0, "announced: %#x", ready(fd))
		runtime.Gosched()
	}
	r := c.next()
	check(ready(fd) == unix.POLLOUT, "received: %#x", ready(fd))
	must(r.Return(0))
	succeeded(result, 0)
	check(ready(fd) == 0, "answered: %#x", ready(fd))
}

func notifyEnd() {
	c := newCaller(0, "getpgrp")
	f := c.fork(nrCall(unix.SYS_GETPGRP))
	fd := c.fd()
	c.end()
	r := c.next()
	check(ready(fd)&unix.POLLHUP == 0, "hung up with a caller: %#x", ready(fd))
	must(r.Return(0))
	exited(f)
	for ready(fd)&unix.POLLHUP == 0 {
		runtime.Gosched()
	}
}

func notifyEndReceive() {
	c := newCaller(0, "getpgrp")
	fd := c.fd()
	ended := make(chan unix.Errno)
	go func() {
		for {
			_, errno := control(fd, abi.IoctlNotifRecv, &rawNotif{})
			if errno != unix.EINTR {
				ended <- errno
				return
			}
		}
	}()
	c.end()
	errno := <-ended
	check(errno == unix.ENOENT, "%v", errno)
}

func notifyClose() {
	c := newCaller(0, "getpgrp")
	// A forked process has a descriptor of the listener too: it would wait for itself.
	alone, ask := nrCall(unix.SYS_CLOSE_RANGE, 3, 1<<32-1, 0), nrCall(unix.SYS_GETPGRP)
	received, waiting := c.fork(alone, ask), c.fork(alone, ask)
	c.next()
	must(c.l.Close())
	for _, f := range []*judge.Forked{received, waiting} {
		exited(f)
		check(f.Result(0) == 0 && isErrno(f.Result(1), unix.ENOSYS), "%d, %d", f.Result(0), f.Result(1))
	}
	failedWith(c.ask(), unix.ENOSYS)
}

func notifyCloseOnExec() {
	var fd uintptr
	onThread(func() {
		noNewPrivs()
		fd = install(asked(abi.RetUserNotif), abi.FlagNewListener)
	})
	flags, err := unix.FcntlInt(fd, unix.F_GETFD, 0)
	check(err == nil && flags == unix.FD_CLOEXEC, "%#x, %v", flags, err)
}

func notifySecond() {
	c := newCaller(0, "getpgrp")
	c.run(func() {
		_, errno := judge.Install(asked(abi.RetUserNotif), abi.FlagNewListener)
		check(errno == unix.EBUSY, "%v", errno)
		_, err := seccomp.SetFilterWithListener(refusing(seccomp.UserNotif, "getpgrp"), 0)
		is(err, seccomp.ErrListenerExists, unix.EBUSY)
		must(seccomp.SetFilter(refusing(seccomp.UserNotif, "getpriority"), 0)) // without a listener
	})
	f := c.fork(nrCall(unix.SYS_SECCOMP, abi.SetModeFilter, abi.FlagNewListener, judge.FilterArg(asked(abi.RetUserNotif))))
	exited(f)
	check(isErrno(f.Result(0), unix.EBUSY), "%d", f.Result(0))
	must(c.l.Close())
	c.run(func() {
		_, err := seccomp.SetFilterWithListener(refusing(seccomp.UserNotif, "getpgrp"), 0)
		must(err) // the first is gone
	})
}

func notifyStricter() {
	c := newCaller(0, "getpgrp")
	c.run(func() { must(seccomp.SetFilter(refusing(seccomp.Errno(uint16(unix.EXDEV)), "getpgrp"), 0)) })
	failedWith(c.ask(), unix.EXDEV)
	check(ready(c.fd()) == 0, "notified: %#x", ready(c.fd()))
	looser := newCaller(0, "getpgrp")
	looser.run(func() { must(seccomp.SetFilter(refusing(seccomp.Log, "getpgrp"), 0)) })
	result := looser.ask()
	must(looser.next().Return(5))
	succeeded(result, 5)
}

func notifyFork() {
	c := newCaller(0, "getpgrp")
	f := c.fork(nrCall(unix.SYS_GETPGRP, 1), nrCall(unix.SYS_GETPGRP, 2))
	for want := range uint64(2) {
		r := c.next()
		check(r.PID == f.PID && r.Call.Args[0] == want+1, "%v of %d, want caller %d", r.Call, r.PID, f.PID)
		must(r.Return(want))
	}
	exited(f)
	check(f.Result(0) == 0 && f.Result(1) == 1, "%d, %d", f.Result(0), f.Result(1))
}

func notifyUnknown() {
	c := newCaller(0, "getpgrp")
	for _, request := range []uintptr{abi.IoctlNotifRecv + 5, 0x2100, unix.TCGETS, unix.TIOCINQ} {
		_, errno := control(c.fd(), request, &rawNotif{})
		check(errno == unix.EINVAL || errno == unix.ENOTTY, "%#x: %v", request, errno)
	}
}

func notifySyncWakeUp() {
	c := newCaller(0, "getpgrp")
	must(c.l.SetSyncWakeUp())
	for _, flags := range []uintptr{2, 3, 1 << 63} {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, c.fd(), abi.IoctlNotifSetFlags, flags)
		check(errno == unix.EINVAL, "%#x: %v", flags, errno)
	}
	for i := range uint64(100) {
		result := c.ask()
		must(c.next().Return(i))
		succeeded(result, uintptr(i))
	}
}

func notifyTSync() {
	runtime.LockOSThread()
	noNewPrivs()
	_, errno := judge.Install(asked(abi.RetUserNotif), abi.FlagNewListener|abi.FlagTSync)
	check(errno == unix.EINVAL, "TSYNC without TSYNC_ESRCH: %v", errno)
	// A thread with a filter of its own stands in the way.
	other := newCaller(0, "getpgrp")
	_, err := seccomp.SetFilterWithListener(refusing(seccomp.UserNotif, "getpgrp"), seccomp.TSync)
	var diverged *seccomp.ThreadSyncError
	check(errors.As(err, &diverged) && diverged.TID == 0, "%v", err)
	check(unix.Getpgrp() > 0, "the filter is there all the same")
	other.end()
	l, err := seccomp.SetFilterWithListener(refusing(seccomp.UserNotif, "getpgrp"), seccomp.TSync)
	must(err)
	result := make(chan answer)
	go func() { result <- makeCall(unix.SYS_GETPGRP) }() // on any thread
	r, err := l.Receive(context.Background())
	must(err)
	must(r.Return(6))
	succeeded(result, 6)
}

// devNull is a file that a caller may be given.
func devNull() *os.File {
	f, err := os.Open(os.DevNull)
	must(err)
	return f
}
