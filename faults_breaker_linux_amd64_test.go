// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A breaker lets one call of another process fail, the k-th of its number that the process's
// own code, not the Go runtime, makes in a window that it opens and closes; all others are
// executed. It holds the listener of a filter that the process has put on itself.
type breaker struct {
	mu     sync.Mutex
	open   bool
	fails  nth
	errno  uint16
	seen   []uint32          // numbers of the calls in the window
	count  map[uint32]uint64 // by number
	failed bool
}

// nth is the k-th call of a number. The goroutine of reports makes calls beside those of setup:
// counted together they would not be the same ones each time.
type nth struct {
	nr uint32
	k  uint64 // from 1 on; 0: none
}

// breakable are the calls of setup, narrowing and Go that can fail while the Go runtime lives
// on. Not here: what the runtime makes itself and ends the program without (futex, mmap,
// clone of a thread, rt_sigprocmask, sigaltstack, epoll_create1, eventfd2), and getpid and
// gettid, which cannot fail.
var breakable = []string{"seccomp", "prctl", "rt_sigaction", "pipe2", "fcntl", "epoll_ctl", "openat", "read", "close", "getdents64", "tgkill", "personality"}

// What the worker tells the breaker, by a call that no policy refuses: close(message, nr, k, errno).
const (
	openWindow  = 0x6f70656e_00000000
	closeWindow = 0x73687574_00000000
)

// underBreaker puts the calling process under a breaker, which waits at descriptor 3.
func underBreaker() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	f := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Allow, Rules: seccomp.Group(seccomp.UserNotif, breakable...)}
	program, err := f.Compile()
	must(err)
	socket := os.NewFile(3, "breaker") // asks by fcntl, which nobody answers until Send
	must(seccomp.SetNoNewPrivs())
	l, err := seccomp.SetFilterWithListener(program, seccomp.TSync|seccomp.WaitKillableRecv)
	must(err)
	must(l.Send(socket))
	must(l.Close())
	must(socket.Close())
}

// breaking opens the window, runs fn, and closes it again. It reports whether a call failed.
func breaking(fails nth, errno unix.Errno, fn func()) bool {
	unix.RawSyscall6(unix.SYS_CLOSE, openWindow, uintptr(fails.nr), uintptr(fails.k), uintptr(errno), 0, 0)
	fn()
	r, _, e := unix.RawSyscall(unix.SYS_CLOSE, closeWindow, 0, 0)
	if e != 0 {
		testproc.Fail("the breaker: %v", e)
	}
	return r == 1
}

func (b *breaker) handle(_ context.Context, r *seccomp.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var err error
	switch c := r.Call; {
	case c.Nr == unix.SYS_CLOSE && c.Args[0] == openWindow:
		b.open, b.fails, b.errno, b.count = true, nth{uint32(c.Args[1]), c.Args[2]}, uint16(c.Args[3]), make(map[uint32]uint64)
		err = r.Return(0)
	case c.Nr == unix.SYS_CLOSE && c.Args[0] == closeWindow:
		b.open = false
		result := uint64(0)
		if b.failed {
			result = 1
		}
		err = r.Return(result)
	case b.counts(c):
		b.failed = true
		err = r.Fail(b.errno)
	default:
		err = r.UnsafeContinue()
	}
	if err != nil && !errors.Is(err, seccomp.ErrRequestGone) {
		testproc.Fail("the breaker: %v", err)
	}
}

// counts counts a call and reports whether its turn to fail has come. The worker is a process
// of the same program: addresses mean the same.
func (b *breaker) counts(c seccomp.Call) bool {
	if !b.open {
		return false
	}
	f := runtime.FuncForPC(uintptr(c.IP) - 1)
	if f == nil || strings.HasPrefix(f.Name(), "runtime.") { // of C, of the runtime
		return false
	}
	b.seen = append(b.seen, c.Nr)
	b.count[c.Nr]++
	return b.fails == nth{c.Nr, b.count[c.Nr]}
}

// A broken is how a worker ended, and what it printed.
type broken struct {
	state          *os.ProcessState
	stdout, stderr string
	calls          []uint32
}

// breakOne runs a worker, a child function that begins with underBreaker, to its end.
func breakOne(worker string, args ...string) broken {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	must(err)
	here, there := os.NewFile(uintptr(fds[0]), "here"), os.NewFile(uintptr(fds[1]), "there")
	cmd := testproc.Command(worker, args...)
	cmd.ExtraFiles = []*os.File{there}
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	must(cmd.Start())
	must(there.Close())
	l, err := seccomp.ReceiveListener(here)
	if err != nil {
		testproc.Fail("%v: %v: %s", err, cmd.Wait(), &stderr)
	}
	must(here.Close())
	var b breaker
	served := make(chan error)
	go func() { served <- l.Serve(context.Background(), b.handle) }()
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		testproc.Fail("%v", err)
	}
	must(<-served) // its last thread is gone
	must(l.Close())
	return broken{cmd.ProcessState, stdout.String(), stderr.String(), b.seen}
}
