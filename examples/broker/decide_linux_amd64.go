// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A broker opens files for the worker.
type broker struct {
	path    string   // of the root: what absolute names begin with
	root    *os.File // the same directory, whatever its name means later
	allowed []string // names beneath the root, of directories with a slash at the end
}

func newBroker(root string, allowed []string) (*broker, error) {
	path, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, unix.O_PATH|unix.O_DIRECTORY, 0)
	return &broker{path, f, allowed}, err
}

// answer is the handler: it says yes with a descriptor, or no with an errno. What it is
// told when the worker has died meanwhile, or was interrupted, needs no answer.
func (b *broker) answer(_ context.Context, r *seccomp.Request) {
	f, err := b.open(r)
	if err == nil {
		defer f.Close()
		// The descriptor comes to be and the call returns its number in one step: a worker
		// that is interrupted before has neither.
		err = r.ReturnFile(f, seccomp.FileOptions{CloseOnExec: true})
	}
	var errno unix.Errno
	switch {
	case err == nil, errors.Is(err, seccomp.ErrRequestGone):
	case errors.As(err, &errno):
		r.Fail(uint16(errno))
	default:
		r.Fail(uint16(unix.EIO))
	}
}

// open decides and opens. From here on the name is this copy: what the worker does to its
// memory while we look changes nothing.
func (b *broker) open(r *seccomp.Request) (*os.File, error) {
	path, err := r.String(1) // which also asks whether it was still the worker's memory
	if err != nil {
		return nil, err
	}
	// The kernel reads dirfd and flags as 32 bits (open(2)).
	name, err := b.decide(int32(r.Call.Args[0]), path, uint32(r.Call.Args[2]))
	if err != nil {
		return nil, err
	}
	return b.openBeneath(name)
}

// readFlags are those with which a file is only read. Not O_PATH, which takes other flags
// out of force, nor O_DIRECTORY, since a listing tells names that were not given.
const readFlags = unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NOFOLLOW | unix.O_NOCTTY | unix.O_NONBLOCK | unix.O_LARGEFILE | kernelLargefile

// kernelLargefile is what C libraries pass; Go's constant for amd64 is 0 (fcntl.h).
const kernelLargefile = 0o100000

// decide returns the name beneath the root, if the worker may read it.
func (b *broker) decide(dirfd int32, path string, flags uint32) (string, error) {
	name, absolute := strings.CutPrefix(path, strings.TrimSuffix(b.path, "/")+"/")
	switch {
	case flags&^readFlags != 0:
		return "", unix.EACCES
	case !absolute && dirfd != unix.AT_FDCWD: // the worker stays in the root, and has no other directory
		return "", unix.EACCES
	case !fs.ValidPath(name): // "..", "//", an absolute name of somewhere else
		return "", unix.EACCES
	}
	for _, a := range b.allowed {
		if name == a || strings.HasSuffix(a, "/") && strings.HasPrefix(name, a) {
			return name, nil
		}
	}
	return "", unix.EACCES
}

// openBeneath opens a file for reading. The kernel itself sees to it that no component
// leaves the root, whoever renames directories meanwhile. No symbolic link is followed:
// the list is of names, and a link is another name for something that may not be in it.
func (b *broker) openBeneath(name string) (*os.File, error) {
	how := unix.OpenHow{
		// Without O_NONBLOCK a FIFO without a writer would hold us here.
		Flags:   unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NOCTTY | unix.O_NONBLOCK,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS,
	}
	fd, err := unix.Openat2(int(b.root.Fd()), name, &how)
	// EAGAIN: a rename somewhere (openat2(2)), or a lease, which may stay (F_SETLEASE of fcntl(2)).
	for tries := 0; err == unix.EINTR || err == unix.EAGAIN && tries < 8; tries++ {
		fd, err = unix.Openat2(int(b.root.Fd()), name, &how)
	}
	// What the worker learns is whether a file is there that it may read, no more.
	if err != nil && !slices.Contains([]error{unix.ENOENT, unix.ENOTDIR, unix.EMFILE, unix.ENFILE}, err) {
		err = unix.EACCES
	}
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), name)
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, unix.EACCES
	}
	return f, nil
}
