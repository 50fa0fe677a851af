// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// How a listener gives its callers descriptors. The callers are forked processes with tables
// of descriptors of their own.

// lowestFree is the lowest descriptor that is free in this process and its forks.
func lowestFree() int64 {
	fd, err := unix.Open(os.DevNull, unix.O_RDONLY, 0)
	must(err)
	must(unix.Close(fd))
	return int64(fd)
}

// fileOf says which file a process has behind a descriptor.
func fileOf(fd uint64) seccomp.Call { return nrCall(unix.SYS_FCNTL, fd, unix.F_GETFD) }

func addFDLowest() {
	c := newCaller(0, "getpgrp")
	file := devNull()
	want := lowestFree()
	f := c.fork(nrCall(unix.SYS_GETPGRP), fileOf(uint64(want)), fileOf(uint64(want)+1), fileOf(uint64(want)+2))
	r := c.next()
	for i, onExec := range []bool{true, false} {
		fd, err := r.AddFile(file, seccomp.FileOptions{CloseOnExec: onExec})
		check(err == nil && int64(fd) == want+int64(i), "descriptor %d, %v, want %d", fd, err, want+int64(i))
	}
	must(r.Valid())
	must(r.Return(42))
	exited(f)
	check(f.Result(0) == 42, "%d", f.Result(0))
	check(f.Result(1) == unix.FD_CLOEXEC && f.Result(2) == 0 && isErrno(f.Result(3), unix.EBADF), "%d, %d, %d", f.Result(1), f.Result(2), f.Result(3))
}

func addFDNumber() {
	c := newCaller(0, "getpgrp")
	file, other := devNull(), devNull()
	f := c.fork(nrCall(unix.SYS_GETPGRP), nrCall(unix.SYS_LSEEK, uint64(other.Fd()), 0, unix.SEEK_CUR), fileOf(200))
	r := c.next()
	zero, err := os.Open("/proc/self/maps") // a file with a position
	must(err)
	_, err = zero.Read(make([]byte, 5))
	must(err)
	fd, err := r.AddFile(zero, seccomp.FileOptions{Replace: true, Number: int(other.Fd())})
	check(err == nil && fd == int(other.Fd()), "%d, %v", fd, err)
	fd, err = r.AddFile(file, seccomp.FileOptions{Replace: true, Number: 200, CloseOnExec: true})
	check(err == nil && fd == 200, "%d, %v", fd, err)
	must(r.Return(0))
	exited(f)
	check(f.Result(1) == 5, "the old file is still there: position %d", f.Result(1))
	check(f.Result(2) == unix.FD_CLOEXEC, "%d", f.Result(2))
}

func addFDSend() {
	c := newCaller(0, "getpgrp")
	file := devNull()
	want := lowestFree()
	f := c.fork(nrCall(unix.SYS_GETPGRP), fileOf(uint64(want)), nrCall(unix.SYS_GETPGRP), fileOf(0))
	must(c.next().ReturnFile(file, seccomp.FileOptions{}))
	must(c.next().ReturnFile(file, seccomp.FileOptions{Replace: true, Number: 0, CloseOnExec: true}))
	exited(f)
	check(f.Result(0) == want && f.Result(1) == 0, "descriptor %d, want %d; flags %d", f.Result(0), want, f.Result(1))
	check(f.Result(2) == 0 && f.Result(3) == unix.FD_CLOEXEC, "descriptor %d, want 0; flags %d", f.Result(2), f.Result(3))
}

func addFDInvalid() {
	c := newCaller(0, "getpgrp")
	src := uint32(devNull().Fd())
	f := c.fork(nrCall(unix.SYS_GETPGRP))
	r := c.next()
	for _, bad := range []struct {
		a    rawAddFD
		want unix.Errno
	}{
		{rawAddFD{id: r.ID, src: src, flags: 4}, unix.EINVAL},
		{rawAddFD{id: r.ID, src: src, number: 7}, unix.EINVAL},
		{rawAddFD{id: r.ID, src: src, mode: unix.O_NONBLOCK}, unix.EINVAL},
		{rawAddFD{id: r.ID, src: 100000}, unix.EBADF},
		{rawAddFD{id: r.ID + 1, src: src}, unix.ENOENT},
		{rawAddFD{id: r.ID + 1, src: src, flags: abi.AddFDSend}, unix.ENOENT},
	} {
		_, errno := control(c.fd(), abi.IoctlNotifAddFD, &bad.a)
		check(errno == bad.want, "%+v: %v, want %v", bad.a, errno, bad.want)
	}
	long := struct {
		rawAddFD
		more uint64
	}{rawAddFD{id: r.ID, src: src}, 1}
	const perByte = 1 << 16 // the size in an ioctl's number
	_, errno := control(c.fd(), abi.IoctlNotifAddFD+8*perByte, &long)
	check(errno == unix.E2BIG, "a longer structure: %v", errno)
	long.more = 0
	_, errno = control(c.fd(), abi.IoctlNotifAddFD+8*perByte, &long)
	check(errno == 0, "a longer structure with zeroes: %v", errno)
	_, errno = control(c.fd(), abi.IoctlNotifAddFD-8*perByte, &long)
	check(errno == unix.EINVAL, "a shorter structure: %v", errno)
	must(r.Return(0))
	exited(f)
}

func addFDLimit() {
	c := newCaller(0, "getpgrp")
	file := devNull()
	limit := unix.Rlimit{Cur: uint64(lowestFree()), Max: 4096}
	kept = append(kept, &limit)
	f := c.fork(nrCall(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_NOFILE, pointer(&limit), 0), nrCall(unix.SYS_GETPGRP))
	r := c.next()
	_, err := r.AddFile(file, seccomp.FileOptions{})
	is(err, nil, unix.EMFILE)
	is(r.ReturnFile(file, seccomp.FileOptions{}), nil, unix.EMFILE)
	is(r.ReturnFile(file, seccomp.FileOptions{Replace: true, Number: int(limit.Cur)}), nil, unix.EBADF)
	must(r.Valid())
	must(r.ReturnFile(file, seccomp.FileOptions{Replace: true, Number: int(limit.Cur) - 1}))
	exited(f)
	check(f.Result(0) == 0 && f.Result(1) == int64(limit.Cur)-1, "%d, %d", f.Result(0), f.Result(1))
}

func addFDNotReceived() {
	c := newCaller(0, "getpgrp")
	src := uint32(devNull().Fd())
	f, id := c.announced()
	_, errno := control(c.fd(), abi.IoctlNotifAddFD, &rawAddFD{id: id, src: src})
	check(errno == unix.EINPROGRESS, "%v", errno)
	r := c.next()
	must(r.Return(0))
	exited(f)
	_, errno = control(c.fd(), abi.IoctlNotifAddFD, &rawAddFD{id: id, src: src})
	check(errno == unix.ENOENT, "%v", errno)
	is(r.ReturnFile(devNull(), seccomp.FileOptions{}), seccomp.ErrAnswered, unix.EINPROGRESS)
}
