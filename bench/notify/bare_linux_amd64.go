// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"unsafe" // ioctl(2) and process_vm_readv(2) take pointers

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// The structures of include/uapi/linux/seccomp.h: see internal/abi.
type (
	notification struct {
		id         uint64
		pid, flags uint32
		nr         int32
		arch       uint32
		ip         uint64
		args       [abi.NumArgs]uint64
	}
	response struct {
		id    uint64
		val   int64
		errno int32
		flags uint32
	}
	addFD struct {
		id                          uint64
		flags, src, number, fdFlags uint32
	}
)

// serveBare is the least that answers: what the library does beside (an end by context or
// Close, several handlers at once, a handler that panics or is late, signals only blocked where
// they would spoil an answer) shows in the difference.
func (s server) serveBare(l *seccomp.Listener) error {
	f, err := l.File()
	if err != nil {
		return err
	}
	defer f.Close()
	// A signal in SECCOMP_IOCTL_NOTIF_ADDFD would answer the call with descriptor 0: see
	// seccomp.Request.ReturnFile. The thread ends with this goroutine.
	runtime.LockOSThread()
	all := unix.Sigset_t{Val: [16]uint64{1<<64 - 1}}
	if err := unix.PthreadSigmask(unix.SIG_BLOCK, &all, nil); err != nil {
		return err
	}
	for fd := f.Fd(); ; {
		var n notification
		switch errno := ioctl(fd, abi.IoctlNotifRecv, unsafe.Pointer(&n)); errno {
		case 0:
			if err := s.answerBare(fd, &n); err != nil {
				return err
			}
		case unix.ENOENT:
			if gone(fd) {
				return nil
			}
		default:
			return errno
		}
	}
}

// gone asks whether the last thread under the filter is gone.
func gone(fd uintptr) bool {
	fds := []unix.PollFd{{Fd: int32(fd)}}
	_, err := unix.Poll(fds, 0)
	return err == nil && fds[0].Revents&unix.POLLHUP != 0
}

// answerBare takes ENOENT of the listener for what it is: the caller was interrupted, and
// asks again.
func (s server) answerBare(listener uintptr, n *notification) error {
	a := response{id: n.id, errno: -int32(unix.EACCES)}
	if int32(n.args[0]) != forErrno {
		fd, errno := s.openBare(listener, n)
		a.val, a.errno = int64(fd), -int32(errno)
	}
	answer := func(name string, request uintptr, arg unsafe.Pointer) error {
		if errno := ioctl(listener, request, arg); errno != 0 && errno != unix.ENOENT {
			return fmt.Errorf("%s: %w", name, errno)
		}
		return nil
	}
	if a.errno != 0 || int32(n.args[0]) == forOwn {
		return answer("SECCOMP_IOCTL_NOTIF_SEND", abi.IoctlNotifSend, unsafe.Pointer(&a))
	}
	defer unix.Close(int(a.val))
	add := addFD{id: n.id, flags: abi.AddFDSend, src: uint32(a.val), fdFlags: unix.O_CLOEXEC}
	return answer("SECCOMP_IOCTL_NOTIF_ADDFD", abi.IoctlNotifAddFD, unsafe.Pointer(&add))
}

// openBare reads the path, asks whether that was the caller's memory, and opens; or it opens
// what it always opens.
func (s server) openBare(listener uintptr, n *notification) (fd int, errno unix.Errno) {
	if int32(n.args[0]) == forFixed {
		fd, err := s.openFixed(nil)
		errors.As(err, &errno)
		return fd, errno
	}
	b := make([]byte, 256)
	local, remote := []unix.Iovec{{Base: &b[0], Len: 256}}, []unix.RemoteIovec{{Base: uintptr(n.args[1]), Len: 256}}
	_, err := unix.ProcessVMReadv(int(n.pid), local, remote, 0)
	if err == nil {
		if errno := ioctl(listener, abi.IoctlNotifIDValid, unsafe.Pointer(&n.id)); errno != 0 {
			return 0, errno
		}
		how := unix.OpenHow{Flags: unix.O_RDONLY | unix.O_CLOEXEC, Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS}
		name, _, _ := bytes.Cut(b, []byte{0})
		fd, err = unix.Openat2(s.root, string(bytes.TrimPrefix(name, []byte("/"))), &how)
	}
	errors.As(err, &errno)
	return fd, errno
}

func ioctl(fd, request uintptr, arg unsafe.Pointer) unix.Errno {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, request, uintptr(arg))
	return errno
}
