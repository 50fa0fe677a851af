// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"errors"
	"fmt"
	"maps"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/judge"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func TestMain(m *testing.M) {
	children := judge.Children()
	maps.Copy(children, installChildren)
	maps.Copy(children, behaviourChildren())
	maps.Copy(children, exampleChildren())
	maps.Copy(children, errorChildren)
	testproc.Main(m, children)
}

var installChildren = map[string]func(){
	"chainFull":    chainFullChild,
	"kill":         killChild,
	"killX32":      killX32Child,
	"trap":         trapChild,
	"lockStays":    lockStaysChild,
	"allFlagsWork": allFlagsChild,
}

// marker is an errno that getgroups never has by itself.
const marker = unix.EXDEV

func refusing(action seccomp.Action, calls ...string) *seccomp.Program {
	f := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Errno(uint16(unix.ENOSYS))}
	for _, call := range calls {
		f.Rules = append(f.Rules, seccomp.Rule{Call: call, Action: action})
	}
	p, err := f.Compile()
	check(err == nil, "Compile: %v", err)
	return p
}

func refuseGetgroups() *seccomp.Program {
	return refusing(seccomp.Errno(uint16(marker)), "getgroups")
}

// check ends the child with a message if something is not so.
func check(ok bool, format string, args ...any) {
	if !ok {
		testproc.Fail(format, args...)
	}
}

// refused reports whether getgroups is refused on this thread; anything but success
// and the marker ends the child.
func refused() bool {
	_, _, errno := unix.RawSyscall(unix.SYS_GETGROUPS, 0, 0, 0)
	check(errno == 0 || errno == marker, "getgroups: %v", errno)
	return errno == marker
}

// onThread runs fn on a thread of its own, which stays until the process ends,
// so that no other goroutine gets it.
func onThread(fn func()) {
	done := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		fn()
		close(done)
		select {}
	}()
	<-done
}

func noNewPrivs() {
	err := seccomp.SetNoNewPrivs()
	check(err == nil, "SetNoNewPrivs: %v", err)
}

func threadChild() {
	runtime.LockOSThread()
	onThread(func() {
		noNewPrivs()
		check(!refused(), "refused before the filter")
		err := seccomp.SetFilter(refuseGetgroups(), 0)
		check(err == nil, "SetFilter: %v", err)
		check(refused(), "the filter does nothing")
	})
	check(!refused(), "the filter is on the main thread too")
	onThread(func() { check(!refused(), "the filter is on another thread too") })
}

func tsyncChild() {
	runtime.LockOSThread()
	// A thread born before, which waits for the filter in ordinary Go.
	installed, seen := make(chan struct{}), make(chan bool)
	born := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		close(born)
		<-installed
		seen <- refused()
	}()
	<-born
	noNewPrivs()
	err := seccomp.SetFilter(refuseGetgroups(), seccomp.TSync)
	check(err == nil, "SetFilter: %v", err)
	close(installed)
	check(<-seen, "a thread born before has no filter")
	check(refused(), "the calling thread has no filter")
	onThread(func() {
		check(refused(), "a thread born after has no filter")
		set, err := seccomp.NoNewPrivs()
		check(set && err == nil, "a thread born after has no no_new_privs: %v", err)
	})
}

func noNewPrivsChild() {
	runtime.LockOSThread()
	before, err := seccomp.NoNewPrivs()
	check(err == nil, "NoNewPrivs: %v", err)
	if before {
		// Inherited, for instance in a container that sets it: seccomp(2) cannot fail for its lack.
		println("no_new_privs is inherited")
		return
	}
	check(unix.Geteuid() != 0, "runs as root")
	for _, flags := range []seccomp.Flags{0, seccomp.TSync} {
		err = seccomp.SetFilter(refuseGetgroups(), flags)
		check(errors.Is(err, seccomp.ErrNoNewPrivs) && errors.Is(err, syscall.EACCES), "SetFilter: %v", err)
		var e *seccomp.InstallError
		check(errors.As(err, &e) && e.Advice == "call SetNoNewPrivs on this thread first", "SetFilter: %v", err)
	}
	check(!refused(), "installed although it failed")
	noNewPrivs()
	set, err := seccomp.NoNewPrivs()
	check(set && err == nil, "NoNewPrivs: %v, %v", set, err)
	err = seccomp.SetFilter(refuseGetgroups(), 0)
	check(err == nil && refused(), "SetFilter: %v", err)
}

func TestChainFull(t *testing.T) {
	testproc.Require(t, testproc.Seccomp)
	testproc.Run(t, "chainFull").ExpectExit(t, 0)
}

func chainFullChild() {
	onThread(func() {
		noNewPrivs()
		p := refuseGetgroups()
		total := 0
		for range 1 << 15 {
			err := seccomp.SetFilter(p, 0)
			if err == nil {
				total += p.Len() + 4
				continue
			}
			check(errors.Is(err, seccomp.ErrChainFull) && errors.Is(err, syscall.ENOMEM), "SetFilter: %v", err)
			said := fmt.Sprintf("may count 32768 instructions together: this one counts %d, so those already there count more than %d", p.Converted(), 32768-p.Converted())
			check(strings.Contains(err.Error(), said), "SetFilter: %v", err)
			// The kernel counts its own translation, which is up to three times as long.
			check(total <= 32768 && total > 32768/3, "full at %d instructions", total)
			return
		}
		testproc.Fail("the chain is never full")
	})
}

// refusedChild: an outer filter that refuses seccomp(2), as those of containers do.
func refusedChild() {
	onThread(func() {
		noNewPrivs()
		err := seccomp.SetFilter(refusing(seccomp.Errno(uint16(unix.EPERM)), "seccomp", "prctl"), 0)
		check(err == nil, "SetFilter: %v", err)
		_, nnp := seccomp.NoNewPrivs()
		for _, err := range []error{seccomp.SetFilter(refuseGetgroups(), 0), seccomp.SetNoNewPrivs(), nnp, seccomp.ActionAvailable(seccomp.Allow)} {
			check(errors.Is(err, seccomp.ErrRefused) && errors.Is(err, syscall.EPERM) && !errors.Is(err, errors.ErrUnsupported), "%v", err)
		}
	})
}

func TestKillProcess(t *testing.T) {
	testproc.Require(t, testproc.KillProcess)
	testproc.Run(t, "kill").ExpectSignal(t, unix.SIGSYS)
	testproc.Run(t, "killX32").ExpectSignal(t, unix.SIGSYS)
}

func killChild() {
	onThread(func() {
		noNewPrivs()
		err := seccomp.SetFilter(refusing(seccomp.KillProcess, "getgroups"), 0)
		check(err == nil, "SetFilter: %v", err)
		refused()
	})
}

func killX32Child() {
	onThread(func() {
		noNewPrivs()
		err := seccomp.SetFilter(refuseGetgroups(), 0)
		check(err == nil, "SetFilter: %v", err)
		unix.RawSyscall(unix.SYS_GETPID|0x40000000, 0, 0, 0)
	})
}

// Go's own handler turns an unexpected SIGSYS into a crash with exit code 2.
func TestTrap(t *testing.T) {
	testproc.Require(t, testproc.Seccomp)
	testproc.Run(t, "trap").ExpectExit(t, 2)
}

func trapChild() {
	onThread(func() {
		noNewPrivs()
		err := seccomp.SetFilter(refusing(seccomp.Trap(7), "getgroups"), 0)
		check(err == nil, "SetFilter: %v", err)
		refused()
	})
}

// A goroutine that has put a filter on its thread takes the thread with it when
// it ends, even if it unlocks as often as it had locked itself.
func TestLockStays(t *testing.T) {
	testproc.Require(t, testproc.Seccomp)
	testproc.Run(t, "lockStays").ExpectExit(t, 0)
}

func lockStaysChild() {
	runtime.LockOSThread() // keeps the main thread out of this
	tid := make(chan int)
	go func() {
		runtime.LockOSThread()
		noNewPrivs()
		err := seccomp.SetFilter(refuseGetgroups(), 0)
		check(err == nil, "SetFilter: %v", err)
		runtime.UnlockOSThread()
		tid <- unix.Gettid()
	}()
	filtered := <-tid
	// The thread ends some time after the goroutine.
	for unix.Tgkill(unix.Getpid(), filtered, 0) == nil {
		runtime.Gosched()
	}
}

func TestFlags(t *testing.T) {
	testproc.Require(t, testproc.SpecAllow)
	testproc.Run(t, "allFlagsWork").ExpectExit(t, 0)
}

func allFlagsChild() {
	runtime.LockOSThread()
	noNewPrivs()
	err := seccomp.SetFilter(refuseGetgroups(), seccomp.TSync|seccomp.LogAll|seccomp.UnsafeSpecAllow)
	check(err == nil && refused(), "SetFilter: %v", err)
}
