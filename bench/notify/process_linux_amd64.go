// SPDX-License-Identifier: MIT

package main

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"unsafe" // openat(2) takes a pointer

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A process is a child as its parent sees it.
type process struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	enc    *json.Encoder
	dec    *json.Decoder
	served chan error
}

// startProcess starts a child, and serves its listener if that is another process's work.
func startProcess(s setup) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	arg, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, childArg, string(arg))
	cmd.Stderr = os.Stderr
	// Without collections: what is measured is the way of a call. Under the race detector no
	// wait at the end.
	cmd.Env = append(os.Environ(), "GOGC=off", "GORACE=atexit_sleep_ms=0")
	p := &process{cmd: cmd, served: make(chan error, 1)}
	if p.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.enc, p.dec = json.NewEncoder(p.in), json.NewDecoder(out)
	if !s.Cross {
		p.served <- nil
		return p, cmd.Start()
	}
	return p, p.startServed(s)
}

// startServed gives the child a socket, over which its listener comes.
func (p *process) startServed(s setup) error {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "ours"), os.NewFile(uintptr(fds[1]), "theirs")
	defer ours.Close()
	defer theirs.Close()
	p.cmd.ExtraFiles = []*os.File{theirs}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	theirs.Close()
	conn, err := net.FileConn(ours)
	if err != nil {
		return err
	}
	defer conn.Close()
	l, err := seccomp.ReceiveListener(conn.(*net.UnixConn))
	if err != nil {
		return err
	}
	server, err := newServer(s.File)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	go func() { p.served <- errors.Join(server.serve(l, s), l.Close()) }()
	return nil
}

// ask has the child do a job and returns the time of one call in nanoseconds.
func (p *process) ask(j job) (float64, error) {
	if err := p.enc.Encode(j); err != nil {
		return 0, err
	}
	var r reply
	if err := p.dec.Decode(&r); err != nil {
		return 0, err
	}
	if r.Error != "" {
		return 0, errors.New(r.Error)
	}
	return r.NS, nil
}

// end lets the child end.
func (p *process) end() error {
	p.in.Close()
	return errors.Join(p.cmd.Wait(), <-p.served)
}

// openat makes the call as package os does, through the scheduler.
func openat(dirfd int, path *byte) (int, unix.Errno) {
	fd, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(dirfd), uintptr(unsafe.Pointer(path)), unix.O_RDONLY|unix.O_CLOEXEC, 0, 0, 0)
	return int(fd), errno
}
