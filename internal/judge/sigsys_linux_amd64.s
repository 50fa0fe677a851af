// SPDX-License-Identifier: MIT

#include "go_asm.h"
#include "textflag.h"

// Offsets of RAX and RIP in the ucontext: abi.OffRAX, abi.OffRIP.
#define OFF_RAX 144
#define OFF_RIP 168

// The handler: RDI is the signal, RSI the siginfo_t, RDX the ucontext. Several threads
// may be in it at once; only the count is exact then.
TEXT sigsys<>(SB), NOSPLIT, $0
	LEAQ ·caught(SB), R8
	MOVOU 0(SI), X0
	MOVOU 16(SI), X1
	MOVOU X0, 8(R8)
	MOVOU X1, 24(R8)
	MOVQ OFF_RAX(DX), AX
	MOVQ AX, 40(R8)
	MOVQ OFF_RIP(DX), AX
	MOVQ AX, 48(R8)
	MOVQ 56(R8), AX
	MOVQ AX, OFF_RAX(DX)
	LOCK
	INCQ 0(R8)
	RET

// rt_sigreturn(2), where the handler returns to.
TEXT restorer<>(SB), NOSPLIT|NOFRAME, $0
	MOVQ $15, AX
	SYSCALL
	INT $3

// func sigsysPC() uintptr
TEXT ·sigsysPC(SB), NOSPLIT, $0-8
	LEAQ sigsys<>(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// func restorerPC() uintptr
TEXT ·restorerPC(SB), NOSPLIT, $0-8
	LEAQ restorer<>(SB), AX
	MOVQ AX, ret+0(FP)
	RET
