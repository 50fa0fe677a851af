// SPDX-License-Identifier: MIT

package seccomp

import (
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

func (h *handle) send(c syscall.Conn) error {
	if err := h.use("send"); err != nil {
		return err
	}
	defer h.done()
	// A stream carries no descriptor without data (unix(7)).
	data, rights := []byte{0}, unix.UnixRights(h.fd)
	return onSocket(c, syscall.RawConn.Write, "sendmsg", func(fd int) error {
		return unix.Sendmsg(fd, data, rights, nil, unix.MSG_NOSIGNAL)
	})
}

// onSocket does one operation, by or, when the socket is ready.
func onSocket(c syscall.Conn, or func(syscall.RawConn, func(uintptr) bool) error, op string, fn func(fd int) error) error {
	conn, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var opErr error
	err = or(conn, func(fd uintptr) bool {
		opErr = ignoringEINTR(func() error { return fn(int(fd)) })
		return opErr != unix.EAGAIN
	})
	if err != nil {
		return err
	}
	return os.NewSyscallError(op, opErr)
}

func receiveListener(c syscall.Conn) (*Listener, error) {
	var data [1]byte
	// Room for more than one descriptor, so that a surplus is seen and closed.
	rights := make([]byte, unix.CmsgSpace(4*4))
	n, oobn, flags := 0, 0, 0
	err := onSocket(c, syscall.RawConn.Read, "recvmsg", func(fd int) (err error) {
		n, oobn, flags, _, err = unix.Recvmsg(fd, data[:], rights, unix.MSG_CMSG_CLOEXEC)
		return err
	})
	if err != nil {
		return nil, err
	}
	fds := descriptors(rights[:oobn])
	if len(fds) == 1 && flags&unix.MSG_CTRUNC == 0 {
		return adoptListener(fds[0])
	}
	for _, fd := range fds {
		unix.Close(fd)
	}
	if n == 0 && len(fds) == 0 {
		return nil, io.EOF
	}
	return nil, ErrNotListener
}

// descriptors returns all descriptors in control messages.
func descriptors(oob []byte) (fds []int) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil
	}
	for i := range messages {
		if rights, err := unix.ParseUnixRights(&messages[i]); err == nil {
			fds = append(fds, rights...)
		}
	}
	return fds
}
