// SPDX-License-Identifier: MIT

package judge

import (
	"runtime"
	"syscall"
	"unsafe" // seccomp(2) takes pointers to the structures built here

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// Install asks the kernel to put a program in force as it stands, one that no filter
// compiles to included, and returns both results of seccomp(2). The goroutine must be
// locked to its thread and have no_new_privs.
func Install(code []bpf.RawInstruction, flags uintptr) (uintptr, syscall.Errno) {
	prog := sockFprog(code)
	r1, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, abi.SetModeFilter, flags, uintptr(unsafe.Pointer(prog)))
	runtime.KeepAlive(prog)
	return r1, errno
}

// FilterArg is the address of a program as seccomp(2) and prctl(2) take it, valid for good.
func FilterArg(code []bpf.RawInstruction) uint64 {
	prog := sockFprog(code)
	kept = append(kept, prog)
	return uint64(uintptr(unsafe.Pointer(prog)))
}

// kept are the programs whose addresses are out of the collector's sight.
var kept []*unix.SockFprog
