// SPDX-License-Identifier: MIT

package seccomp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// Defaults of [ServeOptions].
const (
	DefaultConcurrency = 64
	DefaultTimeout     = 10 * time.Second
)

const eio = 5 // include/uapi/asm-generic/errno-base.h

// ServeOptions are the bounds of [Listener.ServeWith]. The zero value has the defaults.
type ServeOptions struct {
	// Concurrency is how many handlers run at once, those apart that are late. Further
	// calls wait in the kernel. 0: DefaultConcurrency.
	Concurrency int

	// Timeout is how long a handler may take. Then its context ends, its call fails with
	// Errno, and the handler is late: it no longer counts, so that others run. While as
	// many are late as Concurrency lets run, further calls fail with Errno and
	// have no handler. 0: DefaultTimeout.
	Timeout time.Duration

	// Errno is what a call fails with whose handler is late, panics or returns without
	// an answer. 0: EIO.
	Errno uint16

	// Failed, if set, is told of each such handler, each time on a goroutine of its own; Serve
	// waits for them at its end. It must not panic.
	Failed func(r *Request, err *HandlerError)
}

// A HandlerError is why Serve answered a request itself.
type HandlerError struct {
	Call   Call   // of the request
	Reason error  // ErrLate, ErrNotAnswered, or what the handler panicked with
	Stack  []byte // of a panic
}

// Reasons of a [HandlerError].
var (
	// ErrLate: the handler took longer than Timeout, or too many others had.
	ErrLate = errors.New("the handler is late")

	// ErrNotAnswered: the handler returned, or ended its goroutine, without an answer.
	ErrNotAnswered = errors.New("the handler did not answer")
)

// Error names the call and the reason.
func (e *HandlerError) Error() string {
	return fmt.Sprintf("seccomp: %v: %v", e.Call, e.Reason)
}

// Unwrap returns the reason.
func (e *HandlerError) Unwrap() error { return e.Reason }

// Serve answers calls by handler until no thread under the filter is left, and then returns
// nil; or until ctx ends or the Listener is closed, and then returns an error as
// Receive does. It waits for its handlers, whose contexts end with ctx, as long as the timeout
// allows.
//
// A handler answers its request, by Return, Fail, ReturnFile or UnsafeContinue, before it
// returns. Up to 64 run at once. When one panics, returns without an answer or is late,
// which is after ten seconds, its call fails with EIO: no caller waits for ever, and others
// are served. [Listener.ServeWith] has other bounds. The error that Serve returns at its end joins the
// first [*HandlerError], so that a panic does not go unnoticed.
//
// The context of a handler ends with ctx and when the handler is late. It does not end when the
// caller is interrupted or dies, which the kernel does not announce: a handler that
// takes long asks [Request.Valid] now and then.
//
// Within one process: what a handler calls must not need an answer of the same listener, so
// the filter must not be on the threads that run handlers.
//
// One Serve or Receive at a time receives; the others wait.
func (l *Listener) Serve(ctx context.Context, handler func(context.Context, *Request)) error {
	return l.ServeWith(ctx, ServeOptions{}, handler)
}

// ServeWith is Serve with other bounds.
func (l *Listener) ServeWith(ctx context.Context, o ServeOptions, handler func(context.Context, *Request)) error {
	if o.Concurrency <= 0 {
		o.Concurrency = DefaultConcurrency
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Errno == 0 || o.Errno >= abi.MaxErrno {
		o.Errno = eio
	}
	stop, err := l.takeTurn(ctx)
	if err != nil {
		return err
	}
	defer stop()
	return newServer(ctx, l, o, handler).serve()
}
