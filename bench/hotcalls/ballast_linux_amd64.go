// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"unsafe" // seccomp(2) takes a pointer to the program

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/bpfsim"
)

const (
	ballastFilters = 4    // the filters of a thread share 32768 instructions
	ballastLength  = 4096 // the most that a filter can have
)

// putBallast puts filters on every thread that take as long as a filter can and
// permit everything. They allow every number whatever its arguments, in instructions
// that the kernel's emulation knows (kernel/seccomp.c seccomp_is_const_allow): so they
// take no call out of the action cache. But on a call that is not in it they are all run.
func putBallast() error {
	code := make([]unix.SockFilter, 0, ballastLength)
	code = append(code, unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: abi.OffNr})
	for len(code) < ballastLength-1 {
		code = append(code, unix.SockFilter{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: 1<<32 - 1})
	}
	code = append(code, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: abi.RetAllow})
	if !constant(code) {
		return fmt.Errorf("the ballast would not be in the action cache")
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	prog := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	for range ballastFilters {
		r, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
		if r != 0 || errno != 0 {
			return fmt.Errorf("seccomp(SECCOMP_SET_MODE_FILTER): %d, %w", r, errno)
		}
	}
	return nil
}

func constant(code []unix.SockFilter) bool {
	raw := make([]bpf.RawInstruction, len(code))
	for i, in := range code {
		raw[i] = bpf.RawInstruction{Op: in.Code, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	for nr := range uint32(1024) {
		if !bpfsim.Cached(raw, nr, abi.AuditArchX86_64) {
			return false
		}
	}
	return bpfsim.Verify(raw) == nil
}
