// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"reflect"
	"strconv"
	"testing"
	"unsafe" // calls take pointers

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

// What paths lead to. Filters do not see them.

var escapesOfFiles = []escape{
	{row: "39-proc-self-mem", why: "seccomp cannot stop it: a policy that may open files for writing may open /proc/self/mem, which replaces code in spite of PROT_EXEC being refused everywhere, " +
		"and /proc/PID/mem of processes that it could trace. Landlock can, and policies without files do",
		attempts: []attempt{
			{name: "scheduler", do: replaceCode, end: codeReplaced, policy: "scheduler"},
			{name: "tx-index", do: replaceCode, end: codeReplaced, policy: "tx-index"},
			{name: "PROT_EXEC in scheduler", do: after(page, unix.SYS_MPROTECT, 4096, unix.PROT_READ|unix.PROT_EXEC), end: traps("mprotect"), policy: "scheduler"},
			{name: "the parent's", do: openParent, end: opensAnyway, policy: "scheduler"},
			{name: "only reading, tor-control", do: replaceCode, end: traps("openat"), policy: "tor-control"},
			{name: "only reading, net-http-server-worker", do: replaceCode, end: traps("openat"), policy: "net-http-server-worker"},
			{name: "a descriptor opened for reading", do: replaceByReader, end: answers(unix.EBADF), policy: "tor-control"},
			{name: "message-handler", do: replaceCode, end: traps("openat"), policy: "message-handler"},
			{name: "net", do: replaceCode, end: traps("openat"), policy: "net"},
			{name: "net-open-connection", do: replaceCode, end: traps("openat"), policy: "net-open-connection"},
			{name: "validation-script-check", do: replaceCode, end: traps("openat"), policy: "validation-script-check"},
		}},
}

// victim returns 1 until its code is replaced.
//
//go:noinline
func victim() uintptr { return 1 }

// replaced is the code of a function that returns 2: MOV EAX, 2; RET.
var replaced = [...]byte{0xb8, 2, 0, 0, 0, 0xc3}

func replaceCode(narrow func()) (uintptr, unix.Errno) {
	narrow()
	return replaceBy("/proc/self/mem", unix.O_RDWR)
}

func replaceByReader(narrow func()) (uintptr, unix.Errno) {
	narrow()
	return replaceBy("/proc/self/mem", unix.O_RDONLY)
}

func replaceBy(name string, flags uintptr) (uintptr, unix.Errno) {
	fd, errno := openRaw(name, flags)
	if errno != 0 {
		return fd, errno
	}
	at := reflect.ValueOf(victim).Pointer()
	if r, errno := sys(unix.SYS_PWRITE64, fd, uintptr(unsafe.Pointer(&replaced)), unsafe.Sizeof(replaced), at); errno != 0 {
		return r, errno
	}
	return victim(), 0
}

func openRaw(name string, flags uintptr) (uintptr, unix.Errno) {
	path := append([]byte(name), 0)
	return sys(unix.SYS_OPENAT, cwd, uintptr(unsafe.Pointer(&path[0])), flags|unix.O_CLOEXEC)
}

// codeReplaced: the way is open, unless the kernel itself lets nobody write through
// protections this way (proc_mem.force_override, since Linux 6.12).
func codeReplaced(t *testing.T, _ string, r *testproc.Result) {
	t.Helper()
	switch out := r.ExpectExit(t, 0).Stdout; {
	case out == answer(2, 0)+"\n":
		t.Log("open: the function returns what was written over it")
	case out == answer(0, unix.EIO)+"\n":
		t.Log("this kernel lets nobody write through protections")
	default:
		t.Errorf("%q", out)
	}
}

func openParent(narrow func()) (uintptr, unix.Errno) {
	narrow()
	_, errno := openRaw("/proc/"+strconv.Itoa(int(parent))+"/mem", unix.O_RDWR)
	return 0, errno
}

// opensAnyway: what the kernel's own checks of tracing say, not the filter's.
func opensAnyway(t *testing.T, _ string, r *testproc.Result) {
	t.Helper()
	switch out := r.ExpectExit(t, 0).Stdout; out {
	case answer(0, 0) + "\n", answer(0, unix.EACCES) + "\n", answer(0, unix.EPERM) + "\n":
	default:
		t.Errorf("%q", out)
	}
}
