// SPDX-License-Identifier: MIT

// Package faketime runs a program whose wall clock can be set without setting the machine's. It is for tests.
//
// The program finds no vDSO, as on a machine whose clock source the vDSO cannot read, so that it reads its clocks by
// clock_gettime(2); and a filter around it hands the calls for CLOCK_REALTIME to this package, which answers them with the
// machine's time and an offset. A step of the offset is to the program what clock_settime(2), or a time daemon that steps, is:
// CLOCK_MONOTONIC goes on as before, and so do timers.
package faketime

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Run runs the program with its arguments, until it ends, and returns the status that the caller should exit with; 128 and
// the number of the signal that killed it, as a shell has it. Signals that arrive go to the program. Each duration that
// comes from steps is added to its wall clock from then on, and stepped is called.
func Run(steps <-chan time.Duration, stepped func(), program string, args ...string) (int, error) {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGQUIT)
	defer signal.Stop(signals)
	cmd := exec.Command(program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = nil, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Pdeathsig: syscall.SIGKILL}
	c := &clock{}
	started := make(chan error, 1)
	go c.start(cmd, started)
	if err := <-started; err != nil {
		return 0, err
	}
	go c.serve()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			_ = cmd.Process.Signal(s) // it may have ended
		case step, ok := <-steps:
			if !ok {
				steps = nil
				continue
			}
			c.offset.Add(int64(step))
			stepped()
		case err := <-ended:
			return status(cmd, err)
		}
	}
}

func status(cmd *exec.Cmd, err error) (int, error) {
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, err
	}
	if s := cmd.ProcessState.Sys().(syscall.WaitStatus); s.Signaled() {
		return 128 + int(s.Signal()), nil
	}
	return cmd.ProcessState.ExitCode(), nil
}

// clock answers for the program's wall clock.
type clock struct {
	listener int
	offset   atomic.Int64 // nanoseconds
}

// start puts the filter on this thread and starts the program from it, which inherits it. The thread is never unlocked: it
// ends with the goroutine. ptrace(2) too is for the thread that started the program.
func (c *clock) start(cmd *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	err := c.listen()
	if err == nil {
		err = cmd.Start()
	}
	if err == nil {
		err = hideVDSO(cmd.Process.Pid)
	}
	started <- err
	select {} // a tracer that ends would let go of what it traces; that is done by now, but for an error
}

// Offsets of struct seccomp_data: nr, arch and the lower half of args[0] (include/uapi/linux/seccomp.h).
const (
	offNr   = 0
	offArch = 4
	offArg0 = 16
)

// listen has clock_gettime(CLOCK_REALTIME) of this thread, and of its children, wait for an answer (seccomp(2),
// SECCOMP_FILTER_FLAG_NEW_LISTENER).
func (c *clock) listen() error {
	program := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offArch},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 5, K: unix.AUDIT_ARCH_X86_64},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offNr},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 3, K: unix.SYS_CLOCK_GETTIME},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offArg0},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: unix.CLOCK_REALTIME},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_USER_NOTIF},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	prog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	fd, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return fmt.Errorf("seccomp with a listener: %w", errno)
	}
	c.listener = int(fd)
	return nil
}

// notification is struct seccomp_notif, response struct seccomp_notif_resp.
type notification struct {
	id         uint64
	pid, flags uint32
	nr         int32
	arch       uint32
	ip         uint64
	args       [6]uint64
}

type response struct {
	id    uint64
	val   int64
	err   int32
	flags uint32
}

// serve answers until the program is gone. A call that a signal interrupted meanwhile asks again (ERESTARTSYS).
func (c *clock) serve() {
	for {
		var n notification
		if err := c.ioctl(unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&n)); err == unix.ENOENT || err == unix.EINTR {
			continue
		} else if err != nil {
			return
		}
		answer := response{id: n.id}
		if !c.tell(&n) {
			answer.err = -int32(unix.EFAULT)
		}
		if err := c.ioctl(unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&answer)); err != nil && err != unix.ENOENT {
			return
		}
	}
}

// tell writes the program's time to where the call wants it. The call is still waiting when it is looked at last, so the
// memory is that of its caller.
func (c *clock) tell(n *notification) bool {
	now := time.Now().Add(time.Duration(c.offset.Load()))
	var b [16]byte // struct timespec
	binary.LittleEndian.PutUint64(b[:], uint64(now.Unix()))
	binary.LittleEndian.PutUint64(b[8:], uint64(now.Nanosecond()))
	if c.ioctl(unix.SECCOMP_IOCTL_NOTIF_ID_VALID, unsafe.Pointer(&n.id)) != nil {
		return false
	}
	local := []unix.Iovec{{Base: &b[0], Len: uint64(len(b))}}
	wrote, err := unix.ProcessVMWritev(int(n.pid), local, []unix.RemoteIovec{{Base: uintptr(n.args[1]), Len: len(b)}}, 0)
	return err == nil && wrote == len(b)
}

func (c *clock) ioctl(request uintptr, arg unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(c.listener), request, uintptr(arg)); errno != 0 {
		return errno
	}
	return nil
}
