// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/judge"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

var serveTests = []childTest{
	{"ends", since6_11, serveEnds},
	{"canceled", since5_19, serveCanceled},
	{"closed", since5_19, serveClosed},
	{"handlers without an answer", since5_19, serveWithoutAnswer},
	{"at once", since5_19, serveAtOnce},
	{"at once by default", since5_19, serveAtOnceByDefault},
	{"late", since5_19, serveLate},
	{"slow telling", since5_19, serveSlowTelling},
	{"too many late", since5_19, serveTooManyLate},
	{"late in the lead", since5_19, serveLateLeader},
	{"caller gone", since5_19, serveCallerGone},
	{"alone", since5_19, serveAlone},
	{"brokered open", since5_19, serveOpens},
	{"brokered open on one processor", since5_19, func() { runtime.GOMAXPROCS(1); serveOpens() }},
}

func init() { register("TestServe", serveTests) }

func TestServe(t *testing.T) { runChildren(t, serveTests) }

type handler = func(context.Context, *seccomp.Request)

// serving runs Serve beside the test; the function returned waits for its end.
func serving(ctx context.Context, l *seccomp.Listener, o seccomp.ServeOptions, h handler) (wait func() error) {
	err := make(chan error, 1)
	go func() { err <- l.ServeWith(ctx, o, h) }()
	return func() error { return <-err }
}

// echo answers with the first argument.
func echo(_ context.Context, r *seccomp.Request) { must(r.Return(r.Call.Args[0])) }

func serveEnds() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	wait := serving(context.Background(), c.l, seccomp.ServeOptions{}, echo)
	for i := range uintptr(100) {
		succeeded(c.ask(i), i)
	}
	c.end()
	must(wait())
	must(c.l.Serve(context.Background(), echo)) // again, at once
}

func serveCanceled() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	ctx, cancel := context.WithCancel(context.Background())
	started, ended := make(chan struct{}), false
	wait := serving(ctx, c.l, seccomp.ServeOptions{}, func(ctx context.Context, r *seccomp.Request) {
		close(started)
		<-ctx.Done()
		must(r.Return(7)) // the answer of a handler that stops
		ended = true
	})
	result := c.ask()
	<-started
	cancel()
	err := wait()
	check(err == context.Canceled && ended, "%v; the handler has ended: %t", err, ended)
	succeeded(result, 7)
	check(c.l.Serve(ctx, echo) == context.Canceled, "served although canceled before")
	result = c.ask(1) // the listener goes on
	must(c.next().Return(1))
	succeeded(result, 1)
}

func serveClosed() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	wait := serving(context.Background(), c.l, seccomp.ServeOptions{}, echo)
	succeeded(c.ask(1), 1)
	must(c.l.Close())
	err := wait()
	check(errors.Is(err, os.ErrClosed), "%v", err)
}

// serveWithoutAnswer: handlers fail in every way, one after the other and all at once, and each call
// gets an errno.
func serveWithoutAnswer() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	ways := []struct {
		fails handler
		want  func(*seccomp.HandlerError) bool
	}{
		{func(context.Context, *seccomp.Request) {}, func(e *seccomp.HandlerError) bool { return e.Reason == seccomp.ErrNotAnswered }},
		{func(context.Context, *seccomp.Request) { runtime.Goexit() }, func(e *seccomp.HandlerError) bool { return e.Reason == seccomp.ErrNotAnswered }},
		{func(context.Context, *seccomp.Request) { panic(io.ErrNoProgress) }, func(e *seccomp.HandlerError) bool {
			return errors.Is(e, io.ErrNoProgress) && strings.Contains(string(e.Stack), "serveWithoutAnswer")
		}},
		{func(context.Context, *seccomp.Request) { panic("words") }, func(e *seccomp.HandlerError) bool {
			return strings.Contains(e.Error(), "words") && strings.Contains(e.Error(), "getpgrp(")
		}},
		{func(_ context.Context, r *seccomp.Request) { _ = *(*int)(nil) }, func(e *seccomp.HandlerError) bool {
			return errors.As(e, new(runtime.Error))
		}},
	}
	var told atomic.Int32
	o := seccomp.ServeOptions{Errno: uint16(unix.EXFULL), Failed: func(r *seccomp.Request, e *seccomp.HandlerError) {
		told.Add(1)
		check(ways[r.Call.Args[0]].want(e) && e.Call == r.Call, "way %d: %v", r.Call.Args[0], e)
	}}
	wait := serving(context.Background(), c.l, o, func(ctx context.Context, r *seccomp.Request) { ways[r.Call.Args[0]].fails(ctx, r) })
	for range 20 {
		for i := range ways {
			failedWith(c.ask(uintptr(i)), unix.EXFULL)
		}
	}
	var all []*judge.Forked
	for i := range ways {
		all = append(all, c.fork(nrCall(unix.SYS_GETPGRP, uint64(i))))
	}
	for _, f := range all {
		exited(f)
		check(isErrno(f.Result(0), unix.EXFULL), "%d", f.Result(0))
	}
	must(c.l.Close())
	err := wait()
	var first *seccomp.HandlerError
	check(errors.As(err, &first) && first.Reason == seccomp.ErrNotAnswered && errors.Is(err, os.ErrClosed), "%v", err)
	check(int(told.Load()) == 21*len(ways), "told of %d", told.Load())
}

// atOnce checks that n handlers run at once, and not one more.
func atOnce(o seccomp.ServeOptions, n int) {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	running, release := make(chan struct{}, 2*n), make(chan struct{})
	serving(context.Background(), c.l, o, func(_ context.Context, r *seccomp.Request) {
		running <- struct{}{}
		<-release
		must(r.Return(r.Call.Args[0]))
	})
	var all []*judge.Forked
	for i := range n + 1 {
		all = append(all, c.fork(nrCall(unix.SYS_GETPGRP, uint64(i))))
	}
	for range n {
		<-running // hangs if fewer run
	}
	// The call that is too many stays with the kernel.
	for ready(c.fd())&unix.POLLIN == 0 {
		runtime.Gosched()
	}
	check(len(running) == 0, "%d more handlers", len(running))
	close(release)
	for i, f := range all {
		exited(f)
		check(f.Result(0) == int64(i), "%d: %d", i, f.Result(0))
	}
}

func serveAtOnce() {
	for _, n := range []int{1, 2, 5} {
		atOnce(seccomp.ServeOptions{Concurrency: n}, n)
	}
}

func serveAtOnceByDefault() { atOnce(seccomp.ServeOptions{}, seccomp.DefaultConcurrency) }

func serveLate() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	late := make(chan error, 1)
	var told atomic.Int32
	o := seccomp.ServeOptions{Timeout: time.Millisecond, Failed: func(_ *seccomp.Request, e *seccomp.HandlerError) {
		check(e.Reason == seccomp.ErrLate, "%v", e)
		told.Add(1)
	}}
	ctx, cancel := context.WithCancel(context.Background())
	wait := serving(ctx, c.l, o, func(ctx context.Context, r *seccomp.Request) {
		if r.Call.Args[0] == 0 {
			<-ctx.Done() // which only lateness brings
			late <- r.Return(1)
			return
		}
		_ = r.Return(r.Call.Args[0]) // on a loaded machine this too may be late
	})
	for range 5 {
		failedWith(c.ask(0), unix.EIO)
		is(<-late, seccomp.ErrAnswered, unix.EINPROGRESS)
	}
	for a := (answer{}); a.errno != 0 || a.r != 3; {
		a = <-c.ask(3)
	}
	cancel()
	err := wait()
	check(errors.Is(err, context.Canceled) && errors.Is(err, seccomp.ErrLate) && told.Load() >= 5, "%v, told %d", err, told.Load())
}

// serveSlowTelling: who is told of failures keeps nobody waiting, however long it takes.
func serveSlowTelling() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	release := make(chan struct{})
	o := seccomp.ServeOptions{Concurrency: 1, Failed: func(*seccomp.Request, *seccomp.HandlerError) { <-release }}
	ctx, cancel := context.WithCancel(context.Background())
	wait := serving(ctx, c.l, o, func(_ context.Context, r *seccomp.Request) {
		if r.Call.Args[0] != 0 {
			_ = r.Return(r.Call.Args[0])
		}
	})
	for range 3 {
		failedWith(c.ask(0), unix.EIO)
		a := <-c.ask(3)
		check(a.errno == 0 && a.r == 3, "%v", a)
	}
	close(release)
	cancel()
	check(errors.Is(wait(), seccomp.ErrNotAnswered), "the first failure is lost")
}

// serveTooManyLate: handlers that never end do not pile up.
func serveTooManyLate() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	release := make(chan struct{})
	var handled atomic.Int32
	o := seccomp.ServeOptions{Timeout: time.Millisecond, Concurrency: 2}
	ctx, cancel := context.WithCancel(context.Background())
	wait := serving(ctx, c.l, o, func(_ context.Context, r *seccomp.Request) {
		if r.Call.Args[0] == 0 {
			handled.Add(1)
			<-release
		}
		_ = r.Return(1)
	})
	for range 10 {
		failedWith(c.ask(0), unix.EIO)
	}
	check(handled.Load() == 2, "%d handlers for calls that are late", handled.Load())
	failedWith(c.ask(1), unix.EIO) // one that would not be
	close(release)
	for a := (answer{}); a.errno != 0 || a.r != 1; {
		a = <-c.ask(1)
	}
	cancel()
	check(errors.Is(wait(), context.Canceled), "not canceled")
}

// serveLateLeader: with one worker, the one that is late had the lead.
func serveLateLeader() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	o := seccomp.ServeOptions{Timeout: time.Microsecond, Concurrency: 1}
	ctx, cancel := context.WithCancel(context.Background())
	wait := serving(ctx, c.l, o, func(ctx context.Context, r *seccomp.Request) { <-ctx.Done() })
	for range 200 {
		failedWith(c.ask(0), unix.EIO)
	}
	cancel()
	check(errors.Is(wait(), context.Canceled), "not canceled")
}

// serveCallerGone: a caller that is no more is no fault of the handler's.
func serveCallerGone() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	killedOne := make(chan struct{})
	received := make(chan struct{}, 1)
	wait := serving(context.Background(), c.l, seccomp.ServeOptions{}, func(_ context.Context, r *seccomp.Request) {
		received <- struct{}{}
		<-killedOne
		is(r.Valid(), seccomp.ErrRequestGone, unix.ENOENT)
		received <- struct{}{}
	})
	f := c.fork(nrCall(unix.SYS_GETPGRP))
	<-received
	killed(f)
	close(killedOne)
	<-received // and does not answer
	must(c.l.Close())
	err := wait()
	check(errors.Is(err, os.ErrClosed) && !errors.Is(err, seccomp.ErrNotAnswered), "%v", err)
}

// serveAlone: while Serve runs, Receive waits.
func serveAlone() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	ctx, cancel := context.WithCancel(context.Background())
	wait := serving(ctx, c.l, seccomp.ServeOptions{}, echo)
	succeeded(c.ask(1), 1)
	short, stop := context.WithCancel(context.Background())
	errs := make(chan error)
	go func() {
		_, err := c.l.Receive(short)
		errs <- err
	}()
	for i := range uintptr(50) {
		succeeded(c.ask(i), i)
	}
	stop()
	check(<-errs == context.Canceled, "Receive received")
	cancel()
	check(wait() == context.Canceled, "not canceled")
}

// serveOpens is a broker for os.Open in the same process, with the collector at work.
func serveOpens() {
	f := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Allow, Rules: []seccomp.Rule{{Call: "openat", Action: seccomp.UserNotif}}}
	p, err := f.CompileInProcess()
	must(err)
	c := newCallerOf(p, seccomp.WaitKillableRecv)
	content, err := os.ReadFile("/proc/version")
	must(err)
	serving(context.Background(), c.l, seccomp.ServeOptions{}, func(_ context.Context, r *seccomp.Request) {
		name, err := r.String(1)
		must(err)
		if name != "/virtual/file" {
			must(r.Fail(uint16(unix.EACCES)))
			return
		}
		file, err := os.Open("/proc/version")
		must(err)
		must(r.ReturnFile(file, seccomp.FileOptions{CloseOnExec: r.Call.Args[2]&unix.O_CLOEXEC != 0}))
		must(file.Close())
	})
	stop := make(chan struct{})
	var collector sync.WaitGroup
	collector.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	})
	for range 100 {
		c.run(func() {
			got, err := os.ReadFile("/virtual/file")
			check(err == nil && bytes.Equal(got, content), "%q, %v", got, err)
			_, err = os.Open("/proc/version")
			check(errors.Is(err, os.ErrPermission), "%v", err)
		})
	}
	close(stop)
	collector.Wait()
}
