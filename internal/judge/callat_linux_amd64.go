// SPDX-License-Identifier: MIT

package judge

// CallAt makes a system call by the instructions at an address, which are SYSCALL and
// RET, and returns what the kernel left in RAX.
func CallAt(address, nr, a0, a1, a2, a3 uintptr) uintptr
