// SPDX-License-Identifier: MIT

package sandbox

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A reporter is the ordinary Go behind the handler: a goroutine that sleeps in the
// network poller until a new violation is in the table, and puts it into words. It
// runs under the process policy and makes no call that is not the runtime's share.
type reporter struct {
	action   SyscallSandboxAction
	wake     *os.File
	fd       int // where reports go
	reported [tableSize]bool
	callback chan Violation // nil: no OnViolation
}

// takeSIGSYS starts the reporter and puts the handler in place; release gives all
// back. Where the program is to go on after a violation it cannot: what keeps SIGSYS
// unblocked is a filter.
func takeSIGSYS(c Config, initial chain, r refusal) (release func(), err error) {
	nothing := func() {}
	rep, stop, err := newReporter(c, r, initial.layers[0].policy.makesProcesses())
	if err != nil {
		return nothing, err
	}
	if c.Action == ActionInvokeSignalHandler {
		unhook, err := hookSIGSYS(c.Action)
		if err != nil {
			stop()
			return nothing, err
		}
		go rep.run()
		return func() { unhook(); stop() }, nil
	}
	instance, err := addInstance(initial, "", false)
	if err != nil {
		stop()
		return nothing, err
	}
	unhook, err := hookSIGSYS(c.Action)
	if err == nil {
		if err = observeBlocking(seccomp.Trap(instance), r); err != nil {
			unhook()
		}
	}
	if err != nil {
		removeInstance(instance)
		stop()
		return nothing, err
	}
	go rep.run()
	state.late = true
	return stop, neverBlockSIGSYS(seccomp.Trap(instance), r)
}

// newReporter prepares all that a violation needs, but for the handler itself, and
// returns the way back.
func newReporter(c Config, r refusal, executes bool) (rep *reporter, stop func(), err error) {
	fd, err := reportTo(c.Report)
	if err != nil {
		return nil, nil, err
	}
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		closeReport(fd)
		return nil, nil, fmt.Errorf("sandbox: a pipe for reports, without which only ActionKillProcess does: %w", err)
	}
	rep = &reporter{action: c.Action, wake: os.NewFile(uintptr(pipe[0]), "sandbox reports"), fd: fd}
	// A file that is not in the poller could not be waited for: reports would end with the
	// first read. Only such a file has no deadlines.
	if err := rep.wake.SetDeadline(time.Time{}); err != nil {
		rep.wake.Close()
		unix.Close(pipe[1])
		closeReport(fd)
		return nil, nil, fmt.Errorf("sandbox: epoll(7) does not take the pipe for reports (too many watches, see /proc/sys/fs/epoll/max_user_watches?): %w", err)
	}
	reportFD, wakeFD = uint32(fd), uint32(outOfReach(pipe[1]))
	if lo, hi, sp := stackBounds(); lo < sp && sp < hi {
		walks = 1
	}
	if c.OnViolation != nil {
		rep.callback = make(chan Violation, 256)
		go call(c.OnViolation, rep.callback)
	}
	rep.warn(r, executes)
	return rep, func() {
		reportFD = 2
		unix.Close(int(atomic.SwapUint32(&wakeFD, ^uint32(0))))
		rep.wake.Close() // ends run
		closeReport(fd)
		if rep.callback != nil {
			close(rep.callback)
		}
	}, nil
}

// outOfReach moves a descriptor to a high number: a child between fork and execve, which
// shares the handler and its numbers, puts the files of its own in low ones.
func outOfReach(fd int) int {
	for _, least := range []int{600, 200} {
		if high, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, least); err == nil {
			unix.Close(fd)
			return high
		}
	}
	return fd
}

// stackBounds returns the bounds of the caller's goroutine stack as the handler
// reads them, and an address on it.
func stackBounds() (lo, hi, sp uintptr)

// reportTo returns a descriptor of our own: the caller may close f, and the kernel
// give its number to something else.
func reportTo(f *os.File) (int, error) {
	if f == nil {
		return unix.Stderr, nil
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return -1, fmt.Errorf("sandbox: Config.Report: %w", err)
	}
	fd := -1
	var dup error
	if err = raw.Control(func(s uintptr) { fd, dup = unix.FcntlInt(s, unix.F_DUPFD_CLOEXEC, 3) }); err == nil {
		err = dup
	}
	if err != nil {
		return -1, fmt.Errorf("sandbox: Config.Report: %w", err)
	}
	return outOfReach(fd), nil
}

func closeReport(fd int) {
	if fd != unix.Stderr {
		unix.Close(fd)
	}
}

func (r *reporter) warn(at refusal, executes bool) {
	prefix := "WARNING: syscall sandbox: " + r.action.String() + ": "
	switch r.action {
	case UnsafeActionAllow:
		r.write(prefix + "calls that the policies refuse are reported and executed; nothing is protected.\n")
	case UnsafeActionLearn:
		r.write(prefix + "every call is recorded and executed; nothing is protected.\n")
	}
	if r.action > ActionDeny || r.action == ActionDeny && executes {
		if !at.movable() {
			r.write(prefix + "this program is not position independent, or its addresses are not random: programs like it that it executes die by SIGSYS; build with -buildmode=pie.\n")
		}
	}
}

func (r *reporter) run() {
	var buf [64]byte
	for {
		_, err := r.wake.Read(buf[:])
		switch {
		case err == io.EOF || errors.Is(err, os.ErrClosed):
			return // setup has failed
		case err != nil: // an outer filter's; no reason to report nothing any more
			time.Sleep(10 * time.Millisecond)
		}
		atomic.StoreUint32(&waking, 0)
		r.report()
	}
}

// report reports what is new in the table.
func (r *reporter) report() {
	for slot, e := range entries {
		if r.reported[slot] {
			continue
		}
		r.reported[slot] = true
		v := e.facts(r.action)
		own := ownStack(v.Stack)
		dies := e.dies()
		if dies {
			// The handler has written the first line, and waits, perhaps with what the
			// garbage collector needs: so what matters most comes first.
			r.write(v.details()[1:] + "\n")
		}
		v.Remedy = e.remedy()
		switch {
		case dies:
			r.write(remedyLine(v.Remedy) + "\n")
		case r.action == UnsafeActionLearn:
			own = own || !e.refused()
		default:
			r.write(v.String() + "\n")
		}
		atomic.StoreUint32(&e.done, 1)
		if r.callback != nil && !own && !dies {
			select {
			case r.callback <- v:
			default: // the callback is slow; Violations has it
			}
		}
	}
}

// write writes to the report's descriptor. One that never blocks gets a second to
// take everything.
func (r *reporter) write(text string) {
	b := []byte(text)
	for tries := 0; len(b) > 0 && tries < 100; {
		n, err := unix.Write(r.fd, b)
		switch {
		case n > 0:
			b = b[n:]
		case err == unix.EAGAIN:
			tries++
			time.Sleep(10 * time.Millisecond)
		case err != unix.EINTR:
			return
		}
	}
}

// call is the goroutine of Config.OnViolation. What it refuses itself is counted but
// does not come back to it: see ownStack.
func call(f func(Violation), violations <-chan Violation) {
	for v := range violations {
		f(v)
	}
}

// ownStack reports whether a stack is the reporter's or its callback's.
func ownStack(stack []Frame) bool {
	for _, f := range stack {
		if strings.HasPrefix(f.Func, ownPackage+".(*reporter).") || f.Func == ownPackage+".call" {
			return true
		}
	}
	return false
}

const ownPackage = "github.com/syscall-sandbox/sandbox"
