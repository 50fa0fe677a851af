// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

var passingTests = []childTest{
	{"to a parent", since5_19, passedToParent},
	{"inherited", since5_19, inheritedByExec},
	{"nonsense", since5_19, passedNonsense},
	{"nothing", since5_19, passedNothing},
	{"over net", since5_19, passedOverNet},
	{"to another pid namespace", since5_19, passedToNamespace},
}

func init() {
	register("TestPassing", passingTests)
	installChildren["passing.worker"] = passingWorker
	installChildren["passing.supervisor"] = passingSupervisor
	installChildren["passing.namespace"] = namespaceSupervisor
}

func TestPassing(t *testing.T) { runChildren(t, passingTests) }

// sockets is a pair of connected unix sockets.
func sockets(kind int) (a, b *os.File) {
	fds, err := unix.Socketpair(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
	must(err)
	return os.NewFile(uintptr(fds[0]), "a"), os.NewFile(uintptr(fds[1]), "b")
}

// startWorker starts a child of this child that sends its listener back.
func startWorker(name string, args ...string) (*exec.Cmd, *seccomp.Listener) {
	here, there := sockets(unix.SOCK_STREAM)
	cmd := testproc.Command(name, args...)
	cmd.ExtraFiles = []*os.File{there}
	cmd.Stderr = os.Stderr
	must(cmd.Start())
	must(there.Close())
	l, err := seccomp.ReceiveListener(here)
	must(err)
	must(here.Close())
	return cmd, l
}

// beWorker puts the whole process under a filter that notifies getpgrp, and sends the
// listener to whoever has started it.
func beWorker() {
	noNewPrivs()
	l, err := seccomp.SetFilterWithListener(refusing(seccomp.UserNotif, "getpgrp"), seccomp.TSync|seccomp.WaitKillableRecv)
	must(err)
	must(l.Send(os.NewFile(3, "socket")))
	must(l.Close())
}

func passingWorker() {
	beWorker()
	for i := range uintptr(100) {
		a := makeCall(unix.SYS_GETPGRP, i)
		check(a == answer{r: i + 1}, "call %d: %+v", i, a)
	}
}

// inheritable counts the descriptors that are not close-on-exec.
func inheritable() (n int) {
	for fd := range uintptr(100) {
		if flags, err := unix.FcntlInt(fd, unix.F_GETFD, 0); err == nil && flags == 0 {
			n++
		}
	}
	return n
}

func passedToParent() {
	before := inheritable()
	cmd, l := startWorker("passing.worker")
	check(inheritable() == before, "%d descriptors without close-on-exec, %d before", inheritable(), before)
	var asked atomic.Int32
	must(l.Serve(context.Background(), func(_ context.Context, r *seccomp.Request) {
		check(r.PID != 0 && r.Call.Name() == "getpgrp", "%v of %d", r.Call, r.PID)
		asked.Add(1)
		must(r.Return(r.Call.Args[0] + 1))
	})) // until the worker has ended
	must(cmd.Wait())
	check(asked.Load() == 100, "asked %d times", asked.Load())
}

// inheritedByExec: the caller keeps its filter over execve(2), and starts the supervisor.
func inheritedByExec() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	f, err := c.l.File()
	must(err)
	must(c.l.Close())
	cmd := testproc.Command("passing.supervisor")
	cmd.ExtraFiles = []*os.File{f}
	cmd.Stderr = os.Stderr
	must(cmd.Start())
	must(f.Close())
	for i := range uintptr(10) {
		succeeded(c.ask(i), i+1)
	}
	c.end() // which ends the supervisor
	must(cmd.Wait())
}

func passingSupervisor() {
	f := os.NewFile(3, "listener")
	l, err := seccomp.NewListener(f)
	must(err)
	must(f.Close())
	must(l.Serve(context.Background(), func(_ context.Context, r *seccomp.Request) { must(r.Return(r.Call.Args[0] + 1)) }))
}

// passedNonsense: no descriptors, too many, others than a listener's. None of them stays open.
func passedNonsense() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	l := int(c.fd())
	null := int(devNull().Fd())
	a, b := sockets(unix.SOCK_SEQPACKET)
	before := descriptors()
	for _, fds := range [][]int{{}, {null}, {l, l}, {null, l}, {l, null, l, null}, {0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2}} {
		must(unix.Sendmsg(int(a.Fd()), []byte{0}, unix.UnixRights(fds...), nil, 0))
		got, err := seccomp.ReceiveListener(b)
		check(got == nil && errors.Is(err, seccomp.ErrNotListener), "%v: %v", fds, err)
		check(descriptors() == before, "%v: %d descriptors, %d before", fds, descriptors(), before)
	}
	must(c.l.Send(a))
	got, err := seccomp.ReceiveListener(b)
	must(err)
	must(got.Close())
}

func passedNothing() {
	a, b := sockets(unix.SOCK_STREAM)
	must(a.Close())
	_, err := seccomp.ReceiveListener(b)
	check(err == io.EOF, "%v", err)
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	is(c.l.Send(b), nil, unix.EPIPE)
	must(b.Close())
	check(c.l.Send(b) != nil, "sent over a closed socket")
	_, err = seccomp.ReceiveListener(b)
	check(err != nil && err != io.EOF, "%v", err)
	_, err = seccomp.ReceiveListener(devNull())
	is(err, nil, unix.ENOTSOCK)
}

// passedOverNet: a net.UnixConn, which waits in the runtime's poller.
func passedOverNet() {
	a, b := sockets(unix.SOCK_STREAM)
	conn := func(f *os.File) syscall.Conn {
		c, err := net.FileConn(f)
		must(err)
		return c.(*net.UnixConn)
	}
	from, to := conn(a), conn(b)
	var got *seccomp.Listener
	var wait sync.WaitGroup
	wait.Go(func() {
		var err error
		got, err = seccomp.ReceiveListener(to)
		must(err)
	})
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	must(c.l.Send(from))
	wait.Wait()
	must(c.l.Close())
	result := c.ask()
	must(receive(got).Return(2))
	succeeded(result, 2)
}

// passedToNamespace: a supervisor that cannot see the caller, whose process has no number
// there (seccomp_unotify(2), "pid"), can decide by the arguments and answer, but not read.
func passedToNamespace() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	f, err := c.l.File()
	must(err)
	must(c.l.Close())
	cmd := testproc.Command("passing.namespace")
	cmd.ExtraFiles = []*os.File{f}
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWUSER
	}
	must(cmd.Start())
	must(f.Close())
	var b [8]byte
	succeeded(c.ask(uintptr(pointer(&b))), 7)
	c.end()
	must(cmd.Wait())
}

func namespaceSupervisor() {
	check(os.Getpid() == 1, "pid %d in a new namespace", os.Getpid())
	l, err := seccomp.NewListener(os.NewFile(3, "listener"))
	must(err)
	r := receive(l)
	check(r.PID == 0, "pid %d of a caller outside", r.PID)
	_, err = r.ReadMemory(r.Call.Args[0], make([]byte, 8))
	is(err, nil, unix.ESRCH)
	must(r.Valid())
	must(r.Return(7))
}
