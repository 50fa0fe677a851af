// SPDX-License-Identifier: MIT

package seccomp

import (
	"context"
	"io"
	"os"
	"sync"
	"unsafe" // ioctl(2) takes pointers to the structures built here

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// A handle owns the descriptors of a listener. It counts those who use them, so that
// Close never closes a number under another goroutine's hands: by then it could be
// another file's. It is not an os.File because making one asks the kernel questions
// (fcntl) that the filter just installed may answer with a notification.
type handle struct {
	fd     int // the listener
	wakeFD int // an eventfd that ends a wait

	mu    sync.Mutex
	users int
	open  bool // from when fd is there until Close
}

// start begins with the listener's descriptor.
func (h *handle) start(fd int) { h.fd, h.open = fd, true }

// use lends the descriptors until done.
func (h *handle) use(op string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.open {
		return errClosed(op)
	}
	h.users++
	return nil
}

func (h *handle) done() {
	h.mu.Lock()
	h.users--
	last := !h.open && h.users == 0
	h.mu.Unlock()
	if last {
		h.release()
	}
}

func (h *handle) close() error {
	h.mu.Lock()
	if !h.open {
		h.mu.Unlock()
		return errClosed("close")
	}
	h.open = false
	unused := h.users == 0
	if !unused {
		h.signal()
	}
	h.mu.Unlock()
	if unused {
		h.release()
	}
	return nil
}

func (h *handle) release() {
	unix.Close(h.fd)
	unix.Close(h.wakeFD)
}

// wake ends a wait, so that it looks whether its reason has gone.
func (h *handle) wake() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open {
		h.signal()
	}
}

// signal makes the eventfd readable. It cannot block: that would take 2^64-1 signals
// that nobody has read (eventfd(2)).
func (h *handle) signal() {
	one := [8]byte{1}
	for {
		if _, err := unix.Write(h.wakeFD, one[:]); err != unix.EINTR {
			return
		}
	}
}

const opEventfd = "eventfd2(2)"

// newListener makes the Listener around a descriptor that comes later: nothing may
// fail, or ask the kernel anything, once a filter is in force.
func newListener() (*Listener, error) {
	fd, _, errno := unix.RawSyscall(unix.SYS_EVENTFD2, 0, unix.EFD_CLOEXEC, 0)
	if errno != 0 {
		return nil, installError(opEventfd, errno, UserNotif)
	}
	l := &Listener{turn: make(chan struct{}, 1), h: handle{wakeFD: int(fd)}}
	l.turn <- struct{}{}
	return l, nil
}

func setFilterWithListener(p *Program, f Flags) (*Listener, error) {
	l, err := newListener()
	if err != nil {
		return nil, err
	}
	fd, errno := attach(p, uintptr(f))
	if errno != 0 {
		unix.Close(l.h.wakeFD)
		return nil, attachError(p, f, errno)
	}
	l.h.start(int(fd))
	return l, nil
}

func dupListener(fd int) (*Listener, error) {
	dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	return adoptListener(dup)
}

// adoptListener makes a Listener of a descriptor, which it closes if that fails.
func adoptListener(fd int) (*Listener, error) {
	if err := isListener(fd); err != nil {
		unix.Close(fd)
		return nil, err
	}
	l, err := newListener()
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	l.h.start(fd)
	return l, nil
}

// isListener looks twice at a descriptor that may come from a hostile process: a
// driver or a FUSE server could answer the ioctl as a listener does, and then
// name whatever process it likes as the caller. None of them lives on the kernel's own
// file system for nameless inodes.
func isListener(fd int) error {
	var fs unix.Statfs_t
	if err := ignoringEINTR(func() error { return unix.Fstatfs(fd, &fs) }); err != nil {
		return os.NewSyscallError("fstatfs", err)
	}
	if fs.Type != unix.ANON_INODE_FS_MAGIC {
		return ErrNotListener
	}
	// ENOENT: a listener without a notification of that number, which any is (kernel/seccomp.c:
	// seccomp_notify_id_valid). Other nameless inodes say ENOTTY or EINVAL.
	if errno := idValid(fd, 0); errno != 0 && errno != unix.ENOENT {
		return ErrNotListener
	}
	return nil
}

// idValid asks whether a notification still waits for its answer.
func idValid(fd int, id uint64) unix.Errno {
	errno := ioctl(fd, abi.IoctlNotifIDValid, unsafe.Pointer(&id))
	if errno == unix.EINVAL { // before Linux 5.9
		errno = ioctl(fd, abi.IoctlNotifIDValidOld, unsafe.Pointer(&id))
	}
	return errno
}

// ioctl repeats what a signal has interrupted before it began (kernel/seccomp.c takes a
// mutex first). It goes through the scheduler, although most of these calls
// return at once: they wake the caller, which may be a thread of this process that needs
// the processor of this one.
func ioctl(fd int, request uintptr, arg unsafe.Pointer) unix.Errno {
	for {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(arg))
		if errno != unix.EINTR {
			return errno
		}
	}
}

func ignoringEINTR(fn func() error) error {
	for {
		if err := fn(); err != unix.EINTR {
			return err
		}
	}
}

const opSetFlags = "ioctl(SECCOMP_IOCTL_NOTIF_SET_FLAGS)"

func (h *handle) file() (*os.File, error) {
	if err := h.use("dup"); err != nil {
		return nil, err
	}
	defer h.done()
	fd, err := unix.FcntlInt(uintptr(h.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fd), "seccomp listener"), nil
}

func (h *handle) setSyncWakeUp() error {
	if err := h.use("ioctl"); err != nil {
		return err
	}
	defer h.done()
	// The argument is the flags themselves (kernel/seccomp.c: seccomp_notify_set_flags).
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(h.fd), abi.IoctlNotifSetFlags, abi.NotifSyncWakeUp)
	if errno != 0 {
		return installError(opSetFlags, errno, UserNotif)
	}
	return nil
}

// A notif is struct seccomp_notif (internal/abi).
type notif struct {
	id    uint64
	pid   uint32
	flags uint32
	nr    int32
	arch  uint32
	ip    uint64
	args  [abi.NumArgs]uint64
}

// receive waits and receives. One goroutine at a time may be in it, and ctx must call
// wake at its end.
func (h *handle) receive(ctx context.Context, l *Listener) (*Request, error) {
	if err := h.use("receive"); err != nil {
		return nil, err
	}
	defer h.done()
	// Another receiver may have used up the wake that was meant for this one.
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for {
		ready, err := h.wait()
		if err == nil && !ready {
			err = h.woken(ctx)
		}
		if err != nil {
			return nil, err
		}
		if !ready {
			continue
		}
		// The kernel wants zeroes (kernel/seccomp.c: seccomp_notify_recv).
		var n notif
		switch errno := ioctl(h.fd, abi.IoctlNotifRecv, unsafe.Pointer(&n)); errno {
		case 0:
			return &Request{
				ID: n.id, PID: int(int32(n.pid)), listener: l,
				Call: Call{Nr: uint32(n.nr), Arch: n.arch, IP: n.ip, Args: n.args},
			}, nil
		case unix.ENOENT:
			// Its caller was interrupted or killed in between.
		default:
			return nil, &RequestError{Op: opReceive, Errno: int(errno)}
		}
	}
}

// wait returns true when a notification is there and false when it was woken:
// SECCOMP_IOCTL_NOTIF_RECV alone could not be ended. That does not block after poll(2) has
// seen a notification, not even if it has gone since: the kernel counts what was
// announced, and says ENOENT (kernel/seccomp.c: recv_wait_event).
func (h *handle) wait() (bool, error) {
	fds := [2]unix.PollFd{{Fd: int32(h.fd), Events: unix.POLLIN}, {Fd: int32(h.wakeFD), Events: unix.POLLIN}}
	for {
		// Nothing restarts poll(2) after a signal, not even SA_RESTART (signal(7)).
		if _, err := unix.Poll(fds[:], -1); err == unix.EINTR {
			continue
		} else if err != nil {
			return false, os.NewSyscallError("poll", err)
		}
		switch {
		case fds[1].Revents != 0:
			return false, nil
		case fds[0].Revents&unix.POLLIN != 0:
			return true, nil
		case fds[0].Revents&unix.POLLHUP != 0:
			return false, io.EOF
		}
		// POLLERR: a signal kept the kernel from looking (kernel/seccomp.c: seccomp_notify_poll).
	}
}

// woken says why wait was woken. A wake for somebody who has gone since is no reason.
func (h *handle) woken(ctx context.Context) error {
	var count [8]byte
	if _, err := unix.Read(h.wakeFD, count[:]); err != nil && err != unix.EINTR {
		return os.NewSyscallError("read", err)
	}
	h.mu.Lock()
	open := h.open
	h.mu.Unlock()
	if !open {
		return errClosed("receive")
	}
	return ctx.Err()
}
