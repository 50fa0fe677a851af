// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// supervise starts this program again as worker, in the root, answers its opens until it has
// ended, and returns its exit code.
func (b *broker) supervise() (code int, err error) {
	ours, theirs, err := socketPair()
	if err != nil {
		return 1, err
	}
	defer ours.Close()
	worker := exec.Command("/proc/self/exe")
	worker.Args = []string{workerName}
	worker.Dir = b.path
	worker.Stdin, worker.Stdout, worker.Stderr = os.Stdin, os.Stdout, os.Stderr
	worker.ExtraFiles = []*os.File{theirs} // its descriptor 3
	err = worker.Start()
	theirs.Close() // or the socket would not tell us that the worker is dead
	if err != nil {
		return 1, err
	}
	fmt.Fprintln(os.Stderr, "broker: worker", worker.Process.Pid)
	// Before Linux 6.11 a dead worker counts as long as nobody has waited for it, and
	// Serve would not end.
	waited := make(chan error, 1)
	go func() { waited <- worker.Wait() }()

	listener, err := seccomp.ReceiveListener(ours) // io.EOF if the worker dies before it sends
	if err == nil {
		err = listener.Serve(context.Background(), b.answer) // until no thread of the worker is left
		// Should Serve have failed, the worker's calls fail from here on and it ends too.
		err = errors.Join(err, listener.Close())
	} else {
		worker.Process.Kill()
	}
	werr := <-waited
	if code := worker.ProcessState.ExitCode(); code >= 0 {
		return code, err
	}
	return 1, errors.Join(err, werr)
}

// socketPair returns our end and the one that the worker inherits.
func socketPair() (*net.UnixConn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "supervisor's end"), os.NewFile(uintptr(fds[1]), "worker's end")
	defer ours.Close()
	conn, err := net.FileConn(ours)
	if err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return conn.(*net.UnixConn), theirs, nil
}

// inProcess runs the worker on a thread with the filter, answers its opens from other
// threads, and returns its exit code. That is sound for openat because package os makes the
// call by syscall.Syscall6: while it waits, the scheduler gives its processor to the
// goroutine that answers. CompileInProcess refuses filters with calls for which this is not so.
func (b *broker) inProcess(work func() int) (code int, err error) {
	if err := os.Chdir(b.path); err != nil {
		return 1, err
	}
	program, err := filter(seccomp.RuntimeThread).CompileInProcess()
	if err != nil {
		return 1, err
	}
	warmUp()
	type result struct {
		listener *seccomp.Listener
		err      error
	}
	installed := make(chan result)
	// Serve would end with the thread. But should the goroutine be on the main thread, as any
	// may, that stays when the goroutine ends.
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer cancel()
		l, err := install(program, 0)
		installed <- result{l, err}
		if err == nil {
			code = work()
		}
	}()
	r := <-installed
	if r.err != nil {
		return 1, r.err
	}
	err = r.listener.Serve(ctx, b.answer)
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	err = errors.Join(err, r.listener.Close()) // should Serve have failed, the worker's calls fail from here on
	<-ctx.Done()
	return code, err
}
