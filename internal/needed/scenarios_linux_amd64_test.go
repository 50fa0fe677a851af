// SPDX-License-Identifier: MIT

package needed

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/scenarios"
	"github.com/syscall-sandbox/sandbox/internal/stdops"
)

// A scenario is something that a program does, of the Go runtime, of the standard library
// or of this library.
type scenario struct {
	Name string
	// Make prepares it before the filter is in force.
	Make  func() (run func() error, err error)
	End   end
	traps bool     // it is reported: what is refused traps, as under "log-and-abort"
	asks  bool     // of the kernel for itself, not for the runtime
	own   []string // what a scenario of the runtime asks for itself
	alone bool     // it has a process of its own
	whole bool     // it says nothing of a filter on one thread
	often bool     // it can be run again, as what the runtime does now and then must be
}

type end struct{ scenarios.End }

// returns reports whether the process goes on.
func (e end) returns() bool { return e.Exit == 0 && e.Signal == 0 }

// survives reports whether others can follow on the same thread.
func (s scenario) survives() bool { return s.End.End == scenarios.End{} && !s.alone }

// makes reports whether it makes the call for itself, so that it says nothing of the runtime's
// need of it.
func (s scenario) makes(call string) bool {
	return slices.ContainsFunc(s.own, func(own string) bool {
		name, _, _ := strings.Cut(own, "(")
		return name == call
	})
}

var allScenarios = sync.OnceValue(func() map[string]scenario {
	all := make(map[string]scenario)
	add := func(s scenario) {
		if _, ok := all[s.Name]; ok {
			panic("two scenarios " + s.Name)
		}
		all[s.Name] = s
	}
	for _, s := range scenarios.All() {
		add(scenario{Name: s.Name, Make: func() (func() error, error) { return s.Make(), nil }, End: end{s.End}, often: s.Survives(), own: slices.Concat(s.Calls, s.Others)})
	}
	for _, o := range stdops.All() {
		// A wrapper of one call needs it by definition, which says nothing; and with cgo
		// the C library makes other calls.
		if o.Package != "golang.org/x/sys/unix" && !o.LibC {
			add(scenario{Name: o.String(), Make: warm(o), asks: true})
		}
	}
	for _, s := range own() {
		add(s)
	}
	return all
})

// warm prepares an operation as a program does that narrows its policy.
func warm(o stdops.Op) func() (func() error, error) {
	return func() (func() error, error) {
		if o.WarmUp != nil {
			if err := o.WarmUp(); err != nil {
				return nil, err
			}
		}
		return o.Make()
	}
}

// own are of this library, and what the runtime meets from outside.
func own() []scenario {
	return []scenario{
		{Name: "the report of a violation", Make: plain(violate), traps: true, alone: true, End: end{scenarios.End{Exit: 2, Text: `ERROR: The syscall "getgroups"`}}},
		{Name: "a narrower policy for the thread", Make: plain(narrowThread), alone: true},
		{Name: "a narrower policy for the process", Make: plain(narrowProcess), alone: true, whole: true},
		{Name: "net.FileConn", Make: makeTakeOver, asks: true},
		{Name: "stopped and continued", Make: makeStop, alone: true},
	}
}

// makeTakeOver takes over a connection whose descriptor another part of the program, or of
// the system, has opened.
func makeTakeOver() (run func() error, err error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		return nil, err
	}
	f, err := c.(*net.TCPConn).File()
	kept = append(kept, l, c, f)
	return func() error {
		own, err := net.FileConn(f)
		kept = append(kept, own)
		return err
	}, err
}

// kept keeps what is open from being closed by its cleanup.
var kept []any

func plain(run func() error) func() (func() error, error) {
	return func() (func() error, error) { return run, nil }
}

// violate makes a call that no policy permits; the report ends the process.
func violate() error {
	_, err := unix.Getgroups()
	return fmt.Errorf("the process goes on: %v", err)
}

func narrowThread() error { return sandbox.SetSyscallSandboxPolicy(nothing) }

func narrowProcess() error {
	done := make(chan error)
	go func() { done <- sandbox.SetProcessPolicy(sandbox.PolicyNet) }()
	return <-done
}

// makeStop is what a shell's job control and debuggers do: the process stops and goes on.
// A wait with a time limit is then continued by restart_syscall(2), which the kernel has
// the thread make.
func makeStop() (run func() error, err error) {
	// proc(5), stat: the state comes after the name. Continued too early, the process would
	// not stop at all.
	shell := exec.Command("/bin/sh", "-c", `read -r _ || exit 1; kill -STOP $PPID
		s=; while case $s in *") T "*) false;; esac; do read -r s </proc/$PPID/stat; done; kill -CONT $PPID`)
	begin, err := shell.StdinPipe()
	if err == nil {
		err = shell.Start()
	}
	thread, done := make(chan int), make(chan error)
	var over atomic.Bool
	go func() {
		tid := <-thread
		waitForCall(tid, "35 ") // nanosleep
		_, err := begin.Write([]byte("\n"))
		if err = errors.Join(err, shell.Wait()); err == nil {
			waitForCall(tid, "219 ") // restart_syscall
		}
		over.Store(true)
		done <- errors.Join(err, unix.Tgkill(unix.Getpid(), tid, unix.SIGWINCH))
	}()
	return func() error {
		// A wait that a handler interrupts is not continued: not by SIGCONT's or SIGCHLD's,
		// but by that of a signal that is sent to the thread in the end.
		var but, old unix.Sigset_t
		for i := range but.Val {
			but.Val[i] = ^uint64(0)
		}
		but.Val[0] &^= 1 << (unix.SIGWINCH - 1)
		if err := unix.PthreadSigmask(unix.SIG_SETMASK, &but, &old); err != nil {
			return err
		}
		thread <- unix.Gettid()
		for !over.Load() {
			if err := unix.Nanosleep(&unix.Timespec{Sec: 3600}, nil); err != unix.EINTR {
				return fmt.Errorf("the wait ends by %v", err)
			}
		}
		return errors.Join(<-done, unix.PthreadSigmask(unix.SIG_SETMASK, &old, nil))
	}, err
}

// waitForCall returns when the thread is in a call: proc(5), syscall.
func waitForCall(tid int, call string) {
	for {
		b, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/syscall", tid))
		if err != nil || strings.HasPrefix(string(b), call) {
			return
		}
		runtime.Gosched()
	}
}
