// SPDX-License-Identifier: MIT

#include "textflag.h"
#include "signal_linux_amd64.h"

// answer ends a SIGSYS after which the program goes on: with an errno, or with what
// the kernel answered to the call when the handler made it. Registers as in
// signal_linux_amd64.s; the restorer's address is on top of the stack.
//
// TOPFRAME, as the handler that jumps here: a traceback in a signal that arrives
// meanwhile must not look for a caller.
//
// sa_mask is empty and SA_NODEFER set: other signals, and traps in their handlers,
// interrupt it as they would interrupt the call.

// Frame: a copy of what the call points to.
#define frame 32

TEXT ·answer(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	CMPQ	R14, $SYS_rt_sigprocmask
	JEQ	sigprocmask
	CMPQ	R14, $SYS_rt_sigaction
	JEQ	sigaction
refused:
	CMPL	·answering(SB), $1 // ActionDeny; else UnsafeActionAllow, UnsafeActionLearn
	JNE	told
	LEAQ	·denials(SB), AX
	MOVWQZX	0(AX)(R14*2), AX
	TESTQ	AX, AX
	JZ	fatal
told:
	CALL	·record(SB)
	CMPQ	R14, $SYS_rt_sigqueueinfo
	JEQ	deny
	CMPQ	R14, $SYS_rt_tgsigqueueinfo
	JEQ	deny
	CMPL	·answering(SB), $1
	JEQ	deny
	CMPQ	R14, $SYS_clone
	JEQ	again
	CMPQ	R14, $SYS_fork
	JEQ	again
	CMPQ	R14, $SYS_vfork
	JEQ	again
make:
	CALL	·remake(SB)
	MOVQ	AX, uc_rax(R15)
	RET

deny:
	LEAQ	·denials(SB), AX
	MOVWQZX	0(AX)(R14*2), AX
	NEGQ	AX
	MOVQ	AX, uc_rax(R15)
	RET
fatal:
	CALL	·die(SB)

again:
	// Back to the instruction, with a mark in argument 5 that the filter lets through.
	// The number is still in RAX: kernel/seccomp.c syscall_rollback.
	SUBQ	$2, uc_rip(R15) // SYSCALL is 0f 05
	MOVQ	$0x73616e64626f7821, AX // again
	MOVQ	AX, uc_r9(R15)
	RET

sigprocmask:
	// With a copy of the set, without SIGSYS: it must not be blocked for a moment. The
	// kernel says whether the set can be read, by a call that cannot succeed. sigreturn
	// puts the mask of the ucontext into force, so that has to follow.
	CMPQ	uc_r10(R15), $8 // sizeof(sigset_t)
	JNE	make
	MOVQ	$7, DI // no such "how"
	MOVQ	uc_rsi(R15), SI
	XORL	DX, DX
	MOVQ	$8, R10
	MOVQ	$SYS_rt_sigprocmask, AX
	CALL	·gate(SB)
	CMPQ	AX, $-22 // EINVAL
	JNE	result
	MOVQ	uc_rsi(R15), SI
	MOVQ	0(SI), AX
	BTRQ	$30, AX // SIGSYS
	JCC	unblocking
	CALL	·observe(SB)
unblocking:
	ADJSP	$frame
	MOVQ	AX, 0(SP)
	MOVQ	uc_rdi(R15), DI
	MOVQ	SP, SI
	MOVQ	uc_rdx(R15), DX
	MOVQ	$8, R10
	MOVQ	$SYS_rt_sigprocmask, AX
	CALL	·gate(SB)
	MOVQ	AX, uc_rax(R15)
	TESTQ	AX, AX
	JNZ	masked
	XORL	DI, DI // SIG_BLOCK of nothing: reads
	XORL	SI, SI
	MOVQ	SP, DX
	MOVQ	$8, R10
	MOVQ	$SYS_rt_sigprocmask, AX
	CALL	·gate(SB)
	MOVQ	0(SP), AX
	MOVQ	AX, uc_sigmask(R15)
masked:
	ADJSP	$-frame
	RET

sigaction:
	// The same for the mask of a handler: one that blocks SIGSYS would die of its first
	// refused call. struct sigaction: handler, flags, restorer, mask.
	CMPL	uc_rdi(R15), $31 // SIGSYS
	JEQ	ours
	CMPQ	uc_r10(R15), $8
	JNE	make
	XORL	DI, DI // no such signal
	MOVQ	uc_rsi(R15), SI
	XORL	DX, DX
	MOVQ	$8, R10
	MOVQ	$SYS_rt_sigaction, AX
	CALL	·gate(SB)
	CMPQ	AX, $-22 // EINVAL
	JNE	result
	ADJSP	$frame
	MOVQ	uc_rsi(R15), SI
	MOVQ	SP, DI
	MOVQ	$4, CX
	CLD
	REP; MOVSQ
	BTRQ	$30, 24(SP) // SIGSYS
	MOVQ	uc_rdi(R15), DI
	MOVQ	SP, SI
	MOVQ	uc_rdx(R15), DX
	MOVQ	$8, R10
	MOVQ	$SYS_rt_sigaction, AX
	CALL	·gate(SB)
	ADJSP	$-frame
result:
	MOVQ	AX, uc_rax(R15)
	RET

ours:
	// Where no process can be made nobody has a reason to ask: a violation. Elsewhere
	// it is the child of a vfork, which resets all handlers, and goes on without this
	// one being reset; the old action is read for it.
	CMPL	instance_guards(BX), $0
	JNE	refused
	MOVQ	uc_rdi(R15), DI
	XORL	SI, SI
	MOVQ	uc_rdx(R15), DX
	MOVQ	uc_r10(R15), R10
	MOVQ	$SYS_rt_sigaction, AX
	CALL	·gate(SB)
	JMP	result

// observe notes the set by which the Go runtime wants to block SIGSYS, for setup: see
// masks_linux_amd64.go. It keeps AX.
TEXT ·observe(SB),NOSPLIT|NOFRAME,$0
	MOVQ	AX, R8
	MOVQ	uc_rip(R15), AX
	CMPQ	AX, ·goCode+0(SB)
	JLS	noted
	CMPQ	AX, ·goCode+8(SB)
	JHI	noted
	MOVQ	uc_rsi(R15), DX
	LEAQ	·blockers(SB), SI
	MOVQ	$8, CX // len(blockers)
note:
	XORL	AX, AX
	LOCK
	CMPXCHGQ	DX, 0(SI)
	JEQ	noted
	CMPQ	AX, DX
	JEQ	noted
	ADDQ	$8, SI
	DECQ	CX
	JNZ	note
noted:
	MOVQ	R8, AX
	RET

// remake makes the refused call with its arguments; the result is in AX. A signal
// that interrupts it with SA_RESTART goes back to the gate.
TEXT ·remake(SB),NOSPLIT|NOFRAME,$0
	MOVQ	uc_rdi(R15), DI
	MOVQ	uc_rsi(R15), SI
	MOVQ	uc_rdx(R15), DX
	MOVQ	uc_r10(R15), R10
	MOVQ	uc_r8(R15), R8
	MOVQ	uc_r9(R15), R9
	MOVQ	R14, AX
	JMP	·gate(SB)
