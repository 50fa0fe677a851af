// SPDX-License-Identifier: MIT

package seccomp

import (
	"os"
	"runtime"
	"unsafe" // ioctl(2) takes pointers to the structures built here

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// use lends the listener's descriptor until done.
func (r *Request) use() (*handle, error) {
	if r.listener == nil {
		return nil, errClosed("answer")
	}
	return &r.listener.h, r.listener.h.use("answer")
}

func (r *Request) valid() error {
	h, err := r.use()
	if err != nil {
		return err
	}
	defer h.done()
	return requestError(opValid, idValid(h.fd, r.ID))
}

func (r *Request) send(a response) error {
	h, err := r.use()
	if err != nil {
		return err
	}
	defer h.done()
	return requestError(opSend, ioctl(h.fd, abi.IoctlNotifSend, unsafe.Pointer(&a)))
}

func requestError(op string, errno unix.Errno) error {
	if errno == 0 {
		return nil
	}
	return &RequestError{Op: op, Errno: int(errno)}
}

// An addFD is struct seccomp_notif_addfd (internal/abi).
type addFD struct {
	id                          uint64
	flags, src, number, fdFlags uint32
}

func (r *Request) addFile(f *os.File, o FileOptions, answer bool) (fd int, err error) {
	h, err := r.use()
	if err != nil {
		return 0, err
	}
	defer h.done()
	a := addFD{id: r.ID, number: uint32(o.Number)}
	if o.Replace {
		a.flags |= abi.AddFDSetFD
	}
	if o.CloseOnExec {
		a.fdFlags = unix.O_CLOEXEC
	}
	if answer {
		a.flags |= abi.AddFDSend
	}
	err = withFD(f, func(src int) (err error) {
		a.src = uint32(src)
		fd, err = h.addFD(&a)
		return err
	})
	return fd, err
}

func (h *handle) addFD(a *addFD) (int, error) {
	if a.flags&abi.AddFDSend != 0 {
		defer blockSignals()()
	}
	for {
		fd, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(h.fd), abi.IoctlNotifAddFD, uintptr(unsafe.Pointer(a)))
		switch errno {
		case unix.EINTR:
			continue
		case unix.ESRCH:
			// The caller was interrupted before it took the file (kernel/seccomp.c:
			// seccomp_do_user_notification).
			errno = unix.ENOENT
		}
		return int(fd), requestError(opAddFile, errno)
	}
}

// blockSignals keeps all signals from this thread until the function that it returns is
// called. A signal that interrupts SECCOMP_IOCTL_NOTIF_ADDFD with SECCOMP_ADDFD_FLAG_SEND
// before the caller has taken the file lets the kernel withdraw the file and leave
// the answer, which is 0; the ioctl then starts again and finds the request answered
// (kernel/seccomp.c: seccomp_notify_addfd). To the caller 0 is a descriptor, its standard
// input. The runtime's own signals come often enough for that. No signal
// is lost: it waits, or goes to another thread.
func blockSignals() (restore func()) {
	runtime.LockOSThread()
	all, old := ^uint64(0), uint64(0)
	unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&all)), uintptr(unsafe.Pointer(&old)), 8, 0, 0)
	return func() {
		unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&old)), 0, 8, 0, 0)
		runtime.UnlockOSThread()
	}
}
