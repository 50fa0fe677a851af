// SPDX-License-Identifier: MIT

package sandboxtest

import "syscall"

// noCore keeps a child that crashes from leaving a core dump. One byte is less than any,
// and tells the kernel to start no core_pattern program either (fs/coredump.c
// do_coredump). An error is no reason to stop.
func noCore() {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_CORE, &limit) == nil {
		limit.Cur = min(limit.Max, 1)
		syscall.Setrlimit(syscall.RLIMIT_CORE, &limit)
	}
}
