// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Directory descriptors that say what an openat is for; there are none such.
const (
	forErrno = -2 // the round trip alone: the answer is EACCES
	forFixed = -3 // always the same file, whatever the path
	forFile  = -4 // a file, as ../../examples/broker gives it
	forOwn   = -5 // the same, opened in the caller's own table of descriptors
)

// A server answers the calls of one setup: whoever asks for the file gets it.
type server struct {
	root int
	file string
}

func newServer(file string) (server, error) {
	root, err := unix.Open("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	return server{root, file}, err
}

// serve answers until the filtered thread is gone.
func (s server) serve(l *seccomp.Listener, how setup) error {
	if how.Sync {
		if err := l.SetSyncWakeUp(); err != nil {
			return err
		}
	}
	if how.Bare {
		return s.serveBare(l)
	}
	return l.Serve(context.Background(), s.answer)
}

func (s server) answer(_ context.Context, r *seccomp.Request) {
	dirfd := int32(r.Call.Args[0])
	if dirfd == forErrno {
		r.Fail(uint16(unix.EACCES))
		return
	}
	open := s.open
	if dirfd == forFixed {
		open = s.openFixed
	}
	fd, err := open(r)
	if err != nil {
		r.Fail(uint16(unix.EIO))
		return
	}
	if dirfd == forOwn {
		if r.Return(uint64(fd)) != nil {
			unix.Close(fd) // the caller was interrupted, and asks again
		}
		return
	}
	f := os.NewFile(uintptr(fd), "")
	defer f.Close()
	if err := r.ReturnFile(f, seccomp.FileOptions{CloseOnExec: true}); err != nil && !errors.Is(err, seccomp.ErrRequestGone) {
		r.Fail(uint16(unix.EIO))
	}
}

// openFixed does not look at the caller's memory: what is left is the answer with a file.
func (s server) openFixed(*seccomp.Request) (int, error) {
	return unix.Open(s.file, unix.O_RDONLY|unix.O_CLOEXEC, 0)
}

func (s server) open(r *seccomp.Request) (int, error) {
	name, err := r.String(1)
	if err != nil {
		return 0, err
	}
	if name != s.file {
		return 0, fmt.Errorf("asked for %q", name)
	}
	how := unix.OpenHow{Flags: unix.O_RDONLY | unix.O_CLOEXEC, Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS}
	return unix.Openat2(s.root, strings.TrimPrefix(name, "/"), &how)
}
