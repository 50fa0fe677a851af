// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"errors"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Every errno that the documents name, as this package gives it on. What no kernel says to
// what these tests can ask, an outer filter says in its place; where a kernel does say it
// is shown by TestKernelBehaviour.

var errorChildren = map[string]func(){
	"errnos":   errnosChild,
	"unlocked": unlockedChild,
}

// asking are the functions that put a question to the kernel, by their call.
var asking = []struct {
	name string
	nr   uint32
	ask  func() error
}{
	{"SetFilter", unix.SYS_SECCOMP, func() error { return seccomp.SetFilter(refuseGetgroups(), 0) }},
	{"SetFilter(TSync)", unix.SYS_SECCOMP, func() error { return seccomp.SetFilter(refuseGetgroups(), seccomp.TSync) }},
	{"SetFilterWithListener", unix.SYS_SECCOMP, func() error {
		_, err := seccomp.SetFilterWithListener(refusing(seccomp.UserNotif, "getgroups"), 0)
		return err
	}},
	{"SetStrict", unix.SYS_SECCOMP, seccomp.SetStrict},
	{"ActionAvailable(Allow)", unix.SYS_SECCOMP, func() error { return seccomp.ActionAvailable(seccomp.Allow) }},
	{"ActionAvailable(UserNotif)", unix.SYS_SECCOMP, func() error { return seccomp.ActionAvailable(seccomp.UserNotif) }},
	{"ActionAvailable(Log)", unix.SYS_SECCOMP, func() error { return seccomp.ActionAvailable(seccomp.Log) }},
	{"NotificationSizes", unix.SYS_SECCOMP, func() error { _, err := seccomp.NotificationSizes(); return err }},
	{"SetNoNewPrivs", unix.SYS_PRCTL, seccomp.SetNoNewPrivs},
	{"NoNewPrivs", unix.SYS_PRCTL, func() error { _, err := seccomp.NoNewPrivs(); return err }},
}

// sentinels are all that an InstallError may match.
var sentinels = []error{seccomp.ErrNoNewPrivs, seccomp.ErrChainFull, seccomp.ErrListenerExists, seccomp.ErrFiltered, seccomp.ErrRefused,
	errors.ErrUnsupported, seccomp.ErrNoProgram}

// meanings is the table in InstallError's document.
var meanings = []struct {
	errno syscall.Errno
	is    error  // the sentinel; nil: none
	text  string // of the advice
}{
	{unix.EACCES, seccomp.ErrNoNewPrivs, "call SetNoNewPrivs on this thread first"},
	{unix.ENOMEM, seccomp.ErrChainFull, ""},
	{unix.EBUSY, seccomp.ErrListenerExists, "only one can have a listener"},
	{unix.EPERM, seccomp.ErrRefused, "a filter already in force"},
	{unix.ENOSYS, errors.ErrUnsupported, "the kernel has no seccomp(2)"},
	{unix.EINVAL, errors.ErrUnsupported, "older than what was asked"},
	{unix.EOPNOTSUPP, errors.ErrUnsupported, "does not know the action"},
	{unix.EMFILE, nil, "no descriptor is free"},
	{unix.EFAULT, nil, ""},
}

func TestErrnos(t *testing.T) {
	testproc.Require(t, testproc.Seccomp)
	testproc.Run(t, "errnos").ExpectExit(t, 0)
}

func errnosChild() {
	for _, m := range meanings {
		for _, q := range asking {
			onFiltered(func() {
				err := q.ask()
				is, text := m.is, m.text
				switch {
				case m.errno == unix.EINVAL && q.name == "SetStrict":
					is, text = seccomp.ErrFiltered, "cannot follow a filter"
				case m.errno == unix.EINVAL && (q.name == "ActionAvailable(Allow)"):
					// The question itself is newer than the action: no answer, and no InstallError.
					var e *seccomp.InstallError
					check(err != nil && !errors.As(err, &e) && strings.Contains(err.Error(), "too old to say whether it has allow"), "%s: %v", q.name, err)
					return
				case m.errno == unix.ENOMEM && strings.HasPrefix(q.name, "SetFilter"):
					text = "may count 32768 instructions together"
				}
				check(installErrno(err) == m.errno && errors.Is(err, m.errno), "%s: %v: %v", q.name, m.errno, err)
				check(strings.Contains(err.Error(), text), "%s: %v: %v, which does not say %q", q.name, m.errno, err, text)
				for _, s := range sentinels {
					// syscall.Errno has kinships of its own: ENOSYS and EOPNOTSUPP are ErrUnsupported.
					check(errors.Is(err, s) == (s == is), "%s: %v: is %v: %v", q.name, m.errno, s, errors.Is(err, s))
				}
			}, only(q.nr, abi.RetErrno|uint32(m.errno)))
		}
	}
}

// A failed call takes its lock back, and TSync locks nothing.
func TestUnlocked(t *testing.T) {
	testproc.Require(t, testproc.Seccomp)
	testproc.Run(t, "unlocked").ExpectExit(t, 0)
}

// locked reports whether the goroutine is locked to its thread, as the runtime says it in
// the first line of a trace.
func locked() bool {
	b := make([]byte, 200)
	head, _, _ := strings.Cut(string(b[:runtime.Stack(b, false)]), "\n")
	check(strings.HasPrefix(head, "goroutine "), "%q", head)
	return strings.Contains(head, "locked to thread")
}

func unlockedChild() {
	// A filter on all threads that refuses seccomp(2), so that it does not matter where this
	// goroutine goes.
	runtime.LockOSThread()
	check(locked(), "a lock is not seen")
	noNewPrivs()
	runtime.UnlockOSThread()
	err := seccomp.SetFilter(nil, 0)
	check(err == seccomp.ErrNoProgram && !locked(), "SetFilter: %v, locked: %v", err, locked())
	err = seccomp.SetFilter(refuseGetgroups(), 1<<31)
	check(err != nil && !locked(), "SetFilter: %v, locked: %v", err, locked())
	code := only(unix.SYS_SECCOMP, abi.RetErrno|uint32(unix.EPERM))
	runtime.LockOSThread()
	noNewPrivs()
	install(code, abi.FlagTSync)
	runtime.UnlockOSThread()
	for _, q := range asking {
		if q.nr == unix.SYS_SECCOMP {
			err := q.ask()
			check(errors.Is(err, seccomp.ErrRefused) && !locked(), "%s: %v, locked: %v", q.name, err, locked())
		}
	}
}
