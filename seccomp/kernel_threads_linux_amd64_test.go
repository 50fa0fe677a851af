// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/judge"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Which threads and processes a filter and no_new_privs are on.

func requiredOfUsers(t *testing.T) {
	// Root hides a missing no_new_privs; CAP_SYS_ADMIN is enough for the kernel.
	testproc.Cmd{Name: "kernel.required", OrdinaryUser: true}.Run(t).ExpectExit(t, 0)
}

func hasNoNewPrivs() bool {
	set, err := seccomp.NoNewPrivs()
	check(err == nil, "NoNewPrivs: %v", err)
	return set
}

func noNewPrivsStays() {
	onThread(func() {
		noNewPrivs()
		check(hasNoNewPrivs(), "not set")
		_, _, errno := unix.RawSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0, 0)
		check(errno == unix.EINVAL && hasNoNewPrivs(), "cleared: %v", errno)
		noNewPrivs() // again
		f, _ := fork(nrCall(unix.SYS_PRCTL, unix.PR_GET_NO_NEW_PRIVS))
		check(f.Result(0) == 1, "a forked process: %d", f.Result(0))
		runs(testproc.Command("kernel.executed", "nnp"))
	})
}

// executedChild says what a process has inherited.
func executedChild() {
	runtime.LockOSThread()
	for _, what := range testproc.Args() {
		switch what {
		case "nnp":
			check(hasNoNewPrivs(), "no_new_privs is lost")
		case "filter":
			check(refused(), "the filter is lost")
			onThread(func() { check(refused(), "the filter is not on a new thread") })
		}
	}
}

func runs(cmd *exec.Cmd) {
	out, err := cmd.CombinedOutput()
	check(err == nil, "%v: %v: %s", cmd.Args, err, out)
}

func noNewPrivsOfOneThread() {
	runtime.LockOSThread()
	before := hasNoNewPrivs()
	onThread(noNewPrivs)
	check(hasNoNewPrivs() == before, "set on another thread")
}

// waiting starts a thread that waits in ordinary Go and then runs fn.
func waiting(fn func()) (release func()) {
	born, begin, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		close(born)
		<-begin
		fn()
		close(done)
		select {}
	}()
	<-born
	return func() { close(begin); <-done }
}

func tsyncNoNewPrivs() {
	runtime.LockOSThread()
	release := waiting(func() { check(hasNoNewPrivs() && refused(), "no no_new_privs, or no filter") })
	noNewPrivs()
	err := seccomp.SetFilter(refuseGetgroups(), seccomp.TSync)
	check(err == nil, "SetFilter: %v", err)
	release()
}

func forkInherits() {
	onThread(func() {
		noNewPrivs()
		err := seccomp.SetFilter(refuseGetgroups(), 0)
		check(err == nil, "SetFilter: %v", err)
		f, status := fork(nrCall(unix.SYS_GETGROUPS))
		check(isErrno(f.Result(0), marker) && status == 0, "a forked process: getgroups returns %d", f.Result(0))
	})
}

func execInherits() {
	onThread(func() {
		noNewPrivs()
		err := seccomp.SetFilter(refuseGetgroups(), 0)
		check(err == nil, "SetFilter: %v", err)
		runs(testproc.Command("kernel.executed", "filter", "nnp"))
	})
	onThread(func() { check(!refused(), "the filter is on another thread") })
}

func tsyncChain() {
	runtime.LockOSThread()
	// The thread has the older filter, which is of the caller's chain too.
	noNewPrivs()
	install(asked(abi.RetErrno|1), abi.FlagTSync)
	release := waiting(func() {
		check(refused(), "not the newest filter")
		_, errno := ask()
		check(errno == 2, "getpgrp: %v: not the filter that was the caller's alone", errno)
	})
	install(asked(abi.RetErrno|2), 0)
	err := seccomp.SetFilter(refuseGetgroups(), seccomp.TSync)
	check(err == nil, "SetFilter: %v", err)
	release()
}

func divergedESRCH() { diverges(seccomp.TSync | seccomp.TSyncESRCH) }
func divergedChild() { diverges(seccomp.TSync) }

func diverges(flags seccomp.Flags) {
	runtime.LockOSThread()
	tid := 0
	onThread(func() {
		tid = unix.Gettid()
		noNewPrivs()
		err := seccomp.SetFilter(refuseGetgroups(), 0)
		check(err == nil, "SetFilter: %v", err)
	})
	noNewPrivs()
	if flags&seccomp.TSyncESRCH != 0 {
		tid = 0
	} else {
		r, errno := judge.Install(asked(abi.RetErrno|1), abi.FlagTSync)
		check(r == uintptr(tid) && errno == 0, "seccomp(2) returns %d, %v, want thread %d", r, errno, tid)
	}
	err := seccomp.SetFilter(refuseGetgroups(), flags)
	var diverged *seccomp.ThreadSyncError
	check(errors.As(err, &diverged) && diverged.TID == tid, "%v, want thread %d", err, tid)
	_, errno := ask()
	check(!refused() && errno == 0, "installed although it failed")
	onThread(func() { check(!refused(), "installed on another thread although it failed") })
}

func tsyncAfterEnd() {
	runtime.LockOSThread()
	tid := make(chan int)
	release := make(chan struct{})
	offMain(func() {
		noNewPrivs()
		install([]raw{ret(abi.RetAllow)}, 0)
		tid <- unix.Gettid()
		<-release // and the thread ends with the goroutine
	})
	id := <-tid
	noNewPrivs()
	err := seccomp.SetFilter(refuseGetgroups(), seccomp.TSync)
	var diverged *seccomp.ThreadSyncError
	check(errors.As(err, &diverged) && diverged.TID == id, "%v, want thread %d", err, id)
	close(release)
	ends(id)
	err = seccomp.SetFilter(refuseGetgroups(), seccomp.TSync)
	check(err == nil && refused(), "SetFilter: %v", err)
}

// status returns a field of the calling thread in /proc/PID/status, "" if it has none.
func status(path, field string) string {
	text, err := os.ReadFile(path)
	check(err == nil, "%v", err)
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, field+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

const ownStatus = "/proc/thread-self/status"

func statusShown() {
	inherited := status(ownStatus, "Seccomp_filters")
	onThread(func() {
		mode, filters := status(ownStatus, "Seccomp"), status(ownStatus, "Seccomp_filters")
		check(mode == "0" && filters == "0" || mode == "2" && filters != "0", "before: mode %s, %s filters", mode, filters)
		noNewPrivs()
		before := number(filters)
		for n := range 3 {
			err := seccomp.SetFilter(refuseGetgroups(), 0)
			check(err == nil, "SetFilter: %v", err)
			mode, filters := status(ownStatus, "Seccomp"), status(ownStatus, "Seccomp_filters")
			check(mode == "2" && number(filters) == before+n+1, "mode %s, %s filters, want %d", mode, filters, before+n+1)
		}
		check(status(ownStatus, "NoNewPrivs") == "1", "NoNewPrivs: %s", status(ownStatus, "NoNewPrivs"))
	})
	onThread(func() { check(status(ownStatus, "Seccomp_filters") == inherited, "another thread has filters") })
}
