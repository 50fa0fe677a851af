// SPDX-License-Identifier: MIT

package seccomp

import (
	"fmt"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/sysargs"
)

// ParseCall reads a call as people write it:
//
//	openat(AT_FDCWD, "/x", O_RDWR|O_CREAT)
//	clone(flags=0x5111)
//	getgroups
//
// An argument is a number, a constant of that argument or several joined by |, a quoted
// string, or "_"; the last two are 0 in the call, as is what is missing at the end, for
// no filter sees more of a pointer than its value. An argument may have its name in the
// man page before it, flags=O_RDWR. An error names all mistakes and what is most like a
// wrong word.
func ParseCall(s string) (Call, error) {
	c, err := sysargs.Parse(s)
	if err != nil {
		return Call{}, fmt.Errorf("seccomp: %q: %w", s, err)
	}
	return Call{Arch: abi.AuditArchX86_64, Nr: c.Nr, Args: c.Args}, nil
}
