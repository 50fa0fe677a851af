// SPDX-License-Identifier: MIT

#define SYS_madvise	28
#define SYS_mmap	9
#define SYS_gettid	186
#define SYS_mseal	462

TEXT runtime·gettid(SB),NOSPLIT,$0-4
	MOVL	$SYS_gettid, AX
	SYSCALL
	RET

TEXT ·madvise(SB),NOSPLIT,$0
	MOVQ	$SYS_madvise, AX
	SYSCALL
	RET

TEXT runtime·sysMmap(SB),NOSPLIT,$0
	MOVL	$SYS_mmap, AX
	SYSCALL
	RET

TEXT runtime·seals(SB),NOSPLIT,$0
	MOVL	$SYS_mseal, AX
	SYSCALL
	RET

TEXT runtime·bare(SB),NOSPLIT,$0
	MOVQ	nr+0(FP), AX
	SYSCALL
	RET
