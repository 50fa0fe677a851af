// SPDX-License-Identifier: MIT

package scenarios

import (
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
)

func signals() []Scenario {
	return []Scenario{
		{Name: "storm of SIGURG", Make: plain(storm)},
		{Name: "os/signal", Make: plain(notified)},
		{Name: "ignored signals", Make: plain(ignored)},
		{Name: "SIGQUIT", Make: plain(quit), End: End{Exit: 2, Text: "SIGQUIT: quit"}},
		{Name: "SIGQUIT with a crash trace", Make: makeQuitTrace, End: End{Signal: sigabrt, Text: "SIGQUIT: quit"}},
	}
}

// storm interrupts this thread as preemption does, but without a pause.
func storm() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	pid, tid := syscall.Getpid(), syscall.Gettid()
	sent := make(chan error)
	go func() {
		for range 2000 {
			if err := syscall.Tgkill(pid, tid, syscall.SIGURG); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	for {
		select {
		case err := <-sent:
			return err
		default:
			deep(20)
		}
	}
}

// notified takes a handler over and gives it back.
func notified() error {
	for range 20 {
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGUSR1)
		if err := syscall.Tgkill(syscall.Getpid(), syscall.Gettid(), syscall.SIGUSR1); err != nil {
			return err
		}
		<-c
		signal.Stop(c)
	}
	return nil
}

// ignored has the kernel ignore a signal, and takes that back.
func ignored() error {
	for range 20 {
		signal.Ignore(syscall.SIGHUP)
		if err := syscall.Tgkill(syscall.Getpid(), syscall.Gettid(), syscall.SIGHUP); err != nil {
			return err
		}
		signal.Reset(syscall.SIGHUP)
	}
	return nil
}

// quit is what a supervisor does to a process that hangs: the trace must come.
func quit() error {
	if err := syscall.Tgkill(syscall.Getpid(), syscall.Gettid(), syscall.SIGQUIT); err != nil {
		return err
	}
	select {}
}

// makeQuitTrace is the same under GOTRACEBACK=crash: every thread prints its stack and
// sends SIGQUIT to the process for the next (signal_unix.go sighandler, raiseproc).
func makeQuitTrace() func() error {
	debug.SetTraceback("crash")
	return quit
}
