// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe" // seccomp(2) and ptrace(2) take pointers to what is built here

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/judge"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Strict mode, and what the kernel says when it is asked.

func number(s string) int {
	n, err := strconv.Atoi(s)
	check(err == nil, "%v", err)
	return n
}

// strictly runs calls in a process of its own, in strict mode from the first call on.
// Where a filter is in force already, as in a container, strict mode is refused: then
// that is what the test shows, and it returns nil.
func strictly(calls ...seccomp.Call) (*judge.Forked, unix.WaitStatus) {
	f, status := fork(append([]seccomp.Call{nrCall(unix.SYS_SECCOMP, abi.SetModeStrict)}, calls...)...)
	if filtered() {
		check(isErrno(f.Result(0), unix.EINVAL), "strict mode on a filtered thread: %d", f.Result(0))
		return nil, 0
	}
	check(f.Result(0) == 0, "strict mode: %d", f.Result(0))
	return f, status
}

// filtered reports whether the process was born with filters.
func filtered() bool { return status(ownStatus, "Seccomp") != "0" }

// exitThread ends a thread as strict mode allows it.
func exitThread(code uint64) seccomp.Call { return nrCall(unix.SYS_EXIT, code) }

func address(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(&b[0]))) }

func strictAllows() {
	var pipe [2]int
	err := unix.Pipe(pipe[:])
	check(err == nil, "pipe: %v", err)
	text, got := []byte("strict"), make([]byte, 6)
	f, status := strictly(
		nrCall(unix.SYS_WRITE, uint64(pipe[1]), address(text), 6),
		nrCall(unix.SYS_READ, uint64(pipe[0]), address(got), 6),
		nrCall(unix.SYS_WRITE, uint64(pipe[1]), address(got), 6), // what it has read, from its copy of got
		exitThread(7))
	if f == nil {
		return
	}
	check(f.Result(1) == 6 && f.Result(2) == 6 && f.Result(3) == 6, "results %d, %d, %d", f.Result(1), f.Result(2), f.Result(3))
	check(status.Exited() && status.ExitStatus() == 7, "ended by %v", status)
	n, err := unix.Read(pipe[0], got)
	check(n == 6 && string(got) == "strict", "read %q, %v", got, err)
	runtime.KeepAlive(text)
}

func strictKills() {
	for _, c := range []seccomp.Call{nrCall(unix.SYS_GETPID), nrCall(unix.SYS_EXIT_GROUP), nrCall(unix.SYS_OPENAT), nrCall(unix.SYS_PRCTL, unix.PR_GET_SECCOMP),
		nrCall(unix.SYS_FUTEX), nrCall(unused), nrCall(^uint32(0)), nrCall(abi.X32Bit | unix.SYS_READ)} {
		if f, status := strictly(c, exitThread(7)); f != nil {
			check(f.Result(1) == judge.NotMade && status.Signaled() && status.Signal() == unix.SIGKILL, "%v: result %d, ended by %v", c, f.Result(1), status)
		}
	}
}

func strictThenFilter() {
	code := judge.FilterArg([]raw{ret(abi.RetAllow)})
	f, status := strictly(nrCall(unix.SYS_SECCOMP, abi.SetModeFilter, 0, code), exitThread(7))
	check(f == nil || status.Signaled() && status.Signal() == unix.SIGKILL, "ended by %v", status)
	// Nor can strict mode be entered twice, or left.
	f, status = strictly(nrCall(unix.SYS_SECCOMP, abi.SetModeStrict), exitThread(7))
	check(f == nil || status.Signaled() && status.Signal() == unix.SIGKILL, "twice: ended by %v", status)
}

func filterThenStrict() {
	onThread(func() {
		noNewPrivs()
		err := seccomp.SetFilter(refuseGetgroups(), 0)
		check(err == nil, "SetFilter: %v", err)
		err = seccomp.SetStrict()
		check(errors.Is(err, seccomp.ErrFiltered) && errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported), "SetStrict: %v", err)
		check(strings.HasSuffix(err.Error(), "EINVAL: strict mode cannot follow a filter, such as a container's"), "SetStrict: %v", err)
		check(refused(), "the filter is gone")
	})
}

// inStrictMode puts a thread into strict mode, where it waits for the pipe to be closed and
// then makes a last call. From SetStrict on it makes raw calls only. The runtime never learns
// that the thread has ended: nothing may stop the world after this, so call it once.
func inStrictMode(pipe [2]int, last uintptr) (tid int, entered chan error) {
	judge.NeverStopTheWorld(1)
	id := make(chan int, 1)
	entered = make(chan error, 1)
	var b [1]byte
	offMain(func() {
		id <- unix.Gettid()
		if err := seccomp.SetStrict(); err != nil {
			entered <- err
			select {} // the thread stays, to be looked at
		}
		unix.RawSyscall(unix.SYS_READ, uintptr(pipe[0]), uintptr(unsafe.Pointer(&b)), 1)
		unix.RawSyscall(last, 0, 0, 0)
	})
	return <-id, entered
}

// untilStrict waits for a thread to be in strict mode; false: it cannot be, under a filter.
func untilStrict(tid int, entered chan error) bool {
	for status(fmt.Sprintf("/proc/self/task/%d/status", tid), "Seccomp") != "1" {
		select {
		case err := <-entered:
			check(filtered() && errors.Is(err, seccomp.ErrFiltered), "SetStrict: %v", err)
			return false
		default:
			runtime.Gosched()
		}
	}
	return true
}

func strictThread() {
	var pipe [2]int
	err := unix.Pipe(pipe[:])
	check(err == nil, "pipe: %v", err)
	tid, entered := inStrictMode(pipe, unix.SYS_GETPID)
	if !untilStrict(tid, entered) {
		return
	}
	check(!filtered(), "this thread is in strict mode too")
	unix.Close(pipe[1])
	ends(tid)
}

func tsyncStrict() {
	runtime.LockOSThread()
	var pipe [2]int
	err := unix.Pipe(pipe[:])
	check(err == nil, "pipe: %v", err)
	tid, entered := inStrictMode(pipe, unix.SYS_EXIT)
	if !untilStrict(tid, entered) {
		return
	}
	noNewPrivs()
	err = seccomp.SetFilter(refuseGetgroups(), seccomp.TSync)
	var diverged *seccomp.ThreadSyncError
	check(errors.As(err, &diverged) && diverged.TID == tid, "%v, want thread %d", err, tid)
	check(!refused(), "installed although it failed")
	unix.Close(pipe[1])
	ends(tid)
	err = seccomp.SetFilter(refuseGetgroups(), seccomp.TSync)
	check(err == nil && refused(), "SetFilter: %v", err)
}

func actionsAvailable() {
	for _, a := range []seccomp.Action{seccomp.KillProcess, seccomp.UnsafeKillThread, seccomp.Trap(9), seccomp.Errno(9),
		seccomp.Trace(9), seccomp.Log, seccomp.Allow} {
		err := seccomp.ActionAvailable(a)
		check(err == nil, "%v: %v", a, err)
	}
	// UserNotif is newer: the kernel's own list says whether it has it.
	list, err := os.ReadFile("/proc/sys/kernel/seccomp/actions_avail")
	check(err == nil, "%v", err)
	has := slices.Contains(strings.Fields(string(list)), "user_notif")
	err = seccomp.ActionAvailable(seccomp.UserNotif)
	check(has == (err == nil) && (err == nil || errors.Is(err, errors.ErrUnsupported)), "%s: UserNotif: %v", list, err)
	unknown := uint32(0x12340000)
	_, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, abi.GetActionAvail, 0, uintptr(unsafe.Pointer(&unknown)))
	check(errno == unix.EOPNOTSUPP, "an action that nobody has: %v", errno)
}

func actionsWithData() {
	for _, a := range []uint32{abi.RetErrno | 1, abi.RetTrap | 9} {
		_, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, abi.GetActionAvail, 0, uintptr(unsafe.Pointer(&a)))
		check(errno == unix.EOPNOTSUPP, "%#x: %v", a, errno)
		err := seccomp.ActionAvailable(seccomp.Action(a) ^ seccomp.Action(abi.RetKillProcess))
		check(err == nil, "ActionAvailable: %v", err)
	}
}

func unknownOperations() {
	action := uint32(abi.RetAllow)
	at := uintptr(unsafe.Pointer(&action))
	for _, q := range []struct {
		what           string
		op, flags, arg uintptr
		errno          syscall.Errno
	}{
		{"operation 1000", 1000, 0, 0, unix.EINVAL},
		{"strict mode with a flag", abi.SetModeStrict, 1, 0, unix.EINVAL},
		{"strict mode with an argument", abi.SetModeStrict, 0, at, unix.EINVAL},
		{"a question with a flag", abi.GetActionAvail, 1, at, unix.EINVAL},
		{"a question without an action", abi.GetActionAvail, 0, 0, unix.EFAULT},
	} {
		_, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, q.op, q.flags, q.arg)
		check(errno == q.errno, "%s: %v", q.what, errno)
	}
	check(!filtered() || status(ownStatus, "Seccomp") != "1", "in strict mode")
}

func unknownFlags() {
	onThread(func() {
		noNewPrivs()
		for bit := 6; bit < 32; bit++ {
			_, errno := judge.Install(asked(abi.RetErrno|1), 1<<bit)
			check(errno == unix.EINVAL, "flag %#x: %v", 1<<bit, errno)
		}
		_, errno := ask()
		check(errno == 0, "installed although it failed")
		err := seccomp.SetFilter(refuseGetgroups(), 1<<31)
		check(installErrno(err) == unix.EINVAL && strings.Contains(err.Error(), "bits that this library does not know"), "SetFilter: %v", err)
		err = seccomp.SetFilter(refuseGetgroups(), seccomp.WaitKillableRecv)
		check(installErrno(err) == unix.EINVAL && strings.Contains(err.Error(), "SetFilterWithListener"), "SetFilter: %v", err)
	})
}

func logFlag() {
	onThread(func() {
		noNewPrivs()
		err := seccomp.SetFilter(refuseGetgroups(), seccomp.LogAll)
		check(err == nil && refused(), "SetFilter: %v", err)
		_, errno := ask()
		check(errno == 0, "getpgrp: %v", errno)
	})
}

// specAllow: where the kernel turns the mitigation on for filtered threads
// (spec_store_bypass_disable=seccomp, the default before 5.16), the flag keeps it off.
func specAllow() {
	const field = "Speculation_Store_Bypass"
	before := status(ownStatus, field)
	for _, f := range []seccomp.Flags{seccomp.UnsafeSpecAllow, 0} {
		onThread(func() {
			noNewPrivs()
			err := seccomp.SetFilter(refuseGetgroups(), f)
			check(err == nil && refused(), "SetFilter: %v", err)
			after := status(ownStatus, field)
			check(after == before || f == 0 && before == "thread vulnerable" && after == "thread force mitigated", "flags %#x: %q, before %q", f, after, before)
		})
	}
}

func notificationSizes() {
	sizes, err := seccomp.NotificationSizes()
	check(err == nil && sizes.Notification >= abi.SizeofNotif && sizes.Response >= abi.SizeofNotifResp && sizes.Data >= abi.SizeofData, "%+v, %v", sizes, err)
	check(sizes.Notification-sizes.Data >= abi.SizeofNotif-abi.SizeofData, "%+v", sizes)
	onFiltered(func() {
		_, err := seccomp.NotificationSizes()
		check(installErrno(err) == unix.EINVAL && errors.Is(err, errors.ErrUnsupported), "as on an older kernel: %v", err)
	}, only(unix.SYS_SECCOMP, abi.RetErrno|uint32(unix.EINVAL)))
}

// getFilter reads a filter back from a process that has it.
func getFilter() {
	p := refuseGetgroups()
	var pipe [2]int
	err := unix.Pipe(pipe[:])
	check(err == nil, "pipe: %v", err)
	b := make([]byte, 1)
	f, err := judge.Fork(nrCall(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1), nrCall(unix.SYS_SECCOMP, abi.SetModeFilter, 0, judge.FilterArg(p.Instructions())),
		nrCall(unix.SYS_CLOSE, uint64(pipe[1])), nrCall(unix.SYS_READ, uint64(pipe[0]), address(b), 1))
	check(err == nil, "fork: %v", err)
	for f.Result(2) == judge.NotMade {
		runtime.Gosched()
	}
	runtime.LockOSThread()
	ptrace := func(request, addr, data uintptr) (uintptr, syscall.Errno) {
		r, _, errno := unix.Syscall6(unix.SYS_PTRACE, request, uintptr(f.PID), addr, data, 0, 0)
		return r, errno
	}
	_, errno := ptrace(unix.PTRACE_SEIZE, 0, 0)
	check(errno == 0, "PTRACE_SEIZE: %v", errno)
	_, errno = ptrace(unix.PTRACE_INTERRUPT, 0, 0)
	check(errno == 0, "PTRACE_INTERRUPT: %v", errno)
	var ws unix.WaitStatus
	_, err = unix.Wait4(f.PID, &ws, unix.WALL, nil)
	check(err == nil && ws.Stopped(), "wait: %v, %v", ws, err)
	got := make([]unix.SockFilter, abi.MaxInsns)
	n, errno := ptrace(unix.PTRACE_SECCOMP_GET_FILTER, 0, uintptr(unsafe.Pointer(&got[0])))
	switch {
	case errno == unix.EINVAL || errno == unix.EIO:
		println("this kernel does not checkpoint processes (CONFIG_CHECKPOINT_RESTORE)")
	case unix.Geteuid() != 0 || filtered():
		check(errno == unix.EACCES, "PTRACE_SECCOMP_GET_FILTER without the right to it: %d, %v", n, errno)
	default:
		check(errno == 0 && int(n) == p.Len(), "PTRACE_SECCOMP_GET_FILTER: %d, %v, want %d", n, errno, p.Len())
		for i, in := range p.Instructions() {
			check(got[i] == unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}, "instruction %d: %+v, want %+v", i, got[i], in)
		}
		_, errno = ptrace(unix.PTRACE_SECCOMP_GET_FILTER, 1, 0)
		check(errno == unix.ENOENT, "a second filter: %v", errno)
	}
	_, errno = ptrace(unix.PTRACE_DETACH, 0, 0)
	check(errno == 0, "PTRACE_DETACH: %v", errno)
	unix.Close(pipe[1])
	end, err := f.Wait()
	check(err == nil && end == 0, "ended by %v, %v", end, err)
}

// restartSeen stops a process in its sleep and lets it go on.
func restartSeen(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p := testproc.Cmd{Name: "kernel.sleep", Stdout: w, Env: quiet}.Start(t)
	w.Close()
	var pid, tid int
	if _, err := fmt.Fscan(r, &pid, &tid); err != nil {
		t.Error(err)
	}
	// Until it sleeps: /proc/PID/task/TID/syscall begins with the number of the call.
	for path := fmt.Sprintf("/proc/%d/task/%d/syscall", pid, tid); err == nil; runtime.Gosched() {
		var text []byte
		if text, err = os.ReadFile(path); strings.HasPrefix(string(text), fmt.Sprintf("%d ", unix.SYS_NANOSLEEP)) {
			break
		}
	}
	p.Signal(unix.SIGSTOP)
	for err == nil {
		var stat []byte
		stat, err = os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/stat", pid, tid))
		if _, after, _ := strings.Cut(string(stat), ") "); strings.HasPrefix(after, "T") {
			break
		}
		runtime.Gosched()
	}
	p.Signal(unix.SIGCONT)
	p.Wait().ExpectExit(t, 0)
	if err != nil {
		t.Error(err)
	}
}

// sleepChild would sleep for an hour.
func sleepChild() {
	onFiltered(func() {
		fmt.Println(unix.Getpid(), unix.Gettid())
		ts := unix.Timespec{Sec: 3600}
		_, _, errno := unix.Syscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&ts)), 0, 0)
		check(errno == marker, "nanosleep: %v", errno)
	}, only(unix.SYS_RESTART_SYSCALL, abi.RetErrno|uint32(marker)))
}
