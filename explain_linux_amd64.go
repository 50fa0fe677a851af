// SPDX-License-Identifier: MIT

package sandbox

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// cause is what failed, in the error's words, and why. The innermost says most:
// package net puts an *os.SyscallError into its errors.
func cause(err error) (op string, errno uint16) {
	var call *os.SyscallError
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &call):
		op, err = call.Syscall, call.Err
	case errors.As(err, &path):
		op, err = path.Op, path.Err
	case errors.As(err, &link):
		op, err = link.Op, link.Err
	default:
		return "", 0
	}
	var number syscall.Errno
	errors.As(err, &number)
	return op, uint16(number)
}
