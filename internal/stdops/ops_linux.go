// SPDX-License-Identifier: MIT

package stdops

import (
	"errors"
	"fmt"
	"log/syslog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// linux are operations of packages that not every system has, and the calls that
// databases and the like make themselves, by the package that they use for it.
func linux() []Op {
	const x = "golang.org/x/sys/unix"
	return []Op{
		{Package: "log/syslog", Name: "Dial", Make: makeSyslog(false)},
		{Package: "log/syslog", Name: "Writer.Info", With: "connected", Make: makeSyslog(true)},
		{Package: "os/signal", Name: "Notify", Make: plain(notify)},
		{Package: x, Name: "Flock", Make: onFd(func(fd int) error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) })},
		{Package: x, Name: "FcntlFlock", With: "F_SETLK", Make: onFd(lock(unix.F_SETLK))},
		{Package: x, Name: "FcntlFlock", With: "F_SETLKW", Make: onFd(lock(unix.F_SETLKW))},
		{Package: x, Name: "FcntlFlock", With: "F_GETLK", Make: onFd(lock(unix.F_GETLK))},
		{Package: x, Name: "FcntlFlock", With: "F_OFD_SETLK", Make: onFd(lock(unix.F_OFD_SETLK))},
		{Package: x, Name: "FcntlFlock", With: "F_OFD_SETLKW", Make: onFd(lock(unix.F_OFD_SETLKW))},
		{Package: x, Name: "FcntlFlock", With: "F_OFD_GETLK", Make: onFd(lock(unix.F_OFD_GETLK))},
		{Package: x, Name: "FcntlInt", With: "F_SETFD", Make: onFd(fcntl(unix.F_SETFD, unix.FD_CLOEXEC))},
		{Package: x, Name: "FcntlInt", With: "F_GETFD", Make: onFd(fcntl(unix.F_GETFD, 0))},
		{Package: x, Name: "SetNonblock", Make: onFd(func(fd int) error { return unix.SetNonblock(fd, true) })},
		{Package: x, Name: "Fdatasync", Make: onFd(unix.Fdatasync)},
		{Package: x, Name: "Fallocate", Make: onFd(func(fd int) error { return supported(unix.Fallocate(fd, 0, 0, 4096)) })},
		{Package: x, Name: "Fadvise", Make: onFd(func(fd int) error { return unix.Fadvise(fd, 0, 0, unix.FADV_SEQUENTIAL) })},
		{Package: x, Name: "SyncFileRange", Make: onFd(func(fd int) error { return unix.SyncFileRange(fd, 0, 0, unix.SYNC_FILE_RANGE_WRITE) })},
		{Package: x, Name: "Fstatfs", Make: onFd(func(fd int) error { return unix.Fstatfs(fd, new(unix.Statfs_t)) })},
		{Package: x, Name: "Statfs", Make: inDir(func(d string) error { return unix.Statfs(d, new(unix.Statfs_t)) })},
		{Package: x, Name: "Readv", Make: onFd(func(fd int) error { return second(unix.Readv(fd, buffers())) })},
		{Package: x, Name: "Preadv", Make: onFd(func(fd int) error { return second(unix.Preadv(fd, buffers(), 4)) })},
		{Package: x, Name: "Pwritev", Make: onFd(func(fd int) error { return second(unix.Pwritev(fd, buffers(), 4)) })},
		{Package: x, Name: "Faccessat", Make: inDir(func(d string) error { return unix.Faccessat(unix.AT_FDCWD, d, unix.R_OK, 0) })},
		{Package: x, Name: "Renameat2", With: "RENAME_NOREPLACE", Make: inDir(func(d string) error {
			return supported(unix.Renameat2(unix.AT_FDCWD, d+"/file", unix.AT_FDCWD, d+"/new", unix.RENAME_NOREPLACE))
		})},
		{Package: x, Name: "Mmap", With: "shared, for reading", Make: onFd(mapFile(unix.PROT_READ, func([]byte) error { return nil }))},
		{Package: x, Name: "Mmap", With: "shared, for writing too", Make: onFd(mapFile(unix.PROT_READ|unix.PROT_WRITE, func(b []byte) error { b[0] = 't'; return nil }))},
		{Package: x, Name: "Msync", Make: makeMapped(func(b []byte) error { return unix.Msync(b, unix.MS_SYNC) })},
		{Package: x, Name: "Madvise", With: "MADV_RANDOM", Make: makeMapped(func(b []byte) error { return unix.Madvise(b, unix.MADV_RANDOM) })},
		{Package: x, Name: "Mprotect", With: "PROT_READ", Make: makeMapped(func(b []byte) error { return unix.Mprotect(b, unix.PROT_READ) })},
		{Package: x, Name: "Mremap", Make: makeMapped(func(b []byte) error { return second(unix.Mremap(b, 2*len(b), unix.MREMAP_MAYMOVE)) })},
		{Package: x, Name: "Munmap", Make: makeMapped(unix.Munmap)},
		{Package: x, Name: "IoctlGetTermios", Make: onFd(notTerminal(func(fd int) error { return second(unix.IoctlGetTermios(fd, unix.TCGETS)) }))},
		{Package: x, Name: "IoctlGetWinsize", Make: onFd(notTerminal(func(fd int) error { return second(unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ)) }))},
		{Package: x, Name: "Uname", Make: plain(func() error { return unix.Uname(new(unix.Utsname)) })},
		{Package: x, Name: "Getrandom", Make: plain(func() error { return second(unix.Getrandom(make([]byte, 8), 0)) })},
	}
}

// onFd is the Make of an operation on a file's descriptor.
func onFd(run func(fd int) error) func() (func() error, error) {
	return onFile(func(f *os.File) error {
		c, err := f.SyscallConn() // Fd would make the file blocking, by fcntl(2)
		if err != nil {
			return err
		}
		var ran error
		return errors.Join(c.Control(func(fd uintptr) { ran = run(int(fd)) }), ran)
	})
}

// supported takes the answer of a file system that cannot do it for one.
func supported(err error) error {
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EINVAL) {
		return nil
	}
	return err
}

func notTerminal(run func(fd int) error) func(fd int) error {
	return func(fd int) error {
		if err := run(fd); !errors.Is(err, unix.ENOTTY) {
			return fmt.Errorf("a file as a terminal: %w", err)
		}
		return nil
	}
}

func lock(cmd int) func(fd int) error {
	return func(fd int) error {
		return unix.FcntlFlock(uintptr(fd), cmd, &unix.Flock_t{Type: unix.F_WRLCK, Len: 1})
	}
}

func fcntl(cmd, arg int) func(fd int) error {
	return func(fd int) error { return second(unix.FcntlInt(uintptr(fd), cmd, arg)) }
}

func buffers() [][]byte { return [][]byte{make([]byte, 4), make([]byte, 4)} }

// mapFile maps a file, uses the mapping and leaves it.
func mapFile(prot int, use func(b []byte) error) func(fd int) error {
	return func(fd int) error {
		b, err := unix.Mmap(fd, 0, len(content), prot, unix.MAP_SHARED)
		if err != nil {
			return err
		}
		return use(b)
	}
}

// makeMapped is the Make of an operation on a mapping of a file.
func makeMapped(run func(b []byte) error) func() (func() error, error) {
	return func() (func() error, error) {
		f, err := open()
		if err != nil {
			return nil, err
		}
		b, err := unix.Mmap(int(f.Fd()), 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		return func() error { return run(b) }, err
	}
}

// makeSyslog has a log daemon's socket, on which nobody needs to read.
func makeSyslog(connected bool) func() (func() error, error) {
	return func() (func() error, error) {
		dir, err := os.MkdirTemp("", "op")
		if err != nil {
			return nil, err
		}
		c, err := net.ListenPacket("unixgram", dir+"/log")
		if err != nil {
			return nil, err
		}
		keep(c)
		dial := func() (*syslog.Writer, error) {
			return syslog.Dial("unixgram", dir+"/log", syslog.LOG_INFO, "node")
		}
		if !connected {
			return func() error {
				w, err := dial()
				keep(w)
				return err
			}, nil
		}
		w, err := dial()
		keep(w)
		return func() error { return w.Info(content) }, err
	}
}

// notify hears of a signal that the process sends itself.
func notify() error {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	defer signal.Stop(c)
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGHUP); err != nil {
		return err
	}
	<-c
	return nil
}
