// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"errors"
	"testing"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

func TestRequestError(t *testing.T) {
	sentinels := []error{seccomp.ErrRequestGone, seccomp.ErrAnswered, errors.ErrUnsupported, seccomp.ErrNotListener}
	for _, c := range []struct {
		err  seccomp.RequestError
		is   error
		text string
	}{
		{seccomp.RequestError{Op: "op", Errno: 2}, seccomp.ErrRequestGone, "seccomp: op: ENOENT"},
		{seccomp.RequestError{Op: "op", Errno: 115}, seccomp.ErrAnswered, "seccomp: op: EINPROGRESS"},
		{seccomp.RequestError{Op: "op", Errno: 22}, errors.ErrUnsupported, "seccomp: op: EINVAL"},
		{seccomp.RequestError{Op: "op", Errno: 22, Advice: "no"}, nil, "seccomp: op: EINVAL: no"},
		{seccomp.RequestError{Op: "op", Errno: 16}, nil, "seccomp: op: EBUSY"},
		{seccomp.RequestError{Op: "op", Errno: 9}, nil, "seccomp: op: EBADF"},
		{seccomp.RequestError{Op: "op", Errno: 999}, nil, "seccomp: op: errno 999"},
	} {
		if c.err.Error() != c.text {
			t.Errorf("%q, want %q", c.err.Error(), c.text)
		}
		for _, s := range sentinels {
			if errors.Is(&c.err, s) != (s == c.is) {
				t.Errorf("%v is %v: %t", &c.err, s, errors.Is(&c.err, s))
			}
		}
	}
}

func TestHandlerError(t *testing.T) {
	call, _ := seccomp.CallOf("getpid")
	e := &seccomp.HandlerError{Call: call, Reason: seccomp.ErrLate}
	if want := "seccomp: getpid(0x0, 0x0, 0x0, 0x0, 0x0, 0x0): the handler is late"; e.Error() != want || !errors.Is(e, seccomp.ErrLate) {
		t.Errorf("%q, want %q", e.Error(), want)
	}
}
