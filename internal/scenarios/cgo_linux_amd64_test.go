// SPDX-License-Identifier: MIT

//go:build cgo

package scenarios_test

import (
	_ "runtime/cgo" // has the C library make the threads; nothing else here would

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// cLibrary are calls of glibc that every policy for a process answers by an errno, which
// glibc takes well: gobase.Answers and gobase.Softenings.
var cLibrary = []seccomp.Rule{
	{Call: "clone3", Action: seccomp.Errno(38)}, // ENOSYS
	{Call: "openat", When: []seccomp.Cond{seccomp.Arg32(2).Is(0x80000)}, Action: seccomp.Errno(1)},
}
