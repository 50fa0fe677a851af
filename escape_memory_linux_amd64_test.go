// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"os"
	"path/filepath"
	"unsafe" // memory is given to calls, and executed

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/judge"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

// Ways around by memory: of other processes, and code of one's own in this one.

var escapesOfMemory = []escape{
	{row: "13-userfaultfd", attempts: []attempt{
		{name: "userfaultfd", do: raw(unix.SYS_USERFAULTFD, unix.O_CLOEXEC|1), end: traps("userfaultfd")},
		{name: "request of a descriptor from before", do: after(faultDevice, unix.SYS_IOCTL, 0xaa00, unix.O_CLOEXEC), end: traps("ioctl")},
	}},
	{row: "14-memory-of-others", attempts: []attempt{
		{name: "process_vm_writev to the parent", do: vmWrite(unix.SYS_PROCESS_VM_WRITEV), end: traps("process_vm_writev")},
		{name: "process_vm_readv from the parent", do: vmWrite(unix.SYS_PROCESS_VM_READV), end: traps("process_vm_readv")},
		{name: "pidfd_getfd", do: after(parentFD, unix.SYS_PIDFD_GETFD, 1), end: traps("pidfd_getfd")},
		{name: "pidfd_open", do: raw(unix.SYS_PIDFD_OPEN, parent), end: answers(unix.ENOSYS)},
		{name: "process_madvise", do: after(parentFD, unix.SYS_PROCESS_MADVISE, buffer(), 1, unix.MADV_COLD), end: traps("process_madvise")},
		{name: "kcmp", do: raw(unix.SYS_KCMP, parent, self, 1), end: traps("kcmp")},
		{name: "move_pages", do: raw(unix.SYS_MOVE_PAGES, parent), end: traps("move_pages")},
		{name: "migrate_pages", do: raw(unix.SYS_MIGRATE_PAGES, parent), end: traps("migrate_pages")},
		{name: "get_robust_list", do: raw(unix.SYS_GET_ROBUST_LIST, parent, buffer(), buffer()), end: traps("get_robust_list")},
	}},
	{row: "19-prot-exec", why: "the kernel takes PROT_EXEC from the lower half; what is mapped executable stays as it is", attempts: []attempt{
		{name: "mmap", do: raw(unix.SYS_MMAP, 0, 4096, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON, ^uintptr(0)), end: traps("mmap")},
		{name: "mmap of a file", do: mapFile, end: traps("mmap")},
		{name: "mmap with the upper half", do: raw(unix.SYS_MMAP, 0, 4096, garbage|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON, ^uintptr(0)), end: traps("mmap")},
		{name: "mmap, droppable", do: raw(unix.SYS_MMAP, 0, 4096, unix.PROT_EXEC, 8|unix.MAP_ANON, ^uintptr(0)), end: traps("mmap")},
		{name: "mmap of a file where none may be mapped", do: after(zero, unix.SYS_MMAP, 4096, unix.PROT_READ, unix.MAP_PRIVATE, 0), end: traps("mmap"), policy: "scheduler"},
		{name: "mprotect", do: after(page, unix.SYS_MPROTECT, 4096, unix.PROT_READ|unix.PROT_EXEC), end: traps("mprotect")},
		{name: "pkey_mprotect", do: after(page, unix.SYS_PKEY_MPROTECT, 4096, unix.PROT_READ|unix.PROT_EXEC, ^uintptr(0)), end: traps("pkey_mprotect")},
		{name: "code made writable and executable again", do: rewriteCode, end: traps("mprotect")},
		{name: "code made writable and called", do: callRewritten, end: crashes("SIGSEGV")},
		{name: "mremap", do: after(page, unix.SYS_MREMAP, 4096, 8192, unix.MREMAP_MAYMOVE), end: traps("mremap"), policy: "scheduler"},
		{name: "data moved over code by mremap", do: moveOverCode, end: crashes("SIGSEGV")},
		{name: "shmget", do: raw(unix.SYS_SHMGET, 0, 4096, 0o700), end: traps("shmget")},
		{name: "shmat", do: after(segment, unix.SYS_SHMAT, 0, 0o100000), end: traps("shmat")},
		{name: "remap_file_pages", do: after(page, unix.SYS_REMAP_FILE_PAGES, 4096), end: traps("remap_file_pages")},
		{name: "uselib", do: raw(unix.SYS_USELIB, buffer()), end: traps("uselib")},
		{name: "mseal", do: raw(unix.SYS_MSEAL), end: answers(unix.ENOSYS)},
		{name: "own program written to", do: writeProgram, end: refusedAnyway}, // ETXTBSY
	}},
	{row: "20-memfd-exec", attempts: []attempt{
		{name: "memfd_create", do: raw(unix.SYS_MEMFD_CREATE, buffer(), 0), end: traps("memfd_create")},
		{name: "execveat of a memfd from before", do: executes1(unix.SYS_EXECVEAT), end: answers(unix.EPERM)},
		{name: "fexecve of a memfd from before", do: executes1(unix.SYS_EXECVE), end: answers(unix.EPERM)},
		{name: "execveat of a new file without a name", do: executeTemporary, end: answers(unix.EPERM)},
		{name: "execve", do: raw(unix.SYS_EXECVE, buffer()), end: answers(unix.EPERM)},
	}},
}

func zero() uintptr { return 0 }

// faultDevice is what /dev/userfaultfd gives, or nothing of the kind.
func faultDevice() uintptr {
	fd, err := unix.Open("/dev/userfaultfd", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return pipe()
	}
	return uintptr(fd)
}

func vmWrite(nr uintptr) func(func()) (uintptr, unix.Errno) {
	return func(narrow func()) (uintptr, unix.Errno) {
		narrow()
		v := unix.Iovec{Base: &escapeBuffer[0], Len: 1}
		return sys(nr, parent, uintptr(unsafe.Pointer(&v)), 1, uintptr(unsafe.Pointer(&v)), 1)
	}
}

func parentFD() uintptr {
	fd, err := unix.PidfdOpen(int(parent), 0)
	if err != nil {
		return garbage
	}
	return uintptr(fd)
}

func mapFile(narrow func()) (uintptr, unix.Errno) {
	file, err := os.Open("/proc/self/exe")
	must(err)
	narrow()
	return sys(unix.SYS_MMAP, 0, 4096, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE, file.Fd())
}

// code is a page that was executable before the policy: MOV EAX, 1; RET.
func code() []byte {
	memory, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	must(err)
	copy(memory, []byte{0xb8, 1, 0, 0, 0, 0xc3})
	must(unix.Mprotect(memory, unix.PROT_READ|unix.PROT_EXEC))
	return memory
}

// rewritten is code with other instructions, no longer executable.
func rewritten(narrow func()) []byte {
	memory := code()
	narrow()
	must(unix.Mprotect(memory, unix.PROT_READ|unix.PROT_WRITE))
	memory[1] = 2
	return memory
}

func rewriteCode(narrow func()) (uintptr, unix.Errno) {
	memory := rewritten(narrow)
	return sys(unix.SYS_MPROTECT, uintptr(unsafe.Pointer(&memory[0])), 4096, unix.PROT_READ|unix.PROT_EXEC)
}

func callRewritten(narrow func()) (uintptr, unix.Errno) {
	memory := rewritten(narrow)
	return judge.CallAt(uintptr(unsafe.Pointer(&memory[0])), 0, 0, 0, 0, 0), 0
}

// moveOverCode has mremap(2) put a page of data where a page of code is.
func moveOverCode(narrow func()) (uintptr, unix.Errno) {
	memory, data := code(), page()
	narrow()
	at := uintptr(unsafe.Pointer(&memory[0]))
	if r, errno := sys(unix.SYS_MREMAP, data, 4096, 4096, unix.MREMAP_MAYMOVE|unix.MREMAP_FIXED, at); r != at {
		testproc.Fail("mremap: %v", errno)
	}
	copy(memory, []byte{0xb8, 2, 0, 0, 0, 0xc3})
	return judge.CallAt(at, 0, 0, 0, 0, 0), 0
}

// segment is shared memory that goes with its last user, or no segment.
func segment() uintptr {
	id, err := unix.SysvShmGet(unix.IPC_PRIVATE, 4096, unix.IPC_CREAT|0o700)
	if err != nil {
		return garbage
	}
	_, err = unix.SysvShmCtl(id, unix.IPC_RMID, nil)
	must(err)
	return uintptr(id)
}

// writeProgram opens the program's own file for writing, by a name from before.
func writeProgram(narrow func()) (uintptr, unix.Errno) {
	name, err := os.Executable()
	must(err)
	narrow()
	fd, err := unix.Open(name, unix.O_RDWR, 0)
	errno, _ := err.(unix.Errno)
	return uintptr(fd), errno
}

// executes1 executes a program in memory, made before the policy.
func executes1(nr uintptr) func(func()) (uintptr, unix.Errno) {
	return func(narrow func()) (uintptr, unix.Errno) {
		fd, err := unix.MemfdCreate("program", 0)
		must(err)
		_, err = unix.Write(fd, []byte("#!/bin/true\n"))
		must(err)
		narrow()
		return execute(nr, fd)
	}
}

// executeTemporary does the same with a file that the policy lets be made.
func executeTemporary(narrow func()) (uintptr, unix.Errno) {
	dir := filepath.Dir(os.Args[0])
	narrow()
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR, 0o700)
	if err != nil {
		fd = -1 // no such files in this directory's file system
	}
	return execute(unix.SYS_EXECVEAT, fd)
}

// execute calls execveat(fd, "", ..., AT_EMPTY_PATH), or execve with the name of the descriptor.
func execute(nr uintptr, fd int) (uintptr, unix.Errno) {
	if nr == unix.SYS_EXECVEAT {
		return sys(nr, uintptr(fd), buffer(), 0, 0, unix.AT_EMPTY_PATH)
	}
	name := append([]byte("/proc/self/fd/"), byte('0'+fd%10), 0)
	return sys(nr, uintptr(unsafe.Pointer(&name[0])))
}
