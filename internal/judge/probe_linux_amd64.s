// SPDX-License-Identifier: MIT

#include "go_asm.h"
#include "textflag.h"

// func probe(b *block)
//
// Blocks all signals, installs b.fprog, makes b.n calls, sets b.done and never
// returns: from the first instruction to the end of the process the thread makes
// no other call. It must not touch the Go stack beyond its frame, nor g.
// The kernel preserves all registers but RAX, RCX and R11 (syscall(2)).
TEXT ·probe(SB), NOSPLIT, $8-8
	MOVQ b+0(FP), R12

	// rt_sigprocmask(SIG_BLOCK, &b.mask, NULL, 8)
	MOVQ $0, DI
	LEAQ block_mask(R12), SI
	MOVQ $0, DX
	MOVQ $8, R10
	MOVQ $14, AX
	SYSCALL

	// seccomp(SECCOMP_SET_MODE_FILTER, 0, b.fprog)
	MOVQ $1, DI
	MOVQ $0, SI
	MOVQ block_fprog(R12), DX
	MOVQ $317, AX
	SYSCALL
	MOVQ AX, block_installed(R12)
	TESTQ AX, AX
	JNE  done

	MOVQ block_calls(R12), R13
	MOVQ block_n(R12), R15

loop:
	TESTQ R15, R15
	JEQ   done
	CMPQ  probeCall_compat(R13), $0
	JNE   compat

	MOVQ probeCall_args+0(R13), DI
	MOVQ probeCall_args+8(R13), SI
	MOVQ probeCall_args+16(R13), DX
	MOVQ probeCall_args+24(R13), R10
	MOVQ probeCall_args+32(R13), R8
	MOVQ probeCall_args+40(R13), R9
	MOVQ probeCall_nr(R13), AX
	SYSCALL

next:
	MOVQ AX, probeCall_result(R13)
	ADDQ $probeCall__size, R13
	DECQ R15
	JMP  loop

compat:
	// The 32-bit entry of the kernel (arch/x86/entry/entry_64_compat.S): arguments
	// in ebx, ecx, edx, esi, edi, ebp; older kernels clear R8 to R11.
	MOVQ BP, saved-8(SP)
	MOVQ probeCall_args+0(R13), BX
	MOVQ probeCall_args+8(R13), CX
	MOVQ probeCall_args+16(R13), DX
	MOVQ probeCall_args+24(R13), SI
	MOVQ probeCall_args+32(R13), DI
	MOVQ probeCall_nr(R13), AX
	MOVQ probeCall_args+40(R13), BP
	INT  $0x80
	MOVQ saved-8(SP), BP
	MOVLQSX AX, AX
	JMP  next

done:
	// On amd64 stores become visible in order: all results are there before this.
	MOVL $1, block_done(R12)

spin:
	PAUSE
	JMP spin
