// SPDX-License-Identifier: MIT

package seccomp

import (
	"bytes"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

const (
	opRead = "process_vm_readv(2)"

	// pathMax is PATH_MAX (include/uapi/linux/limits.h), the terminating zero included.
	pathMax = 4096

	enametoolong = 36 // include/uapi/asm-generic/errno.h
)

// Read reads the caller's memory from where an argument (0 to 5) of its call points to. See
// ReadMemory.
func (r *Request) Read(arg int, b []byte) (int, error) {
	if arg < 0 || arg >= abi.NumArgs {
		return 0, noArgument()
	}
	return r.ReadMemory(r.Call.Args[arg], b)
}

func noArgument() error {
	return &RequestError{Op: opRead, Errno: abi.EINVAL, Advice: "a call has arguments 0 to 5"}
}

// ReadMemory reads the caller's memory from an address that the call or its memory
// gave. It fills b, or returns how many bytes it read up to the first that the
// caller itself could not read, and EFAULT. After the read it asks whether the
// request is still there: if not, the bytes may be of another process, or
// of another call, and 0 and [ErrRequestGone] are returned.
//
// The bytes are what the memory held at some moment. Other threads of the caller may change it
// before, during and after; decide by what was read, and act by it, but never let the
// kernel read it again: see UnsafeContinue. There is no way to write: a caller that was
// interrupted would find its memory changed in the midst of other work.
//
// This process must be allowed to trace the caller: as its parent or as root, where the
// system has the Yama module's default. In one process it always is.
func (r *Request) ReadMemory(addr uint64, b []byte) (int, error) {
	n, err := r.readMemory(addr, b)
	if gone := r.Valid(); gone != nil {
		clear(b) // of what may be another process's
		return 0, gone
	}
	return n, err
}

// String reads a string that ends with a zero byte, such as a path, from where an argument (0 to
// 5) points to, as the kernel itself would: at most PATH_MAX bytes, else
// ENAMETOOLONG; EFAULT where the caller's memory ends before the string. What
// ReadMemory says of changes goes for it too.
func (r *Request) String(arg int) (string, error) {
	if arg < 0 || arg >= abi.NumArgs {
		return "", noArgument()
	}
	var b [pathMax]byte
	n, err := r.readString(r.Call.Args[arg], b[:])
	if gone := r.Valid(); gone != nil {
		return "", gone
	}
	if err != nil {
		return "", err
	}
	return string(b[:n]), nil
}

// readString fills b page by page until the string ends, and returns its length. Most
// strings end on the page on which they begin, and what lies behind may be unreadable.
func (r *Request) readString(addr uint64, b []byte) (int, error) {
	for n := 0; n < len(b); {
		got, err := r.readMemory(addr+uint64(n), b[n:min(n+toPageEnd(addr+uint64(n)), len(b))])
		if end := bytes.IndexByte(b[n:n+got], 0); end >= 0 {
			return n + end, nil
		}
		if err != nil {
			return 0, err
		}
		n += got
	}
	return 0, &RequestError{Op: opRead, Errno: enametoolong}
}

// toPageEnd returns how many bytes an address is from the end of its page.
func toPageEnd(addr uint64) int {
	const page = 4096
	return page - int(addr%page)
}
