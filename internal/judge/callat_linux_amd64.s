// SPDX-License-Identifier: MIT

#include "textflag.h"

// func CallAt(address, nr, a0, a1, a2, a3 uintptr) uintptr
TEXT ·CallAt(SB),NOSPLIT,$0-56
	MOVQ	address+0(FP), BX
	MOVQ	nr+8(FP), AX
	MOVQ	a0+16(FP), DI
	MOVQ	a1+24(FP), SI
	MOVQ	a2+32(FP), DX
	MOVQ	a3+40(FP), R10
	XORL	R8, R8
	XORL	R9, R9
	CALL	BX
	MOVQ	AX, ret+48(FP)
	RET
