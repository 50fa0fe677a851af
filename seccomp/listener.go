// SPDX-License-Identifier: MIT

package seccomp

import (
	"context"
	"errors"
	"os"
	"syscall"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// listenerFlags are the flags of SetFilterWithListener.
const listenerFlags = knownFlags | WaitKillableRecv

// ErrNotListener: the descriptor given to NewListener, or received by
// ReceiveListener, is not that of a seccomp listener.
var ErrNotListener = errors.New("seccomp: the descriptor is not that of a listener")

// A Listener receives the calls that a filter answers with [UserNotif], and
// answers them: with a result, an errno or a descriptor, or by letting them be
// executed (seccomp_unotify(2)). Its methods may be called by several goroutines at
// once.
//
// A filtered thread waits in the kernel until its call is answered. Who holds a
// listener must serve it or close it:
//
//   - When the last descriptor of a listener is closed, also because the
//     process that held it has died, every waiting call and every later one fails
//     with ENOSYS. Nothing hangs.
//   - As long as any descriptor is open and nobody receives, callers wait for ever. A
//     worker that has sent its listener to a supervisor must therefore close its
//     own: otherwise it waits for itself when the supervisor has died. The
//     descriptor is close-on-exec; a child made by fork without exec shares it.
//   - Only one process should receive from a listener, and by one Listener.
//     Where two do, one may find its notification taken by the other, and
//     its Receive then waits in the kernel where no context can reach it.
//
// # Signals
//
// A signal handler that runs in the caller interrupts its wait: the notification is
// void, [Request] methods say [ErrRequestGone], and the call starts again, with a new
// notification, or fails with EINTR if the handler was installed without
// SA_RESTART. Go interrupts its own threads by SIGURG, also in calls: without
// [WaitKillableRecv] a Go program may never get its answer. With it, a call whose
// notification has been received waits on, and only death interrupts it; before it has
// been received any signal still does. Early kernels with the flag have a race here,
// which Linux 6.18 closed.
//
// # Security
//
// The kernel asks the strictest filter: a filter that the caller adds later and that
// answers with an errno or worse hides its calls from the listener. And a caller
// whose call is executed after all ([Request.UnsafeContinue]) can change what its
// arguments point to after they were looked at. A listener does work on behalf
// of a less privileged program; what that program must not do has to be refused by the
// filter, or not be done by the listener.
//
// The zero Listener is a closed one.
type Listener struct {
	h    handle
	turn chan struct{} // holds one token: one goroutine receives at a time
}

// SetFilterWithListener puts a program in force as [SetFilter] does, and returns
// the listener that answers the calls for which the program says [UserNotif]
// (Linux 5.0). Flags are those of SetFilter and [WaitKillableRecv], which every
// Go program among the callers needs. TSync implies TSyncESRCH here, for the kernel has one
// result for both thread and descriptor. A goroutine that wants no TSync should not be the
// main one: see SetFilter.
//
// From its return on, a thread under the filter that makes such a call waits for an
// answer. So the calling goroutine, which without TSync is under the filter, must not
// be the one that answers, and what it does until somebody else serves the listener
// must need no such call: handing it to a goroutine needs none, [Listener.Send]
// needs sendmsg.
//
// Within one process only calls that Go makes by [syscall.Syscall] can be answered,
// by goroutines that are not under the filter: compile the program with
// [Filter.CompileInProcess], install it without TSync, and start the goroutine that
// serves before.
//
// Errors are those of SetFilter, and:
//
//	ErrListenerExists  a filter of this thread has a listener already
//	EMFILE, ENFILE     no descriptor is free
//	ErrUnsupported     the kernel is older than the action or a flag
//
// After an error nothing is installed.
func SetFilterWithListener(p *Program, f Flags) (*Listener, error) {
	if p.Len() == 0 {
		return nil, ErrNoProgram
	}
	if err := checkFlags(f, listenerFlags); err != nil {
		return nil, err
	}
	if f&TSync != 0 {
		f |= TSyncESRCH // kernel/seccomp.c: seccomp_set_mode_filter takes both flags only with it
	}
	return setFilterWithListener(p, f|abi.FlagNewListener)
}

// NewListener makes a Listener of a descriptor that comes from another process:
// from its [Listener.File], sent over a unix socket or inherited. It keeps a duplicate; f
// stays the caller's, who should close it. The error wraps [ErrNotListener] if f is
// something else.
func NewListener(f *os.File) (*Listener, error) {
	var l *Listener
	err := withFD(f, func(fd int) (err error) {
		l, err = dupListener(fd)
		return err
	})
	return l, err
}

// errClosed is what methods return after Close.
func errClosed(op string) error {
	return &os.PathError{Op: op, Path: "seccomp listener", Err: os.ErrClosed}
}

// withFD calls fn with the descriptor of a file, which is not closed meanwhile.
func withFD(f *os.File, fn func(fd int) error) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	if conn.Control(func(fd uintptr) { err = fn(int(fd)) }) != nil {
		return &os.PathError{Op: "use", Path: f.Name(), Err: os.ErrClosed}
	}
	return err
}

// File returns a duplicate of the listener's descriptor, close-on-exec, to pass to
// another process. As long as it is open, callers wait for an answer even if the
// Listener is closed.
func (l *Listener) File() (*os.File, error) { return l.h.file() }

// Send sends the listener over a unix socket, such as a [net.UnixConn], by one sendmsg(2)
// with a single byte of data; [ReceiveListener] is the other end. Close the Listener after
// it. The filter must permit sendmsg and close: nobody answers them yet.
func (l *Listener) Send(c syscall.Conn) error { return l.h.send(c) }

// ReceiveListener receives from a unix socket, such as a [net.UnixConn], what
// [Listener.Send] has sent. The error is [io.EOF] if the sender has closed the socket,
// and wraps [ErrNotListener] if it sent anything else.
func ReceiveListener(c syscall.Conn) (*Listener, error) { return receiveListener(c) }

// Receive waits for the next call that is to be answered. Calls that are
// interrupted before they were received never appear.
//
// It returns [io.EOF] when no thread under the filter is left (Linux 5.9; before 6.11 a
// dead process counts until it has been waited for). It returns the context's
// error when ctx ends, and an error that wraps [os.ErrClosed] after Close. Notifications
// that nobody has received stay with the kernel: a cancelled Receive loses none.
//
// While it waits it holds a thread, not the poller of the Go runtime: where caller
// and listener are one process, the runtime would look at that too late.
func (l *Listener) Receive(ctx context.Context) (*Request, error) {
	done, err := l.takeTurn(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	return l.h.receive(ctx, l)
}

// takeTurn makes the goroutine the one that receives, and has ctx end its wait.
func (l *Listener) takeTurn(ctx context.Context) (done func(), err error) {
	if l.turn == nil {
		return nil, errClosed("receive") // not from this package
	}
	stop := context.AfterFunc(ctx, l.h.wake)
	select {
	case <-l.turn:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return func() {
		stop()
		l.turn <- struct{}{}
	}, nil
}

// SetSyncWakeUp tells the kernel that caller and listener take turns: it wakes
// each on the processor of the other, which shortens a round trip where one
// thread serves one caller, and lengthens it where several are at work at once (Linux
// 6.6; on older kernels the error wraps [errors.ErrUnsupported]).
func (l *Listener) SetSyncWakeUp() error { return l.h.setSyncWakeUp() }

// Close closes the descriptor and ends Receive and Serve, which return an error that wraps
// [os.ErrClosed]. If it was the last one, all calls that wait for an answer fail with
// ENOSYS, as do later ones. Closing twice is [os.ErrClosed].
func (l *Listener) Close() error { return l.h.close() }
