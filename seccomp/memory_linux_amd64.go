// SPDX-License-Identifier: MIT

package seccomp

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// maxPages is how many pages one process_vm_readv(2) reads, below its limit of 1024.
const maxPages = 16

// readMemory reads until b is full or memory ends. /proc/PID/mem could be read too, but not
// as the caller reads: it ignores page protections (fs/proc/base.c: mem_rw).
func (r *Request) readMemory(addr uint64, b []byte) (int, error) {
	if r.PID <= 0 {
		return 0, &RequestError{Op: opRead, Errno: abi.ESRCH, Advice: "the caller is in a pid namespace that is not visible here"}
	}
	for n := 0; n < len(b); {
		got, want, err := readPages(r.PID, addr+uint64(n), b[n:])
		n += got
		var errno unix.Errno
		switch {
		case errors.As(err, &errno):
			return n, &RequestError{Op: opRead, Errno: int(errno)}
		case got < want:
			return n, &RequestError{Op: opRead, Errno: abi.EFAULT} // as the next round would say
		}
	}
	return len(b), nil
}

// readPages reads up to maxPages, each as an element of its own: what comes of an element that
// is readable in part, process_vm_readv(2) does not promise.
func readPages(pid int, addr uint64, b []byte) (got, want int, err error) {
	var pages [maxPages]unix.RemoteIovec
	used := 0
	for ; used < maxPages && want < len(b); used++ {
		size := min(toPageEnd(addr+uint64(want)), len(b)-want)
		pages[used] = unix.RemoteIovec{Base: uintptr(addr + uint64(want)), Len: size}
		want += size
	}
	local := [1]unix.Iovec{{Base: &b[0], Len: uint64(want)}}
	got, err = unix.ProcessVMReadv(pid, local[:], pages[:used], 0)
	return max(got, 0), want, err
}
