// SPDX-License-Identifier: MIT

package seccomp

import (
	"os"
	"sync"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// Op of a RequestError.
const (
	opReceive = "ioctl(SECCOMP_IOCTL_NOTIF_RECV)"
	opSend    = "ioctl(SECCOMP_IOCTL_NOTIF_SEND)"
	opValid   = "ioctl(SECCOMP_IOCTL_NOTIF_ID_VALID)"
	opAddFile = "ioctl(SECCOMP_IOCTL_NOTIF_ADDFD)"
)

// A Request is a call that waits for its answer. Exactly one of Return, Fail,
// ReturnFile and UnsafeContinue answers it; every further one is [ErrAnswered]. The
// methods may be called by several goroutines at once.
//
// The caller may die or be interrupted at any moment, unnoticed: the next method says
// [ErrRequestGone]. Without [WaitKillableRecv] a signal can even come between an answer that
// the kernel took and the caller: the call starts again, as a new request. (Not with ReturnFile, which
// waits for the caller.) What a listener does on behalf of a call that takes long, such as
// accept, it should interrupt to ask Valid, or it holds what nobody wants.
//
// A Request that no Listener has received is one of a closed listener.
type Request struct {
	// ID is the kernel's number of the notification, unique for its listener.
	ID uint64

	// PID is the calling thread's id, as this process sees it, or 0 if the thread is in
	// a pid namespace that is not visible from here. The thread may be gone and its id
	// belong to another: whatever was found by the id, such as an opened
	// /proc/PID/mem or a pidfd, counts only if Valid says nil after it was opened.
	PID int

	// Call is what the filter saw. Its pointers point into the caller's memory: see Read.
	Call Call

	listener *Listener
	mu       sync.Mutex // held while an answer or a file is on its way
	answered bool
}

// A response is struct seccomp_notif_resp (internal/abi).
type response struct {
	id    uint64
	val   uint64
	err   int32
	flags uint32
}

// FileOptions say how a file comes to the caller.
type FileOptions struct {
	// Replace gives the descriptor Number in the caller, closing what it has there, as
	// dup2(2). Without it the lowest free descriptor is taken.
	Replace bool
	Number  int // with Replace; else 0

	// CloseOnExec is O_CLOEXEC for the caller's descriptor. A call that is done on the
	// caller's behalf should take it from the call's own flags.
	CloseOnExec bool
}

// Valid returns nil if the caller still waits for its answer, else [ErrRequestGone],
// also if it has been answered. What it says may be over when it returns; it proves
// that the request was there all the time from its receipt until now.
func (r *Request) Valid() error { return r.valid() }

// Return answers the call with a result. The values from 2^64-4095 on, which to the
// caller are an errno, are refused with EINVAL.
func (r *Request) Return(v uint64) error {
	if v > ^uint64(abi.MaxErrno) {
		return &RequestError{Op: opSend, Errno: abi.EINVAL, Advice: "the caller would take the result for an errno: use Fail"}
	}
	return r.answer(response{val: v})
}

// Fail lets the call fail with an errno from 1 to 4094, Linux's number. Others are
// refused with EINVAL: 0 would be success, and so would 4095 to a caller that is a Go program.
func (r *Request) Fail(errno uint16) error {
	if errno < 1 || errno >= abi.MaxErrno {
		return &RequestError{Op: opSend, Errno: abi.EINVAL, Advice: "an errno is from 1 to 4094"}
	}
	return r.answer(response{err: -int32(errno)})
}

// UnsafeContinue lets the kernel execute the call, as if the filter had said Allow
// (Linux 5.5).
//
// # Security
//
// The kernel reads the arguments again: another thread of the caller, or
// whoever shares its memory, may have changed what they point to since it was looked
// at. Numbers in registers stay as they are; the file behind a descriptor may be another.
// So this is never a permission that depends on what was read. It is right only
// where executing the call is harmless whatever its arguments become, because something
// else than the listener holds the caller back.
func (r *Request) UnsafeContinue() error { return r.answer(response{flags: abi.NotifContinue}) }

func (r *Request) answer(a response) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.answered {
		return &RequestError{Op: opSend, Errno: abi.EINPROGRESS}
	}
	a.id = r.ID
	err := r.send(a)
	r.answered = settled(err)
	return err
}

// settled reports whether a request is over, now that an answer was sent.
func settled(err error) bool {
	if e, ok := err.(*RequestError); ok {
		return e.Errno == abi.ENOENT || e.Errno == abi.EINPROGRESS
	}
	return err == nil
}

// AddFile gives the caller a descriptor for f and returns its number there. The request
// waits on for its answer. If the caller is interrupted before that, or the answer
// is an errno, the descriptor stays with it all the same; for a call that
// returns a descriptor ReturnFile is better. f may be closed after it. (Linux 5.9)
func (r *Request) AddFile(f *os.File, o FileOptions) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.checkFile(o); err != nil {
		return 0, err
	}
	return r.addFile(f, o, false)
}

// ReturnFile gives the caller a descriptor for f and answers the call with its number, both or
// neither. After an error other than [ErrRequestGone] and [ErrAnswered] the request still
// waits, so that it can be told why: EMFILE, for one. f may be closed after it. (Linux 5.14)
//
// Signals are kept from the calling thread meanwhile: where one interrupts this ioctl,
// the kernel takes the file back and still answers, with descriptor 0 (kernel/seccomp.c:
// seccomp_notify_addfd). Only the death of this process in that instant can still have this
// effect.
func (r *Request) ReturnFile(f *os.File, o FileOptions) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.checkFile(o); err != nil {
		return err
	}
	_, err := r.addFile(f, o, true)
	r.answered = settled(err)
	return err
}

// checkFile holds back what the kernel would refuse without a reason.
func (r *Request) checkFile(o FileOptions) error {
	switch {
	case r.answered:
		return &RequestError{Op: opAddFile, Errno: abi.EINPROGRESS}
	case o.Number != 0 && !o.Replace:
		return &RequestError{Op: opAddFile, Errno: abi.EINVAL, Advice: "a Number needs Replace"}
	case o.Number < 0 || int64(o.Number) > 1<<31-1:
		return &RequestError{Op: opAddFile, Errno: abi.EINVAL, Advice: "Number is no descriptor"}
	}
	return nil
}
