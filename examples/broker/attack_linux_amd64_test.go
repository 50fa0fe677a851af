// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"unsafe" // the attempts pass pointers of their own making

	"golang.org/x/sys/unix"
)

const allowedText = "whoever reads this was allowed to"

// attackInProcess is main with -in-process and another worker.
func attackInProcess() {
	root := flag.String("root", ".", "")
	flag.Bool("in-process", true, "")
	flag.Parse()
	b, err := newBroker(*root, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code, err := b.inProcess(attack)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// openat is the call as a program makes it that was taken over.
func openat(dirfd uint64, path unsafe.Pointer, flags uint64) (int, unix.Errno) {
	fd, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(dirfd), uintptr(path), uintptr(flags), 0o600, 0, 0)
	return int(fd), errno
}

const atFDCWD = 1<<64 - 100

func cString(s string) unsafe.Pointer { return unsafe.Pointer(&append([]byte(s), 0)[0]) }

// An attempt is an openat that must end as named.
type attempt struct {
	path  string
	flags uint64
	want  unix.Errno
}

var attempts = []attempt{
	{"docs/a.txt", 0, 0}, {"docs/a.txt", unix.O_NOFOLLOW | unix.O_NONBLOCK | kernelLargefile, 0}, {"docs/a.txt", 1 << 32, 0}, // int flags
	{"docs/none", 0, unix.ENOENT}, {"docs/a.txt/x", 0, unix.ENOTDIR},
	// Out of the list, out of the root.
	{"private.txt", 0, unix.EACCES}, {"", 0, unix.EACCES}, {".", 0, unix.EACCES}, {"docs", 0, unix.EACCES}, {"docs/", 0, unix.EACCES},
	{"../secret", 0, unix.EACCES}, {"docs/../../secret", 0, unix.EACCES}, {"docs/../private.txt", 0, unix.EACCES}, {"docs/./a.txt", 0, unix.EACCES},
	{"docs//a.txt", 0, unix.EACCES}, {"docs/sub/..", 0, unix.EACCES}, {"/docs/a.txt", 0, unix.EACCES}, {"/etc/passwd", 0, unix.EACCES},
	{"/proc/self/root/etc/passwd", 0, unix.EACCES}, {"/proc/self/mem", 0, unix.EACCES}, {"docs-old/a.txt", 0, unix.EACCES}, {"docs/\xff", 0, unix.EACCES},
	// Links of all kinds, also such as lead to what is allowed.
	{"docs/absolute", 0, unix.EACCES}, {"docs/up", 0, unix.EACCES}, {"docs/inside", 0, unix.EACCES}, {"docs/dir/private.txt", 0, unix.EACCES},
	{"docs/dir/docs/a.txt", 0, unix.EACCES}, {"docs/magic/etc/passwd", 0, unix.EACCES}, {"docs/harmless", 0, unix.EACCES}, {"docs/dangling", 0, unix.EACCES},
	// No files.
	{"docs/fifo", 0, unix.EACCES}, {"docs/sub", 0, unix.EACCES},
	// No reading.
	{"docs/a.txt", unix.O_WRONLY, unix.EACCES}, {"docs/a.txt", unix.O_RDWR, unix.EACCES}, {"docs/a.txt", unix.O_WRONLY | unix.O_RDWR, unix.EACCES},
	{"docs/a.txt", unix.O_TRUNC, unix.EACCES}, {"docs/a.txt", unix.O_APPEND, unix.EACCES}, {"docs/new", unix.O_CREAT, unix.EACCES},
	{"docs/new", unix.O_CREAT | unix.O_EXCL | unix.O_WRONLY, unix.EACCES}, {"docs/sub", unix.O_TMPFILE | unix.O_RDWR, unix.EACCES},
	{"docs/a.txt", unix.O_PATH, unix.EACCES}, {"docs/sub", unix.O_DIRECTORY, unix.EACCES}, {"docs/a.txt", unix.O_DIRECT, unix.EACCES},
	{"docs/a.txt", unix.O_ASYNC, unix.EACCES}, {"docs/a.txt", unix.O_NOATIME, unix.EACCES}, {"docs/a.txt", 1 << 31, unix.EACCES},
	{strings.Repeat("x/", 2047) + "x", 0, unix.EACCES}, {strings.Repeat("x/", 2048), 0, unix.ENAMETOOLONG},
	{"docs/" + strings.Repeat("x", 256), 0, unix.EACCES},
}

// attack is a worker that tries what it must not reach. It returns the exit code.
func attack() int {
	fd, errno := openat(atFDCWD, cString("docs/a.txt"), 0)
	if errno != 0 || fd < 3 {
		fmt.Println("the allowed file:", fd, errno)
		return 1
	}
	fmt.Println("holds", fd)
	io.Copy(io.Discard, os.Stdin)
	mistakes := slices.Concat(byPath(), byPointer(), byOtherCalls(fd), byRace())
	for _, m := range mistakes {
		fmt.Println(m)
	}
	fmt.Println("all attempts made")
	return min(len(mistakes), 1)
}

func byPath() (mistakes []string) {
	for _, a := range attempts {
		fd, errno := openat(atFDCWD, cString(a.path), a.flags)
		if errno == 0 {
			unix.Close(fd)
		}
		if errno != a.want {
			mistakes = append(mistakes, fmt.Sprintf("%.40q, flags %#x: %v, not %v", a.path, a.flags, errno, a.want))
		}
	}
	return mistakes
}

func byPointer() (mistakes []string) {
	page := unix.Getpagesize()
	two, err := unix.Mmap(-1, 0, 2*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return []string{err.Error()}
	}
	atEnd := page - len("docs/a.txt") - 1
	copy(two[atEnd:], "docs/a.txt\x00")
	if _, _, errno := unix.Syscall(unix.SYS_MUNMAP, uintptr(unsafe.Pointer(&two[page])), uintptr(page), 0); errno != 0 {
		return []string{errno.Error()}
	}
	expect := func(what string, dirfd uint64, path uintptr, want unix.Errno) {
		fd, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(dirfd), path, 0, 0, 0, 0)
		if errno == 0 {
			unix.Close(int(fd))
		}
		if errno != want {
			mistakes = append(mistakes, fmt.Sprintf("%s: %v, not %v", what, errno, want))
		}
	}
	first := uintptr(unsafe.Pointer(&two[0]))
	expect("at the end of the memory", atFDCWD, first+uintptr(atEnd), 0)
	two[page-1] = 'x'
	expect("without an end", atFDCWD, first+uintptr(atEnd), unix.EFAULT)
	expect("on no page", atFDCWD, first+uintptr(page), unix.EFAULT)
	expect("nil", atFDCWD, 0, unix.EFAULT)
	expect("in the kernel", atFDCWD, 0xffff<<48, unix.EFAULT)
	expect("at the end of all addresses", atFDCWD, ^uintptr(0), unix.EFAULT)
	path := uintptr(cString("docs/a.txt"))
	expect("relative to standard input", 0, path, unix.EACCES)
	expect("relative to nothing", 1<<32-1, path, unix.EACCES)
	expect("an int of 32 bits", 1<<32-100, path, 0)
	expect("an int with other high bits", 1<<40-100, path, 0)
	runtime.KeepAlive(two)
	return mistakes
}

// byOtherCalls tries other ways to a file, and writing to the one that is open.
func byOtherCalls(fd int) (mistakes []string) {
	path, how := uintptr(cString("docs/a.txt")), unix.OpenHow{}
	for _, c := range []struct {
		name string
		nr   uintptr
		args [4]uintptr
		want unix.Errno
	}{
		{"write", unix.SYS_WRITE, [4]uintptr{uintptr(fd), path, 1}, unix.EBADF},
		{"open", unix.SYS_OPEN, [4]uintptr{path}, unix.EPERM},
		{"creat", unix.SYS_CREAT, [4]uintptr{path}, unix.EPERM},
		{"openat2", unix.SYS_OPENAT2, [4]uintptr{uintptr(atFDCWD), path, uintptr(unsafe.Pointer(&how)), unsafe.Sizeof(how)}, unix.EPERM},
		{"open_by_handle_at", unix.SYS_OPEN_BY_HANDLE_AT, [4]uintptr{uintptr(fd), path}, unix.EPERM},
		{"io_uring_setup", unix.SYS_IO_URING_SETUP, [4]uintptr{1}, unix.EPERM},
		{"memfd_create", unix.SYS_MEMFD_CREATE, [4]uintptr{path}, unix.EPERM},
		{"chdir", unix.SYS_CHDIR, [4]uintptr{path}, unix.EPERM},
		{"ptrace", unix.SYS_PTRACE, [4]uintptr{}, unix.EPERM},
		{"seccomp", unix.SYS_SECCOMP, [4]uintptr{unix.SECCOMP_SET_MODE_FILTER}, unix.EPERM},
		{"sendmsg", unix.SYS_SENDMSG, [4]uintptr{1}, unix.EPERM},
	} {
		if _, _, errno := unix.Syscall6(c.nr, c.args[0], c.args[1], c.args[2], c.args[3], 0, 0); errno != c.want {
			mistakes = append(mistakes, fmt.Sprintf("%s: %v, not %v", c.name, errno, c.want))
		}
	}
	return mistakes
}

// byRace changes the name while the supervisor looks at it: between one that is allowed and
// one that is not.
func byRace() (mistakes []string) {
	names := [2][2]uint64{words("docs/a.txt"), words("docs/up")} // a link to the secret
	var path [2]atomic.Uint64
	set := func(n [2]uint64) { path[0].Store(n[0]); path[1].Store(n[1]) }
	set(names[0])
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				set(names[i%2])
				runtime.Gosched()
			}
		}
	}()
	opened := 0
	for range 1000 {
		fd, errno := openat(atFDCWD, unsafe.Pointer(&path), 0)
		if errno != 0 {
			continue
		}
		opened++
		var text [100]byte
		n, err := unix.Read(fd, text[:])
		unix.Close(fd)
		if err != nil || !bytes.Equal(text[:n], []byte(allowedText)) {
			mistakes = append(mistakes, fmt.Sprintf("read %q, %v", text[:n], err))
		}
	}
	close(stop)
	<-done
	if opened == 0 {
		mistakes = append(mistakes, "the race was never won by the allowed name")
	}
	return mistakes
}

// words is a name as it stands in memory.
func words(s string) [2]uint64 {
	var w [2]uint64
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&w)), 16), s)
	return w
}
