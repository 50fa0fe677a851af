// SPDX-License-Identifier: MIT

#include "textflag.h"

// The SIGSYS handler. All of it is assembly: Go code is not safe in signal
// context (under -race it calls into the detector and may grow the stack).
//
// The kernel enters with the C convention: DI signal, SI siginfo_t, DX ucontext_t,
// on the thread's signal stack, all signals blocked, SP at the restorer's address.
// The handler writes one line and calls the runtime's handler with the same arguments;
// a signal that it does not believe goes there with the same registers and stack, as if
// the handler had never been here. sigreturn restores every
// register, so none needs saving; SYSCALL spoils only AX, CX, R11, hence the
// arguments wait in R12, R13, R15, the number in R14.
//
// Offsets: siginfo_t and struct ucontext as in internal/abi.

#define SYS_writev        20
#define SYS_prctl         157
#define SYS_timer_create  222
#define SYS_timer_settime 223
#define SYS_exit_group    231

#define si_errno     4
#define si_code      8
#define si_call_addr 16
#define si_syscall   24
#define si_arch      28
#define uc_rip       168

// Frame: three iovecs, the thread's name, the timer's id.
#define iov   0
#define comm  48
#define timer 64
#define frame 80

TEXT ·sigsysHandler(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	// Believe only seccomp's own signal: kernel/signal.c force_sig_seccomp sets
	// code, architecture and the address behind the call, which is where the
	// interrupted thread goes on.
	CMPL	si_code(SI), $1 // SYS_SECCOMP
	JNE	chain
	CMPL	si_arch(SI), $0xc000003e // AUDIT_ARCH_X86_64
	JNE	chain
	MOVQ	si_call_addr(SI), AX
	CMPQ	AX, uc_rip(DX)
	JNE	chain
	MOVLQZX	si_errno(SI), BX // data of SECCOMP_RET_TRAP: the instance
	CMPQ	BX, $16384 // maxInstances
	JAE	chain
	MOVLQZX	si_syscall(SI), R14
	CMPQ	R14, $512 // len(prefixes)
	JAE	chain

	MOVQ	DI, R12
	MOVQ	SI, R13
	MOVQ	DX, R15
	SUBQ	$frame, SP

	// SIGKILL later, if writing here or in the runtime's handler blocks for ever:
	// timer_create(CLOCK_MONOTONIC, event, &timer), timer_settime(timer, 0, time, NULL).
	// Without a timer the report is still worth trying.
	MOVQ	$1, DI
	LEAQ	·watchdogEvent(SB), SI
	LEAQ	timer(SP), DX
	MOVQ	$SYS_timer_create, AX
	SYSCALL
	TESTQ	AX, AX
	JNZ	line
	MOVLQZX	timer(SP), DI
	XORL	SI, SI
	LEAQ	·watchdogTime(SB), DX
	XORL	R10, R10
	MOVQ	$SYS_timer_settime, AX
	SYSCALL

line:
	LEAQ	·prefixes(SB), AX
	SHLQ	$4, R14 // sizeof(prefix)
	ADDQ	R14, AX
	MOVQ	0(AX), CX
	MOVQ	CX, (iov+0)(SP)
	MOVQ	8(AX), CX
	MOVQ	CX, (iov+8)(SP)
	LEAQ	comm(SP), CX
	MOVQ	CX, (iov+16)(SP)
	MOVQ	$0, (iov+24)(SP)
	LEAQ	·instances(SB), AX
	SHLQ	$7, BX // sizeof(instance)
	ADDQ	AX, BX
	LEAQ	8(BX), CX
	MOVQ	CX, (iov+32)(SP)
	MOVLQZX	0(BX), CX
	MOVQ	CX, (iov+40)(SP)

	CMPL	4(BX), $0 // byComm
	JEQ	write
	// prctl(PR_GET_NAME, comm): 16 bytes, NUL included.
	MOVQ	$0, (comm+0)(SP)
	MOVQ	$0, (comm+8)(SP)
	MOVQ	$16, DI
	LEAQ	comm(SP), SI
	MOVQ	$SYS_prctl, AX
	SYSCALL
	XORL	CX, CX
length:
	CMPB	(comm)(SP)(CX*1), $0
	JEQ	named
	INCQ	CX
	CMPQ	CX, $15
	JB	length
named:
	MOVQ	CX, (iov+24)(SP)

write:
	// writev(2, iov, 3). A short or failed write is nobody's to repeat: the
	// runtime's handler comes next and ends the process in any case.
	MOVQ	$2, DI
	LEAQ	iov(SP), SI
	MOVQ	$3, DX
	MOVQ	$SYS_writev, AX
	SYSCALL

	// The runtime's handler does not come back, but for one case: on a thread that is
	// not Go's, with signal.Notify, it hands the signal on and returns. The refused call
	// must not go on then, with its own number for a result: exit_group(2).
	ADDQ	$(frame - 8), SP // 8: the call below keeps the stack aligned
	MOVQ	R12, DI
	MOVQ	R13, SI
	MOVQ	R15, DX
	MOVQ	·goHandler(SB), AX
	CALL	AX
	MOVQ	$2, DI
	MOVQ	$SYS_exit_group, AX
	SYSCALL
	INT	$3

chain:
	MOVQ	·goHandler(SB), AX
	JMP	AX

// func sigsysEntry() uintptr
TEXT ·sigsysEntry(SB),NOSPLIT,$0-8
	LEAQ	·sigsysHandler(SB), AX
	MOVQ	AX, ret+0(FP)
	RET
