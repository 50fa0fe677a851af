// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"context"
	"errors"
	"runtime"
	"syscall"
	"unsafe" // ioctl(2) takes pointers

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/judge"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// What tests of listeners share. All of it runs in children.

// A caller is a thread under a filter that notifies, which does what it is told.
type caller struct {
	l    *seccomp.Listener
	tid  int
	work chan func()
}

// newCaller starts a caller whose filter notifies the calls.
func newCaller(f seccomp.Flags, calls ...string) *caller {
	return newCallerOf(refusing(seccomp.UserNotif, calls...), f)
}

func newCallerOf(p *seccomp.Program, f seccomp.Flags) *caller {
	c := &caller{work: make(chan func())}
	ready := make(chan struct{})
	offMain(func() {
		noNewPrivs()
		l, err := seccomp.SetFilterWithListener(p, f)
		check(err == nil, "SetFilterWithListener: %v", err)
		c.l, c.tid = l, unix.Gettid()
		close(ready)
		for fn := range c.work {
			fn()
		}
	})
	<-ready
	return c
}

// run runs fn on the caller's thread.
func (c *caller) run(fn func()) {
	done := make(chan struct{})
	c.work <- func() { fn(); close(done) }
	<-done
}

// An answer is what a call returned.
type answer struct {
	r     uintptr
	errno syscall.Errno
}

// call starts a call on the caller's thread, one by which Go gives the processor to others.
func (c *caller) call(nr uintptr, args ...uintptr) <-chan answer {
	result := make(chan answer, 1)
	c.work <- func() { result <- makeCall(nr, args...) }
	return result
}

// ask starts getpgrp(2), which most tests have notified.
func (c *caller) ask(args ...uintptr) <-chan answer { return c.call(unix.SYS_GETPGRP, args...) }

func makeCall(nr uintptr, args ...uintptr) answer {
	var a [6]uintptr
	copy(a[:], args)
	r, _, errno := unix.Syscall6(nr, a[0], a[1], a[2], a[3], a[4], a[5])
	return answer{r, errno}
}

// fork starts a process under the caller's filter.
func (c *caller) fork(calls ...seccomp.Call) (f *judge.Forked) {
	c.run(func() {
		var err error
		f, err = judge.Fork(calls...)
		check(err == nil, "fork: %v", err)
	})
	return f
}

// end ends the thread and waits until it is gone.
func (c *caller) end() {
	close(c.work)
	ends(c.tid)
}

// next receives a request.
func (c *caller) next() *seccomp.Request { return receive(c.l) }

func receive(l *seccomp.Listener) *seccomp.Request {
	r, err := l.Receive(context.Background())
	check(err == nil, "Receive: %v", err)
	return r
}

// fd is a descriptor of the listener for calls of the tests' own. It stays open.
func (c *caller) fd() uintptr {
	f, err := c.l.File()
	check(err == nil, "File: %v", err)
	kept = append(kept, f)
	return f.Fd()
}

// kept is what must not be collected, and so closed.
var kept []any

// succeeded checks the result of a call.
func succeeded(ch <-chan answer, want uintptr) {
	a := <-ch
	check(a.errno == 0 && a.r == want, "the call returned %d, %v, want %d", a.r, a.errno, want)
}

// failedWith checks that a call failed.
func failedWith(ch <-chan answer, want syscall.Errno) {
	a := <-ch
	check(a.errno == want, "the call returned %d, %v, want %v", a.r, a.errno, want)
}

// must checks that there was no error.
func must(err error) { check(err == nil, "%v", err) }

// is checks that an error is of a kind, and has the errno that belongs to it.
func is(err, sentinel error, errno syscall.Errno) {
	check(err != nil && (sentinel == nil || errors.Is(err, sentinel)) && errors.Is(err, errno), "%v, want %v (%v)", err, errno, sentinel)
}

// gone waits until nobody waits for an answer any more.
func gone(r *seccomp.Request) {
	for r.Valid() == nil {
		runtime.Gosched()
	}
	is(r.Valid(), seccomp.ErrRequestGone, unix.ENOENT)
}

// The kernel's structures, for what the package itself never sends.
type (
	rawNotif struct {
		id         uint64
		pid, flags uint32
		data       [abi.SizeofData / 8]uint64
	}
	rawResp struct {
		id, val uint64
		err     int32
		flags   uint32
	}
	rawAddFD struct {
		id                       uint64
		flags, src, number, mode uint32
	}
)

// control makes an ioctl of the kernel as it is.
func control[T any](fd, request uintptr, arg *T) (uintptr, syscall.Errno) {
	r, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, request, uintptr(unsafe.Pointer(arg)))
	return r, errno
}

// ready is what poll(2) says of a descriptor at once.
func ready(fd uintptr) int16 {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN | unix.POLLOUT}}
	for {
		if _, err := unix.Poll(fds, 0); err != unix.EINTR {
			check(err == nil, "poll: %v", err)
			return fds[0].Revents
		}
	}
}

// pointer is the address of what an argument points to. It must be kept.
func pointer[T any](p *T) uint64 { return uint64(uintptr(unsafe.Pointer(p))) }
