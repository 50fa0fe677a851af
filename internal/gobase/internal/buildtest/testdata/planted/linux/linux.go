// SPDX-License-Identifier: MIT

package linux

const SYS_STATX = 332

func Syscall6(num, a1, a2, a3, a4, a5, a6 uintptr) (r1, r2, errno uintptr)

func Statx() { Syscall6(SYS_STATX, 0, 0, 0, 0, 0, 0) }
