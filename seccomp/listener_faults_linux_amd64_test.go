// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/judge"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// What goes wrong around a listener. Hostile paths and stale ids: TestMemory.
var faultTests = []childTest{
	{"supervisor dies", since5_19, supervisorDies},
	{"worker keeps its listener", since5_19, workerKeepsListener},
	{"callers killed", since5_19, callersKilled},
	{"signal storm", since5_19, signalStorm},
	{"signals at 1 kHz", since5_14, signalsWithoutKillable},
	{"interrupted before receipt", since5_9, interruptedBeforeReceipt},
	{"10000 from 64 threads", since5_19, manyCallers},
	{"descriptor limit", since5_19, descriptorLimit},
	{"listener without descriptors", since5_19, supervisorWithoutDescriptors},
}

func init() {
	register("TestFaults", faultTests)
	installChildren["faults.mortal"] = mortalSupervisor
	installChildren["faults.worker"] = manyCallersWorker
}

func TestFaults(t *testing.T) { runChildren(t, faultTests) }

// supervised puts this process under a filter whose listener another process holds, which
// serves a number of calls and dies.
func supervised(calls int) (mine *seccomp.Listener, died func()) {
	here, there := sockets(unix.SOCK_STREAM)
	cmd := testproc.Command("faults.mortal", strconv.Itoa(calls))
	cmd.ExtraFiles = []*os.File{there}
	cmd.Stderr = os.Stderr
	must(cmd.Start())
	must(there.Close())
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	noNewPrivs()
	l, err := seccomp.SetFilterWithListener(refusing(seccomp.UserNotif, "getpgrp"), seccomp.TSync|seccomp.WaitKillableRecv)
	must(err)
	must(l.Send(here))
	return l, func() {
		err := cmd.Wait()
		check(err != nil && cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() == unix.SIGKILL, "the supervisor: %v", err)
	}
}

func mortalSupervisor() {
	calls, err := strconv.Atoi(testproc.Args()[0])
	must(err)
	l, err := seccomp.ReceiveListener(os.NewFile(3, "socket"))
	must(err)
	for range calls {
		must(receive(l).Return(1 << 20))
	}
	receive(l) // one has no answer yet
	must(unix.Kill(os.Getpid(), unix.SIGKILL))
	select {}
}

func supervisorDies() {
	l, died := supervised(100)
	must(l.Close())
	var answered atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for {
				a := makeCall(unix.SYS_GETPGRP)
				if a.errno == unix.ENOSYS {
					return
				}
				check(a == answer{r: 1 << 20}, "%+v", a)
				answered.Add(1)
			}
		})
	}
	all.Wait() // nothing hangs
	died()
	check(answered.Load() == 100, "%d calls were answered", answered.Load())
	check(makeCall(unix.SYS_GETPGRP).errno == unix.ENOSYS, "a later call")
}

// workerKeepsListener: a worker that has not closed its own can serve itself when its supervisor
// is dead, and only then its calls end.
func workerKeepsListener() {
	l, died := supervised(1)
	result := make(chan answer, 2)
	go func() {
		for range 2 {
			result <- makeCall(unix.SYS_GETPGRP)
		}
	}()
	succeeded(result, 1<<20)
	died()
	check(len(result) == 0, "answered by nobody")
	must(l.Close())
	failedWith(result, unix.ENOSYS)
}

// callersKilled: processes die at any moment of their calls, and others are served.
func callersKilled() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	wait := serving(context.Background(), c.l, seccomp.ServeOptions{}, func(_ context.Context, r *seccomp.Request) {
		if r.Call.Args[0]%3 == 0 {
			runtime.Gosched()
		}
		if err := r.Return(r.Call.Args[0]); err != nil {
			is(err, seccomp.ErrRequestGone, unix.ENOENT)
		}
	})
	const processes, calls = 150, 20
	for i := range processes {
		list := make([]seccomp.Call, calls)
		for j := range list {
			list[j] = nrCall(unix.SYS_GETPGRP, uint64(j))
		}
		f := c.fork(list...)
		if i%2 == 0 {
			for range rand.IntN(200) {
				runtime.Gosched()
			}
			must(unix.Kill(f.PID, unix.SIGKILL))
			_, err := f.Wait()
			must(err)
		} else {
			exited(f)
		}
		for j := range calls {
			got := f.Result(j)
			check(got == int64(j) || i%2 == 0 && got == judge.NotMade, "process %d, call %d: %d", i, j, got)
		}
	}
	succeeded(c.ask(5), 5)
	must(c.l.Close())
	check(errors.Is(wait(), os.ErrClosed), "not closed")
}

// opener makes openat(2) return a file of its listener's, n times, and checks each.
func opener(c *caller, n int, file *os.File) {
	var want unix.Stat_t
	must(unix.Fstat(int(file.Fd()), &want))
	c.run(func() {
		for i := range n {
			fd, err := unix.Open("/virtual", unix.O_RDONLY, 0)
			check(err == nil && fd > 2, "call %d returned descriptor %d, %v", i, fd, err)
			var got unix.Stat_t
			must(unix.Fstat(fd, &got))
			check(got.Ino == want.Ino && got.Dev == want.Dev, "call %d returned another file", i)
			must(unix.Close(fd))
		}
	})
}

// threads are those of this process.
func threads() (tids []int) {
	list, err := filepath.Glob("/proc/self/task/*")
	must(err)
	for _, name := range list {
		tid, err := strconv.Atoi(filepath.Base(name))
		must(err)
		tids = append(tids, tid)
	}
	return tids
}

// storm sends SIGURG to all threads of this process until the function returned is called.
func storm(pause func()) (stop func()) {
	var over atomic.Bool
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for !over.Load() {
			for range 50 {
				for _, tid := range threads() {
					for range 20 {
						_ = unix.Tgkill(unix.Getpid(), tid, unix.SIGURG) // it may have ended
					}
				}
				if over.Load() {
					return
				}
				pause()
			}
		}
	}()
	return func() { over.Store(true); <-ended }
}

// signalStorm hits caller and listener in the midst of what they do, as fast as signals can
// be sent: each call gets its file, and none descriptor 0, which an
// interrupted ioctl would leave it.
func signalStorm() {
	runtime.GOMAXPROCS(max(4, runtime.GOMAXPROCS(0)))
	c := newCaller(seccomp.WaitKillableRecv, "openat")
	file := devNull()
	var asked atomic.Int32
	wait := serving(context.Background(), c.l, seccomp.ServeOptions{}, func(_ context.Context, r *seccomp.Request) {
		asked.Add(1)
		_, err := r.String(1)
		must(err)
		must(r.ReturnFile(file, seccomp.FileOptions{CloseOnExec: true}))
	})
	stop := storm(func() {})
	const calls = 3000
	opener(c, calls, file)
	stop()
	check(asked.Load() == calls, "%d notifications were received for %d calls", asked.Load(), calls)
	must(c.l.Close())
	check(errors.Is(wait(), os.ErrClosed), "not closed")
}

// signalsWithoutKillable: without WaitKillableRecv calls restart, so that there are more requests
// than calls. Each call has the right end all the same.
func signalsWithoutKillable() {
	c := newCaller(0, "openat")
	file := devNull()
	wait := serving(context.Background(), c.l, seccomp.ServeOptions{}, func(_ context.Context, r *seccomp.Request) {
		if err := r.ReturnFile(file, seccomp.FileOptions{CloseOnExec: true}); err != nil {
			is(err, seccomp.ErrRequestGone, unix.ENOENT)
		}
	})
	tick := time.NewTicker(time.Millisecond) // the storm's rate, not the test's clock
	defer tick.Stop()
	stop := storm(func() { <-tick.C })
	opener(c, 3000, file)
	stop()
	must(c.l.Close())
	check(errors.Is(wait(), os.ErrClosed), "not closed")
}

// interruptedBeforeReceipt: notifications vanish between poll(2) and their receipt, again
// and again; that is no error, and no call is answered twice.
func interruptedBeforeReceipt() {
	runtime.GOMAXPROCS(max(4, runtime.GOMAXPROCS(0)))
	c := newCaller(0, "getpgrp")
	go func() {
		for {
			r := c.next()
			if err := r.Return(r.Call.Args[0]); err != nil {
				is(err, seccomp.ErrRequestGone, unix.ENOENT)
			}
		}
	}()
	for i := range uintptr(100) {
		result := c.ask(i)
		for range 300 {
			c.signal()
		}
		succeeded(result, i)
	}
}

const (
	manyThreads = 64
	manyCalls   = 157 // of each: 10,048 together
)

func manyCallers() {
	cmd, l := startWorker("faults.worker")
	var asked atomic.Int32
	must(l.Serve(context.Background(), func(_ context.Context, r *seccomp.Request) {
		asked.Add(1)
		must(r.Return(r.Call.Args[0]<<20 | r.Call.Args[1]))
	}))
	must(cmd.Wait())
	check(asked.Load() == manyThreads*manyCalls, "%d requests for %d calls", asked.Load(), manyThreads*manyCalls)
}

func manyCallersWorker() {
	beWorker()
	var all sync.WaitGroup
	for thread := range uintptr(manyThreads) {
		all.Go(func() {
			runtime.LockOSThread()
			for i := range uintptr(manyCalls) {
				a := makeCall(unix.SYS_GETPGRP, thread, i)
				check(a == answer{r: thread<<20 | i}, "thread %d, call %d: %+v", thread, i, a)
			}
		})
	}
	all.Wait()
}

// descriptorLimit: the caller hears why it gets no file, as it would from the kernel.
func descriptorLimit() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	file := devNull()
	free := lowestFree()
	limit := unix.Rlimit{Cur: uint64(free) + 3, Max: 4096}
	kept = append(kept, &limit)
	serving(context.Background(), c.l, seccomp.ServeOptions{}, func(_ context.Context, r *seccomp.Request) {
		err := r.ReturnFile(file, seccomp.FileOptions{})
		var e *seccomp.RequestError
		if errors.As(err, &e) {
			must(r.Fail(uint16(e.Errno)))
		} else {
			must(err)
		}
	})
	calls := []seccomp.Call{nrCall(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_NOFILE, pointer(&limit), 0)}
	for range 6 {
		calls = append(calls, nrCall(unix.SYS_GETPGRP))
	}
	f := c.fork(calls...)
	exited(f)
	for i := range 6 {
		got := f.Result(i + 1)
		check(i < 3 && got == free+int64(i) || i >= 3 && isErrno(got, unix.EMFILE), "call %d: %d", i, got)
	}
}

// supervisorWithoutDescriptors: a listener needs no descriptor to receive and to answer.
func supervisorWithoutDescriptors() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	file := devNull()
	want := lowestFree()
	must(unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(want), Max: 4096}))
	result := c.ask()
	r := c.next()
	is(r.ReturnFile(file, seccomp.FileOptions{}), nil, unix.EMFILE) // the caller is this process too
	must(r.ReturnFile(file, seccomp.FileOptions{Replace: true, Number: int(file.Fd())}))
	succeeded(result, file.Fd())
	_, err := c.l.File()
	is(err, nil, unix.EMFILE)
}
