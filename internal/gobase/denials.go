// SPDX-License-Identifier: MIT

package gobase

import (
	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// A denial is the errno of a refused call under an action that lets the program go
// on, where EPERM would do harm. Errno 0: any errno would.
type denial struct {
	nr    uint32
	errno uint16
	why   string
}

// Denial is the errno for a refused call, and whether the program can go on with
// it. Calls of the Answers have theirs; most others get EPERM.
func Denial(nr uint32) (errno uint16, goesOn bool) {
	for _, d := range denials {
		if d.nr == nr {
			return d.errno, d.errno != 0
		}
	}
	for _, a := range answers {
		if a.Nr == nr {
			return a.Errno, true
		}
	}
	return abi.EPERM, true
}

// NeverErrno says why a call must not be answered by an errno: its callers in the
// standard library hang, or go on as if nothing had happened. Empty: it may.
func NeverErrno(nr uint32) (why string) {
	for _, d := range denials {
		if d.nr == nr && d.errno == 0 {
			return d.why
		}
	}
	return ""
}

var denials = [...]denial{
	{sysno.Close, 0, "os/exec waits for ever on a pipe that stays open"},
	{sysno.Getpeername, 0, "net.Dial waits for the end of its deadline, or for ever"},
	{sysno.ExitGroup, 0, "os.Exit returns"},
	{sysno.Getrandom, abi.ENOSYS, "crypto/rand falls back to /dev/urandom; EPERM is a fatal error"},
	{sysno.Waitid, abi.ENOSYS, "os falls back to wait4; EPERM is an error of Wait"},
	{sysno.Mmap, abi.ENOMEM, "what callers expect of a mapping that cannot be"},
	{sysno.Brk, 0, "C libraries take the errno for the new end of the heap, and write there"},
	{sysno.Umask, 0, "syscall.Umask reports no error: files get other permissions than was asked"},
	{sysno.Socket, abi.EACCES, "socket(2) names it for this case"},
	{sysno.RtSigqueueinfo, abi.EPERM, "refused under every action"},
	{sysno.RtTgsigqueueinfo, abi.EPERM, "refused under every action"},
}
