// SPDX-License-Identifier: MIT

#include "textflag.h"
#include "signal_linux_amd64.h"

// The SIGSYS handler. All of it is assembly: Go code is not safe in signal
// context (under -race it calls into the detector and may grow the stack).
//
// The kernel enters with the C convention: DI signal, SI siginfo_t, DX ucontext_t,
// on the thread's signal stack, SP at the restorer's address. sigreturn restores
// every register from the ucontext, so none needs saving; a call spoils only AX,
// CX, R11, hence R13 holds the siginfo, R15 the ucontext, R14 the number, BX the
// address of the instance, all the way.
//
// This file: what to believe, and the end of the process. record_linux_amd64.s
// counts, answer_linux_amd64.s goes on with the program.

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
	LEAQ	·gate(SB), CX
	ADDQ	$2, CX // SYSCALL is 0f 05
	CMPQ	AX, CX
	JEQ	outer
	MOVLQZX	si_errno(SI), BX // data of SECCOMP_RET_TRAP: the instance
	CMPQ	BX, $16384 // maxInstances
	JAE	chain
	SHLQ	$7, BX // sizeof(instance)
	LEAQ	·instances(SB), AX
	ADDQ	AX, BX
	CMPL	instance_length(BX), $0 // not ours: an outer filter of somebody else's
	JEQ	chain
	MOVLQZX	si_syscall(SI), R14
	CMPQ	R14, $512 // len(prefixes)
	JAE	chain

	MOVQ	SI, R13
	MOVQ	DX, R15
	CMPL	·answering(SB), $0
	JNE	answer
	CALL	·die(SB)
answer:
	JMP	·answer(SB)

outer:
	// Our own call, which our filters permit: somebody else's filter traps it. The
	// call fails, or this would nest without end.
	MOVQ	$-1, uc_rax(DX) // -EPERM
	RET

chain:
	CMPL	·answering(SB), $0
	JEQ	on
	// Our sa_mask is empty then, where the runtime's handler counts on its own.
	PUSHQ	DX
	PUSHQ	SI
	PUSHQ	DI
	CALL	·blockSignals(SB)
	POPQ	DI
	POPQ	SI
	POPQ	DX
on:
	// As if this handler had never been here.
	MOVQ	·goHandler(SB), AX
	JMP	AX

// blockSignals blocks all but SIGSYS: rt_sigprocmask(SIG_SETMASK, ...).
TEXT ·blockSignals(SB),NOSPLIT|NOFRAME,$0
	MOVQ	$2, DI
	LEAQ	·allSignals(SB), SI
	XORL	DX, DX
	MOVQ	$8, R10
	MOVQ	$SYS_rt_sigprocmask, AX
	JMP	·gate(SB)

// gate makes a call. It is the only place of the handler that does, so that a
// filter under which the handler makes refused calls knows it by its address.
TEXT ·gate(SB),NOSPLIT|NOFRAME,$0
	SYSCALL
	RET

// die reports and ends the process. It does not return.
//
// Frame: three iovecs, the thread's name, the timer's id, a pause, a line.
#define iov   0
#define comm  48
#define timer 64
#define pause 72
#define tries 88
#define ours  96
#define text  104
#define frame 288

TEXT ·die(SB),NOSPLIT|NOFRAME,$0
	ADJSP	$frame

	// SIGKILL later, if writing here or in the runtime's handler blocks for ever:
	// timer_create(CLOCK_MONOTONIC, event, &timer), timer_settime(timer, 0, time, NULL).
	// Without a timer the report is still worth trying.
	MOVQ	$1, DI
	LEAQ	·watchdogEvent(SB), SI
	LEAQ	timer(SP), DX
	MOVQ	$SYS_timer_create, AX
	CALL	·gate(SB)
	TESTQ	AX, AX
	JNZ	line
	MOVLQZX	timer(SP), DI
	XORL	SI, SI
	LEAQ	·watchdogTime(SB), DX
	XORL	R10, R10
	MOVQ	$SYS_timer_settime, AX
	CALL	·gate(SB)

line:
	LEAQ	·prefixes(SB), AX
	MOVQ	R14, CX
	SHLQ	$4, CX // sizeof(prefix)
	ADDQ	CX, AX
	MOVQ	0(AX), CX
	MOVQ	CX, (iov+0)(SP)
	MOVQ	8(AX), CX
	MOVQ	CX, (iov+8)(SP)
	LEAQ	comm(SP), CX
	MOVQ	CX, (iov+16)(SP)
	MOVQ	$0, (iov+24)(SP)
	LEAQ	instance_text(BX), CX
	MOVQ	CX, (iov+32)(SP)
	MOVLQZX	instance_length(BX), CX
	MOVQ	CX, (iov+40)(SP)

	CMPL	instance_byComm(BX), $0
	JEQ	write
	// prctl(PR_GET_NAME, comm): 16 bytes, NUL included.
	MOVQ	$0, (comm+0)(SP)
	MOVQ	$0, (comm+8)(SP)
	MOVQ	$16, DI
	LEAQ	comm(SP), SI
	MOVQ	$SYS_prctl, AX
	CALL	·gate(SB)
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
	// writev(fd, iov, 3), to standard error and to Config.Report. A short or failed
	// write is nobody's to repeat: the runtime's handler comes next and ends the
	// process in any case.
	MOVQ	$2, DI
	LEAQ	iov(SP), SI
	MOVQ	$3, DX
	MOVQ	$SYS_writev, AX
	CALL	·gate(SB)
	MOVLQZX	·reportFD(SB), DI
	CMPQ	DI, $2
	JEQ	details
	LEAQ	iov(SP), SI
	MOVQ	$3, DX
	MOVQ	$SYS_writev, AX
	CALL	·gate(SB)

details:
	// The reader, an ordinary goroutine, writes the rest. It may not be able to: when
	// this thread holds the only P, or a lock that the reader needs. So wait, but not
	// for ever: 2000 times nanosleep(1 ms).
	CALL	·record(SB)
	MOVQ	AX, ours(SP)
	TESTQ	AX, AX
	JZ	raw
	MOVQ	$2000, tries(SP)
wait:
	MOVQ	ours(SP), AX
	CMPL	entry_done(AX), $0
	JNE	end
	DECQ	tries(SP)
	JS	raw
	MOVQ	$0, (pause+0)(SP)
	MOVQ	$1000000, (pause+8)(SP)
	LEAQ	pause(SP), DI
	XORL	SI, SI
	MOVQ	$SYS_nanosleep, AX
	CALL	·gate(SB)
	JMP	wait

raw:
	// The registers, unexplained: rawText with its eight fields of 16 digits filled in.
	LEAQ	·rawText(SB), SI
	LEAQ	text(SP), DI
	MOVQ	$rawText_len, CX
	CLD
	REP; MOVSB
	MOVQ	$SYS_gettid, AX
	CALL	·gate(SB)
	MOVQ	AX, R10
	LEAQ	·rawFields(SB), R9
	MOVQ	uc_rdi(R15), AX
	CALL	·hex(SB)
	MOVQ	uc_rsi(R15), AX
	CALL	·hex(SB)
	MOVQ	uc_rdx(R15), AX
	CALL	·hex(SB)
	MOVQ	uc_r10(R15), AX
	CALL	·hex(SB)
	MOVQ	uc_r8(R15), AX
	CALL	·hex(SB)
	MOVQ	uc_r9(R15), AX
	CALL	·hex(SB)
	MOVQ	uc_rip(R15), AX
	CALL	·hex(SB)
	MOVQ	R10, AX
	CALL	·hex(SB)
	MOVLQZX	·reportFD(SB), DI
	LEAQ	text(SP), SI
	MOVQ	$rawText_len, DX
	MOVQ	$SYS_write, AX
	CALL	·gate(SB)

end:
	// A thread of C has no goroutine to print; the runtime's handler would try to
	// replace ours and to raise the signal again.
	MOVQ	TLS, AX
	MOVQ	0(AX)(TLS*1), AX
	TESTQ	AX, AX
	JZ	exit
	CMPL	·answering(SB), $0
	JEQ	blocked
	CALL	·blockSignals(SB)
blocked:
	// The runtime's handler does not come back, but for one case: on a thread that is
	// not Go's, with signal.Notify, it hands the signal on and returns. The refused call
	// must not go on then, with its own number for a result: exit_group(2).
	ADJSP	$-frame
	ANDQ	$~15, SP
	MOVQ	$31, DI // SIGSYS
	MOVQ	R13, SI
	MOVQ	R15, DX
	MOVQ	·goHandler(SB), AX
	CALL	AX
exit:
	MOVQ	$2, DI
	MOVQ	$SYS_exit_group, AX
	CALL	·gate(SB)
	INT	$3

// hex writes AX as 16 digits where the next of the fields at R9 says, below the
// caller's text. It spoils AX, CX, DX, DI.
TEXT ·hex(SB),NOSPLIT|NOFRAME,$0
	MOVLQZX	0(R9), CX
	ADDQ	$4, R9
	LEAQ	(text+8)(SP), DI // 8: the return address
	ADDQ	CX, DI
	MOVQ	$16, CX
digit:
	ROLQ	$4, AX
	MOVQ	AX, DX
	ANDQ	$15, DX
	CMPQ	DX, $10
	JB	decimal
	ADDQ	$('a' - '0' - 10), DX
decimal:
	ADDQ	$'0', DX
	MOVB	DX, 0(DI)
	INCQ	DI
	DECQ	CX
	JNZ	digit
	RET

// func sigsysEntry() uintptr
TEXT ·sigsysEntry(SB),NOSPLIT,$0-8
	LEAQ	·sigsysHandler(SB), AX
	MOVQ	AX, ret+0(FP)
	RET

// func gateEntry() uintptr
TEXT ·gateEntry(SB),NOSPLIT,$0-8
	LEAQ	·gate(SB), AX
	MOVQ	AX, ret+0(FP)
	RET

// func goText() (lo, hi uintptr)
TEXT ·goText(SB),NOSPLIT,$0-16
	LEAQ	runtime·text(SB), AX
	MOVQ	AX, lo+0(FP)
	LEAQ	runtime·etext(SB), AX
	MOVQ	AX, hi+8(FP)
	RET

// func stackBounds() (lo, hi, sp uintptr)
TEXT ·stackBounds(SB),NOSPLIT,$0-24
	MOVQ	TLS, CX
	MOVQ	0(CX)(TLS*1), CX
	MOVQ	0(CX), AX
	MOVQ	AX, lo+0(FP)
	MOVQ	8(CX), AX
	MOVQ	AX, hi+8(FP)
	MOVQ	SP, AX
	MOVQ	AX, sp+16(FP)
	RET

// unblocker is a signal handler that takes SIGSYS out of the thread's mask.
TEXT ·unblocker(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	BTRQ	$30, uc_sigmask(DX)
	RET

// func unblockerEntry() uintptr
TEXT ·unblockerEntry(SB),NOSPLIT,$0-8
	LEAQ	·unblocker(SB), AX
	MOVQ	AX, ret+0(FP)
	RET
