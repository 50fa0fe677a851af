// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"unsafe" // addresses of what the tests map

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

var memoryTests = []childTest{
	{"hostile paths", since5_19, hostilePaths},
	{"strings", since5_19, goodStrings},
	{"buffers", since5_19, buffers},
	{"stale", since5_19, staleRead},
	{"unseen caller", since5_19, unseenCaller},
	{"changed protection", since5_19, protectedPages},
}

func init() {
	register("TestMemory", memoryTests)
	installChildren["memory.untraceable"] = untraceable
}

func TestMemory(t *testing.T) { runChildren(t, memoryTests) }

const page = 4096

// mapped maps pages filled with one byte, with a page behind that cannot be read.
func mapped(pages int, fill byte) []byte {
	b, err := unix.Mmap(-1, 0, (pages+1)*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	must(err)
	copy(b, bytes.Repeat([]byte{fill}, pages*page))
	must(unix.Mprotect(b[pages*page:], unix.PROT_NONE))
	return b[:pages*page]
}

func addressOf(b []byte) uintptr { return uintptr(unsafe.Pointer(&b[0])) }

// asKernel is what the kernel makes of a path: 0, EFAULT or ENAMETOOLONG. faccessat(2)
// changes nothing, and no path here exists.
func asKernel(path uintptr) unix.Errno {
	_, _, errno := unix.Syscall(unix.SYS_FACCESSAT, ^uintptr(99), path, 0) // AT_FDCWD
	if errno == unix.ENOENT || errno == unix.ENOTDIR {
		return 0
	}
	return errno
}

// hostilePaths asks the kernel and String the same.
func hostilePaths() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	noEnd, ended := mapped(1, 'x'), mapped(2, 'x')
	long := mapped(3, '/')
	copy(long, strings.Repeat("x/", 2047)) // 4094 bytes, then slashes without end
	exact, over := mapped(2, 'x'), mapped(2, 'x')
	copy(exact, strings.Repeat("x/", 2047)+"x\x00") // 4095 and the zero
	copy(over, strings.Repeat("x/", 2048)+"\x00")   // 4096 and the zero
	ended[2*page-1] = 0
	seen := map[unix.Errno]int{}
	for name, at := range map[string]uintptr{
		"NULL": 0, "1": 1, "the first page": 4095, "unmapped": 1 << 16, "2^63": 1 << 63, "2^64-1": ^uintptr(0),
		"the kernel's": 0xffffffff81000000, "not canonical": 1 << 47, "the last page of the user's": 1<<47 - page - 1,
		"no end before the end of memory": addressOf(noEnd), "its last byte": addressOf(noEnd) + page - 1, "no access": addressOf(noEnd) + page,
		"ends with the memory": addressOf(ended) + 2*page - 10, "crosses a page": addressOf(ended) + page - 10, "only the end": addressOf(ended) + 2*page - 1,
		"PATH_MAX and more": addressOf(long), "from the midst of a page": addressOf(long) + 100, "PATH_MAX - 1": addressOf(exact), "PATH_MAX": addressOf(over),
	} {
		want := asKernel(at)
		if name == "ends with the memory" || name == "only the end" || name == "PATH_MAX - 1" {
			check(want == 0 || want == unix.ENAMETOOLONG && name != "only the end", "%s: the kernel says %v", name, want)
			want = 0 // a component may be too long for the file system, but it was read
		}
		result := c.ask(at)
		r := c.next()
		s, err := r.String(0)
		if want == 0 {
			check(err == nil, "%s: %v", name, err)
		} else {
			check(s == "" && errors.Is(err, want), "%s: %d bytes, %v, want %v", name, len(s), err, want)
		}
		seen[want]++
		must(r.Fail(1))
		failedWith(result, 1)
	}
	check(seen[0] >= 3 && seen[unix.EFAULT] >= 9 && seen[unix.ENAMETOOLONG] >= 3, "%v", seen)
}

func goodStrings() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	mem := mapped(3, 'y')
	for _, s := range []string{"", "a", "/etc/hostname", strings.Repeat("é", 1000), strings.Repeat("z", 4095)} {
		for _, start := range []int{0, 1, page - 1, page - len(s)%page, page + 7} {
			if start+len(s) >= len(mem) {
				continue
			}
			copy(mem[start:], s+"\x00")
			result := c.ask(0, 0, 0, addressOf(mem[start:]))
			r := c.next()
			got, err := r.String(3)
			check(err == nil && got == s, "at %d: %d bytes, %v, want %d", start, len(got), err, len(s))
			must(r.Fail(1))
			failedWith(result, 1)
		}
	}
}

func buffers() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	const pages = 40
	mem := mapped(pages, 0)
	for i := range mem {
		mem[i] = byte(rand.Uint32())
	}
	result := c.ask(addressOf(mem))
	r := c.next()
	for _, b := range [][2]int{{0, 0}, {0, 1}, {0, page}, {1, page}, {page - 1, 2}, {7, 16 * page}, {0, 17 * page}, {5, 33*page + 3}, {0, pages * page}, {pages*page - 1, 1}} {
		got := make([]byte, b[1])
		n, err := r.ReadMemory(uint64(addressOf(mem))+uint64(b[0]), got)
		check(err == nil && n == b[1] && bytes.Equal(got, mem[b[0]:b[0]+b[1]]), "%v: %d bytes, %v", b, n, err)
	}
	for _, b := range [][2]int{{0, 1}, {10, page}, {17 * page, 30 * page}} { // bytes before the end, and how many are asked for
		got := make([]byte, b[0]+b[1])
		n, err := r.ReadMemory(uint64(addressOf(mem))+uint64(len(mem)-b[0]), got)
		is(err, nil, unix.EFAULT)
		check(n == b[0] && bytes.Equal(got[:n], mem[len(mem)-n:]), "%v: %d bytes", b, n)
	}
	got := make([]byte, 10)
	n, err := r.Read(0, got)
	check(err == nil && n == 10 && bytes.Equal(got, mem[:10]), "%d, %v", n, err)
	must(r.Fail(1))
	failedWith(result, 1)
}

// staleRead: the id of a dead caller now belongs to another process, whose memory must
// not be taken for the caller's.
func staleRead() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	secret := mapped(1, 's')
	f := c.fork(nrCall(unix.SYS_GETPGRP, uint64(addressOf(secret))))
	r := c.next()
	got := make([]byte, 16)
	n, err := r.Read(0, got)
	check(n == 16 && err == nil, "%d, %v", n, err)
	killed(f)
	r.PID = os.Getpid() // as if its number had been given away
	n, err = r.Read(0, got)
	is(err, seccomp.ErrRequestGone, unix.ENOENT)
	check(n == 0 && bytes.Equal(got, make([]byte, 16)), "%d bytes, %q", n, got)
	s, err := r.String(0)
	is(err, seccomp.ErrRequestGone, unix.ENOENT)
	check(s == "", "%q", s)
}

func unseenCaller() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	result := c.ask()
	r := c.next()
	r.PID = 0
	_, err := r.ReadMemory(1, make([]byte, 1))
	is(err, nil, unix.ESRCH)
	must(r.Fail(1))
	failedWith(result, 1)
}

// protectedPages: what the caller may not read, its listener does not read for it.
func protectedPages() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	mem := mapped(1, 'p')
	result := c.ask(addressOf(mem))
	r := c.next()
	for _, prot := range []int{unix.PROT_NONE, unix.PROT_READ} {
		must(unix.Mprotect(mem, prot))
		_, err := r.Read(0, make([]byte, 1))
		check((err == nil) == (prot == unix.PROT_READ), "protection %d: %v", prot, err)
	}
	must(r.Fail(1))
	failedWith(result, 1)
}

// A listener without the right to trace its caller cannot read its memory.
func TestMemoryOfUntraceable(t *testing.T) {
	testproc.Require(t, testproc.WaitKillableRecv)
	testproc.Cmd{Name: "memory.untraceable", OrdinaryUser: true}.Run(t).ExpectExit(t, 0)
}

func untraceable() {
	c := newCaller(seccomp.WaitKillableRecv, "getpgrp")
	mem := mapped(1, 0)
	ask := nrCall(unix.SYS_GETPGRP, uint64(addressOf(mem)))
	f := c.fork(ask, nrCall(unix.SYS_PRCTL, unix.PR_SET_DUMPABLE, 0), ask)
	for _, want := range []unix.Errno{0, unix.EPERM} {
		r := c.next()
		_, err := r.String(0)
		if want == 0 {
			must(err)
		} else {
			is(err, nil, want)
		}
		must(r.Valid())
		must(r.Return(0))
	}
	exited(f)
}
