// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// moleCalls make ready, without a policy, what a call works on, and return the call.
var moleCalls = map[string]func() func() syscall.Errno{
	"statx": func() func() syscall.Errno {
		var s unix.Statx_t
		return rawCall(unix.SYS_STATX, at, bytePtr("/"), 0, unix.STATX_BASIC_STATS, ptr(&s))
	},
	"getrandom": func() func() syscall.Errno {
		var b [16]byte
		return rawCall(unix.SYS_GETRANDOM, ptr(&b), 16, 0)
	},
	"membarrier": func() func() syscall.Errno { return rawCall(unix.SYS_MEMBARRIER, 0 /* MEMBARRIER_CMD_QUERY */, 0, 0) },
	"newfstatat": func() func() syscall.Errno {
		var s unix.Stat_t
		return rawCall(unix.SYS_NEWFSTATAT, openTemp().Fd(), bytePtr(""), ptr(&s), unix.AT_EMPTY_PATH)
	},
	"copy_file_range": func() func() syscall.Errno {
		return rawCall(unix.SYS_COPY_FILE_RANGE, openTemp().Fd(), 0, openTemp().Fd(), 0, 4096, 0)
	},
	"preadv2": func() func() syscall.Errno {
		b := new([16]byte)
		v := &unix.Iovec{Base: &b[0], Len: 16}
		return rawCall(unix.SYS_PREADV2, openTemp().Fd(), ptr(v), 1, 0, 0, 0)
	},
	"number 1000": func() func() syscall.Errno { return rawCall(1000) },
	"mremap": func() func() syscall.Errno {
		return rawCall(unix.SYS_MREMAP, mapped(), 4096, 8192, unix.MREMAP_MAYMOVE)
	},
	"mincore": func() func() syscall.Errno {
		var b [1]byte
		return rawCall(unix.SYS_MINCORE, mapped(), 4096, ptr(&b))
	},
	"clone3": func() func() syscall.Errno {
		// struct clone_args { flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls: 64 bits each }. As
		// glibc's, but without CLONE_VM: a filter that lets it through gets EINVAL of the kernel, and no thread of nobody's.
		args := new([8]uint64)
		args[0] = unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_THREAD | unix.CLONE_SYSVSEM
		return rawCall(unix.SYS_CLONE3, ptr(args), unsafe.Sizeof(*args))
	},
	"gettimeofday": func() func() syscall.Errno {
		var t unix.Timeval
		return rawCall(unix.SYS_GETTIMEOFDAY, ptr(&t), 0)
	},
	"fstatfs": func() func() syscall.Errno {
		var s unix.Statfs_t
		return rawCall(unix.SYS_FSTATFS, openTemp().Fd(), ptr(&s))
	},
	"unlinkat": func() func() syscall.Errno { return rawCall(unix.SYS_UNLINKAT, at, bytePtr(tempFile()), 0) },
	"rseq": func() func() syscall.Errno {
		// struct rseq has 32 bytes, aligned so, and the kernel writes to them until the thread ends: a page that stays.
		return rawCall(unix.SYS_RSEQ, mapped(), 32, 0, 0x53053053)
	},
	"linkat": func() func() syscall.Errno {
		file := tempFile()
		return rawCall(unix.SYS_LINKAT, at, bytePtr(file), at, bytePtr(file+".link"), 0)
	},
	"inotify_rm_watch": func() func() syscall.Errno {
		fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
		must(err)
		watch, err := unix.InotifyAddWatch(fd, "/", unix.IN_CREATE)
		must(err)
		return rawCall(unix.SYS_INOTIFY_RM_WATCH, uintptr(fd), uintptr(watch))
	},
}

// at is AT_FDCWD.
const at = ^uintptr(99)

// rawCall makes a call later. Its pointers are kept: see ptr.
func rawCall(nr uintptr, args ...uintptr) func() syscall.Errno {
	var a [6]uintptr
	copy(a[:], args)
	return func() syscall.Errno {
		_, _, errno := unix.RawSyscall6(nr, a[0], a[1], a[2], a[3], a[4], a[5])
		return errno
	}
}

// kept is what calls have pointers to, as numbers: the collector must not take it.
var kept []any

func ptr[T any](p *T) uintptr {
	kept = append(kept, p)
	return uintptr(unsafe.Pointer(p))
}

func bytePtr(s string) uintptr {
	p, err := unix.BytePtrFromString(s)
	must(err)
	return ptr(p)
}

func mapped() uintptr {
	b, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	must(err)
	return ptr(&b[0])
}

// tempFile is the name of a new file, in the test's temporary directory.
func tempFile() string { return openTemp().Name() }

func openTemp() *os.File {
	f, err := os.CreateTemp("", "mole")
	must(err)
	kept = append(kept, f)
	return f
}
