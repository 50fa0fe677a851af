// SPDX-License-Identifier: MIT

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A setup is one way to have calls answered.
type setup struct {
	Cross bool   // by another process
	Sync  bool   // with SetSyncWakeUp
	Bare  bool   // without the library
	Procs int    // GOMAXPROCS of the process with the calls
	File  string // that is opened
}

// A job asks a child for one batch.
type job struct {
	Op string
	N  int
}

type reply struct {
	NS    float64 // of one call
	Error string
}

// ops are what is measured: direct is on a thread without the filter, the others under it.
var ops = map[string]struct {
	dirfd int
	errno unix.Errno
}{
	"direct": {unix.AT_FDCWD, 0}, "round trip": {forErrno, unix.EACCES},
	"open, fixed": {forFixed, 0}, "open": {forFile, 0}, "open, own": {forOwn, 0},
}

// child makes calls as its parent asks for on standard input.
func child(s setup) error {
	runtime.GOMAXPROCS(s.Procs)
	direct, filtered := newLane(), newLane()
	go func() {
		runtime.LockOSThread()
		direct.serve(s.File)
	}()
	l, err := filteredThread(filtered, s)
	if err != nil {
		return err
	}
	if s.Cross {
		socket := os.NewFile(3, "socket")
		if err := errors.Join(l.Send(socket), socket.Close(), l.Close()); err != nil {
			return err
		}
	} else {
		server, err := newServer(s.File)
		if err != nil {
			return err
		}
		go func() {
			if err := errors.Join(server.serve(l, s), l.Close()); err != nil {
				fmt.Fprintln(os.Stderr, "notify:", err)
			}
		}()
	}
	return answerJobs(direct, filtered)
}

func answerJobs(direct, filtered lane) error {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var j job
		if err := in.Decode(&j); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		l := filtered
		if j.Op == "direct" {
			l = direct
		}
		l.jobs <- j
		if err := out.Encode(<-l.replies); err != nil {
			return err
		}
	}
}

// A lane is a thread that makes calls.
type lane struct {
	jobs    chan job
	replies chan reply
}

func newLane() lane { return lane{make(chan job), make(chan reply)} }

func (l lane) serve(file string) {
	path, err := unix.BytePtrFromString(file)
	for j := range l.jobs {
		r := reply{}
		if err == nil {
			r.NS, err = batch(j, path)
		}
		if err != nil {
			r.Error = err.Error()
		}
		l.replies <- r
	}
}

// filteredThread starts a lane whose every openat is answered by the listener.
func filteredThread(l lane, s setup) (*seccomp.Listener, error) {
	f := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Allow, Rules: seccomp.Group(seccomp.UserNotif, "openat")}
	compile, flags := f.CompileInProcess, seccomp.Flags(0)
	if s.Cross {
		compile, flags = f.Compile, seccomp.WaitKillableRecv
	}
	program, err := compile()
	if err != nil {
		return nil, err
	}
	type result struct {
		l   *seccomp.Listener
		err error
	}
	installed := make(chan result)
	go func() {
		runtime.LockOSThread()
		err := seccomp.SetNoNewPrivs()
		var r result
		if err == nil {
			r.l, err = seccomp.SetFilterWithListener(program, flags)
		}
		r.err = err
		installed <- r
		if err == nil {
			l.serve(s.File)
		}
	}()
	r := <-installed
	return r.l, r.err
}

// batch makes a call n times, as package os does (through the scheduler), and closes what it
// gets.
func batch(j job, path *byte) (float64, error) {
	op, ok := ops[j.Op]
	if !ok {
		return 0, fmt.Errorf("no operation %q", j.Op)
	}
	start := time.Now()
	for range j.N {
		fd, errno := openat(op.dirfd, path)
		if errno == 0 {
			unix.Close(fd)
		}
		if errno != op.errno {
			return 0, fmt.Errorf("%s: %v", j.Op, errno)
		}
	}
	return float64(time.Since(start).Nanoseconds()) / float64(j.N), nil
}
