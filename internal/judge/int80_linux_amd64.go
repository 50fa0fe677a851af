// SPDX-License-Identifier: MIT

package judge

// Int80 makes a call by the table of 32-bit programs, arguments 0, and returns what
// the kernel left in EAX. See RequireCompat.
func Int80(nr uint32) int32
