// SPDX-License-Identifier: MIT

TEXT runtime·other(SB),NOSPLIT,$0
	SYSCALL
	RET
