// SPDX-License-Identifier: MIT

#include "go_asm.h"
#include "textflag.h"

// func fork(calls *probeCall, n uint64) int64
//
// The child never returns: it has a copy of everything but the other threads, so that
// nothing of Go's works in it.
TEXT ·fork(SB), NOSPLIT, $0-24
	MOVQ calls+0(FP), R13
	MOVQ n+8(FP), R15

	// clone(SIGCHLD, 0, NULL, NULL, 0): fork(2)
	MOVQ $17, DI
	MOVQ $0, SI
	MOVQ $0, DX
	MOVQ $0, R10
	MOVQ $0, R8
	MOVQ $56, AX
	SYSCALL
	TESTQ AX, AX
	JEQ  child
	MOVQ AX, ret+16(FP)
	RET

child:
	TESTQ R15, R15
	JEQ   end
	MOVQ probeCall_args+0(R13), DI
	MOVQ probeCall_args+8(R13), SI
	MOVQ probeCall_args+16(R13), DX
	MOVQ probeCall_args+24(R13), R10
	MOVQ probeCall_args+32(R13), R8
	MOVQ probeCall_args+40(R13), R9
	MOVQ probeCall_nr(R13), AX
	SYSCALL
	MOVQ AX, probeCall_result(R13)
	ADDQ $probeCall__size, R13
	DECQ R15
	JMP  child

end:
	// exit_group(0); what comes of it if that is refused is for the caller to arrange.
	MOVQ $0, DI
	MOVQ $231, AX
	SYSCALL
	JMP  end
