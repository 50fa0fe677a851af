// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A childTest is a test that is all in one child.
type childTest struct {
	name  string
	since testproc.Version
	child func()
}

func (c childTest) id(test string) string { return test + "/" + c.name }

// register adds the children of a test.
func register(test string, tests []childTest) {
	for _, c := range tests {
		installChildren[c.id(test)] = c.child
	}
}

func runChildren(t *testing.T, tests []childTest) {
	t.Helper()
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			testproc.Require(t, testproc.Feature{Name: c.name, Since: c.since})
			testproc.Run(t, c.id(t.Name()[:len(t.Name())-len(c.name)-1])).ExpectExit(t, 0)
		})
	}
}

// since5_19 is what Go programs under a listener need: WAIT_KILLABLE_RECV.
var since5_19 = testproc.WaitKillableRecv.Since

var listenerTests = []childTest{
	{"canceled", since5_19, receiveCanceled},
	{"canceled in turn", since5_19, receiveCanceledInTurn},
	{"canceled as another receives", since5_19, receiveCanceledMeanwhile},
	{"canceled often", since5_19, receiveCanceledOften},
	{"end", since6_11, receiveEnd},
	{"closed", since5_19, closedEverywhere},
	{"closed meanwhile", since5_19, closedMeanwhile},
	{"refused", since5_9, listenerRefused},
	{"no descriptors", since5_9, listenerWithoutDescriptors},
	{"adopted", since5_19, listenerAdopted},
	{"not adopted", since5_9, listenerNotAdopted},
	{"zero values", since5_9, zeroValues},
	{"two receivers", since5_19, twoReceivers},
}

func init() { register("TestListener", listenerTests) }

func TestListener(t *testing.T) { runChildren(t, listenerTests) }

func receiveCanceled() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	ctx, cancel := context.WithCancelCause(context.Background())
	errs := make(chan error)
	go func() {
		_, err := c.l.Receive(ctx)
		errs <- err
	}()
	cancel(io.ErrNoProgress)
	err := <-errs
	check(err == context.Canceled, "%v", err)
	_, err = c.l.Receive(ctx)
	check(err == context.Canceled, "with a context that is over: %v", err)
	late, stop := context.WithTimeout(context.Background(), 1)
	defer stop()
	_, err = c.l.Receive(late)
	check(err == context.DeadlineExceeded, "%v", err)
	result := c.ask() // what is announced later is not lost
	must(c.next().Return(3))
	succeeded(result, 3)
}

// receiveCanceledInTurn: of two that wait, the one whose context ends returns, whichever has its
// turn, and the other goes on.
func receiveCanceledInTurn() {
	for range 50 {
		c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
		var ends [2]context.CancelFunc
		var errs [2]chan error
		for i := range 2 {
			var ctx context.Context
			ctx, ends[i] = context.WithCancel(context.Background())
			errs[i] = make(chan error, 1)
			go func() {
				r, err := c.l.Receive(ctx)
				if err == nil {
					err = r.Return(9)
				}
				errs[i] <- err
			}()
		}
		runtime.Gosched()
		ends[0]()
		err := <-errs[0]
		check(err == context.Canceled, "%v", err)
		result := c.ask()
		must(<-errs[1])
		succeeded(result, 9)
		ends[1]()
		must(c.l.Close())
		c.end()
	}
}

// receiveCanceledMeanwhile: the first receives while the context of the second, which waits for
// its turn, ends. Whoever uses up the wake, the second returns.
func receiveCanceledMeanwhile() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	for range 1000 {
		first := make(chan error, 1)
		go func() {
			r, err := c.l.Receive(context.Background())
			if err == nil {
				err = r.Return(5)
			}
			first <- err
		}()
		ctx, cancel := context.WithCancel(context.Background())
		second := make(chan struct{})
		var got *seccomp.Request
		go func() {
			defer close(second)
			got, _ = c.l.Receive(ctx)
		}()
		result := c.ask()
		cancel()
		<-second
		if got != nil { // it was first
			must(got.Return(5))
			succeeded(result, 5)
			result = c.ask()
		}
		must(<-first)
		succeeded(result, 5)
	}
}

// receiveCanceledOften: contexts that end at any moment lose no notification.
func receiveCanceledOften() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	const calls = 300
	done := make(chan struct{})
	go func() {
		for i := range uintptr(calls) {
			succeeded(c.ask(i), i)
		}
		close(done)
	}()
	for answered := 0; answered < calls; {
		ctx, cancel := context.WithCancel(context.Background())
		go cancel()
		r, err := c.l.Receive(ctx)
		if err == nil {
			must(r.Return(r.Call.Args[0]))
			answered++
		} else {
			check(err == context.Canceled, "%v", err)
		}
	}
	<-done
}

func receiveEnd() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	errs := make(chan error)
	go func() {
		_, err := c.l.Receive(context.Background())
		errs <- err
	}()
	f := c.fork(nrCall(unix.SYS_PAUSE))
	c.end()
	killed(f) // the last one
	check(<-errs == io.EOF, "no EOF")
	_, err := c.l.Receive(context.Background())
	check(err == io.EOF, "%v", err)
	must(c.l.Close())
}

func closedEverywhere() {
	before := descriptors()
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	result := c.ask()
	r := c.next()
	errs := make(chan error)
	go func() {
		_, err := c.l.Receive(context.Background())
		errs <- err
	}()
	must(c.l.Close())
	failedWith(result, unix.ENOSYS)
	_, receive := c.l.Receive(context.Background())
	_, file := c.l.File()
	_, add := r.AddFile(os.Stdin, seccomp.FileOptions{})
	_, read := r.ReadMemory(1, make([]byte, 1))
	_, str := r.String(0)
	for i, err := range []error{<-errs, receive, file, add, read, str, c.l.Close(), c.l.Send(os.Stdin), c.l.SetSyncWakeUp(),
		r.Valid(), r.Return(0), r.Fail(1), r.UnsafeContinue(), r.ReturnFile(os.Stdin, seccomp.FileOptions{}),
		c.l.Serve(context.Background(), nil)} {
		check(errors.Is(err, os.ErrClosed), "%d: %v", i, err)
	}
	check(descriptors() == before, "%d descriptors, %d before", descriptors(), before)
}

// descriptors counts the open descriptors of this process.
func descriptors() int {
	list, err := filepath.Glob("/proc/self/fd/*")
	must(err)
	return len(list)
}

// zeroValues are those of a closed listener, and touch no descriptor 0.
func zeroValues() {
	var l seccomp.Listener
	var r seccomp.Request
	_, receive := l.Receive(context.Background())
	_, file := l.File()
	r.PID = os.Getpid()
	_, read := r.ReadMemory(0, nil)
	_, str := r.String(0)
	_, add := r.AddFile(os.Stdin, seccomp.FileOptions{})
	for i, err := range []error{receive, file, read, str, add, l.Close(), l.Send(os.Stdin), l.SetSyncWakeUp(), l.Serve(context.Background(), nil),
		r.Valid(), r.Return(0), r.Fail(1), r.UnsafeContinue(), r.ReturnFile(os.Stdin, seccomp.FileOptions{})} {
		check(errors.Is(err, os.ErrClosed), "%d: %v", i, err)
	}
}

// closedMeanwhile closes while others use the listener: none of them may use a number that is
// another file's by then.
func closedMeanwhile() {
	const added = 99
	must(unix.Dup3(0, added, unix.O_CLOEXEC))
	before := descriptors()
	for range 100 {
		c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
		result := c.ask()
		r := c.next()
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				for {
					var err error
					switch i % 4 {
					case 0:
						_, err = c.l.Receive(context.Background())
					case 1:
						err = r.Valid()
					case 2:
						err = c.l.SetSyncWakeUp()
					case 3:
						_, err = r.AddFile(os.Stdin, seccomp.FileOptions{Replace: true, Number: added})
					}
					if errors.Is(err, os.ErrClosed) {
						return
					}
				}
			})
		}
		must(c.l.Close())
		failedWith(result, unix.ENOSYS)
		all.Wait()
		c.end()
		check(descriptors() == before, "%d descriptors, %d before", descriptors(), before)
	}
}

func listenerRefused() {
	onThread(func() {
		noNewPrivs()
		p := refusing(seccomp.UserNotif, "getpgrp")
		_, err := seccomp.SetFilterWithListener(nil, 0)
		check(err == seccomp.ErrNoProgram, "%v", err)
		for _, f := range []seccomp.Flags{1 << 3, 1 << 6, 1 << 31} {
			_, err := seccomp.SetFilterWithListener(p, f)
			is(err, nil, unix.EINVAL)
		}
		before := descriptors()
		_, err = seccomp.SetFilterWithListener(p, seccomp.LogAll|seccomp.UnsafeSpecAllow|seccomp.TSyncESRCH)
		must(err)
		_, err = seccomp.SetFilterWithListener(p, 0)
		is(err, seccomp.ErrListenerExists, unix.EBUSY)
		check(descriptors() == before+2, "%d descriptors, %d before", descriptors(), before)
	})
}

func listenerWithoutDescriptors() {
	onThread(func() {
		noNewPrivs()
		p := refusing(seccomp.UserNotif, "getpgrp")
		free := uint64(lowestFree())
		for _, limit := range []uint64{free, free + 1} { // no eventfd, no listener
			must(unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: limit, Max: 4096}))
			_, err := seccomp.SetFilterWithListener(p, 0)
			is(err, nil, unix.EMFILE)
		}
		must(unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 4096, Max: 4096}))
		_, errno := ask()
		check(errno == 0 && uint64(lowestFree()) == free, "the filter is there, or a descriptor was left: %v", errno)
	})
}

func listenerAdopted() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	f, err := c.l.File()
	must(err)
	flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFD, 0)
	check(err == nil && flags == unix.FD_CLOEXEC, "%#x, %v", flags, err)
	must(c.l.Close())
	l, err := seccomp.NewListener(f)
	must(err)
	must(f.Close())
	result := c.ask()
	must(receive(l).Return(8))
	succeeded(result, 8)
	must(l.Close())
	failedWith(c.ask(), unix.ENOSYS)
}

func listenerNotAdopted() {
	before := descriptors()
	fd := func(fd int, err error) *os.File {
		must(err)
		return os.NewFile(uintptr(fd), "test")
	}
	reader, writer, err := os.Pipe()
	must(err)
	files := []*os.File{reader, writer, devNull(), fd(unix.Eventfd(0, 0)), fd(unix.EpollCreate1(0)), fd(unix.MemfdCreate("x", 0)),
		fd(unix.PidfdOpen(os.Getpid(), 0)), fd(unix.InotifyInit1(0)), fd(unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)), fd(unix.TimerfdCreate(0, 0))}
	for i, f := range files {
		l, err := seccomp.NewListener(f)
		check(l == nil && errors.Is(err, seccomp.ErrNotListener), "%d: %v", i, err)
		must(f.Close())
		_, err = seccomp.NewListener(f)
		check(errors.Is(err, os.ErrClosed), "%d: closed: %v", i, err)
	}
	_, err = seccomp.NewListener(nil)
	check(errors.Is(err, os.ErrInvalid), "%v", err)
	// The runtime's own poller came with the pipe.
	check(descriptors() <= before+2, "%d descriptors, %d before", descriptors(), before)
}

// twoReceivers share one listener, which hands each request out once.
func twoReceivers() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	ctx, stop := context.WithCancel(context.Background())
	for range 4 {
		go func() {
			for {
				r, err := c.l.Receive(ctx)
				if err != nil {
					check(err == context.Canceled, "%v", err)
					return
				}
				must(r.Return(r.Call.Args[0]))
			}
		}()
	}
	for i := range uintptr(200) {
		succeeded(c.ask(i), i)
	}
	stop()
}
