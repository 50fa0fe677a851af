// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

var requestTests = []childTest{
	{"answered once", since5_19, answeredOnce},
	{"answered by many", since5_19, answeredByMany},
	{"arguments", since5_19, requestArguments},
	{"gone", since5_19, requestGone},
	{"file stays", since5_19, fileStays},
	{"busy", since5_19, busyRequest},
}

func init() { register("TestRequest", requestTests) }

func TestRequest(t *testing.T) { runChildren(t, requestTests) }

// answers are all ways to answer, and the result that a caller with nothing open above has.
func answeringWays(file *os.File) []func(*seccomp.Request) error {
	return []func(*seccomp.Request) error{
		func(r *seccomp.Request) error { return r.Return(1) },
		func(r *seccomp.Request) error { return r.Fail(uint16(unix.EXDEV)) },
		(*seccomp.Request).UnsafeContinue,
		func(r *seccomp.Request) error { return r.ReturnFile(file, seccomp.FileOptions{}) },
	}
}

func answeredOnce() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	file := devNull()
	for _, first := range answeringWays(file) {
		result := c.ask()
		r := c.next()
		must(first(r))
		<-result
		for _, again := range answeringWays(file) {
			is(again(r), seccomp.ErrAnswered, unix.EINPROGRESS)
		}
		_, err := r.AddFile(file, seccomp.FileOptions{})
		is(err, seccomp.ErrAnswered, unix.EINPROGRESS)
		is(r.Valid(), seccomp.ErrRequestGone, unix.ENOENT)
	}
}

func answeredByMany() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	file := devNull()
	for range 50 {
		result := c.ask()
		r := c.next()
		var accepted atomic.Int32
		var all sync.WaitGroup
		for range 4 {
			for _, way := range answeringWays(file) {
				all.Go(func() {
					if err := way(r); err == nil {
						accepted.Add(1)
					} else {
						is(err, seccomp.ErrAnswered, unix.EINPROGRESS)
					}
				})
			}
		}
		all.Wait()
		check(accepted.Load() == 1, "%d answers were taken", accepted.Load())
		<-result
	}
}

func requestArguments() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	result := c.ask()
	r := c.next()
	file, closed := devNull(), devNull()
	must(closed.Close())
	_, read6 := r.Read(6, make([]byte, 1))
	_, read := r.Read(-1, make([]byte, 1))
	_, str6 := r.String(6)
	_, str := r.String(-1)
	_, add := r.AddFile(file, seccomp.FileOptions{Number: 7})
	for i, err := range []error{read6, read, str6, str, add, r.Fail(0), r.Fail(4095), r.Fail(1<<16 - 1),
		r.Return(^uint64(0)), r.Return(^uint64(4094)),
		r.ReturnFile(file, seccomp.FileOptions{Number: -1, Replace: true}),
		r.ReturnFile(file, seccomp.FileOptions{Number: 1 << 31, Replace: true}),
		r.ReturnFile(file, seccomp.FileOptions{Number: 1})} {
		check(errors.Is(err, unix.EINVAL) && !errors.Is(err, errors.ErrUnsupported), "%d: %v", i, err)
		check(err.Error() != "" && errors.As(err, new(*seccomp.RequestError)), "%d: %v", i, err)
	}
	check(errors.Is(r.ReturnFile(closed, seccomp.FileOptions{}), os.ErrClosed), "a closed file")
	check(errors.Is(r.ReturnFile(nil, seccomp.FileOptions{}), os.ErrInvalid), "no file")
	must(r.Valid())
	must(r.Return(^uint64(4095)))
	a := <-result
	check(a.errno == 0 && uint64(a.r) == ^uint64(4095), "%d, %v", a.r, a.errno)
}

func requestGone() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	for _, way := range answeringWays(devNull()) {
		f := c.fork(nrCall(unix.SYS_GETPGRP))
		r := c.next()
		killed(f)
		_, err := r.AddFile(devNull(), seccomp.FileOptions{})
		is(err, seccomp.ErrRequestGone, unix.ENOENT)
		is(way(r), seccomp.ErrRequestGone, unix.ENOENT)
		is(r.Valid(), seccomp.ErrRequestGone, unix.ENOENT)
		_, err = r.String(0)
		is(err, seccomp.ErrRequestGone, unix.ENOENT)
	}
}

// fileStays: a file that was added stays with a caller whose call fails.
func fileStays() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	f := c.fork(nrCall(unix.SYS_GETPGRP), fileOf(300))
	r := c.next()
	_, err := r.AddFile(devNull(), seccomp.FileOptions{Replace: true, Number: 300})
	must(err)
	must(r.Fail(1))
	exited(f)
	check(isErrno(f.Result(0), 1) && f.Result(1) == 0, "%d, %d", f.Result(0), f.Result(1))
}

// busyRequest adds files to a request by another descriptor of the listener, all the time, until
// ReturnFile comes while that is under way.
func busyRequest() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	file, fd := devNull(), c.fd()
	for busy := false; !busy; {
		result := c.ask()
		r := c.next()
		var adders sync.WaitGroup
		adding := make(chan struct{}, 4)
		for range cap(adding) {
			adders.Go(func() {
				for errno := unix.Errno(0); errno == 0; { // until the request is answered
					_, errno = control(fd, abi.IoctlNotifAddFD, &rawAddFD{id: r.ID, src: uint32(file.Fd()), flags: abi.AddFDSetFD, number: 90})
					select {
					case adding <- struct{}{}:
					default:
					}
				}
			})
		}
		for range cap(adding) {
			<-adding
		}
		err := r.ReturnFile(file, seccomp.FileOptions{Replace: true, Number: 91})
		if busy = err != nil; busy {
			is(err, nil, unix.EBUSY)
			must(r.Return(91)) // it waits still
		}
		succeeded(result, 91)
		adders.Wait()
	}
}
