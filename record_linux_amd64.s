// SPDX-License-Identifier: MIT

#include "textflag.h"
#include "signal_linux_amd64.h"

// record counts a call in the table and returns its entry in AX, 0 if there is no
// room. Calls are the same if number, instance's label, the arguments that choose
// what the call does, the program counter and the Go call stack are: a storm of one
// violation is one entry and an addition per call. No locks, no waiting: a slot is
// claimed by its hash, filled by the claimer, and shown to readers last, by its
// place in the order of insertion.
//
// It uses all registers but SP, BX, R13, R14, R15. R8 is the hash so far.
//
// When the table is filling up, calls that it does not know yet go by a hash without
// counter and stack.
//
// Frame: the return addresses, their number, the top of the stack, that hash.
#define pcs    0
#define npcs   376
#define leaf   384
#define short  392
#define frame  400

// MIX adds AX to the hash: multiplication spreads low bits upward, the shift brings
// high ones down.
#define MIX \
	XORQ	AX, R8 \
	IMULQ	R9, R8 \
	MOVQ	R8, AX \
	SHRQ	$32, AX \
	XORQ	AX, R8

// ARG adds one argument, as far as it chooses what the call does.
#define ARG(reg, n) \
	MOVQ	reg(R15), AX \
	ANDQ	(8*n)(R10), AX \
	MIX

TEXT ·record(SB),NOSPLIT|NOFRAME,$0
	ADJSP	$frame
	MOVQ	$0x9e3779b97f4a7c15, R9
	XORL	R8, R8
	MOVLQZX	instance_label(BX), AX
	SHLQ	$32, AX
	ORQ	R14, AX
	MIX
	LEAQ	·chosen(SB), R10
	IMUL3Q	$48, R14, AX // sizeof([6]uint64)
	ADDQ	AX, R10
	ARG(uc_rdi, 0)
	ARG(uc_rsi, 1)
	ARG(uc_rdx, 2)
	ARG(uc_r10, 3)
	ARG(uc_r8, 4)
	ARG(uc_r9, 5)

	// The frame-pointer chain, within the bounds of the goroutine's stack (g.stack, the
	// first two words of a g). A thread of C has no g. On a system stack the chain
	// ends where the runtime switched to it.
	MOVQ	R8, short(SP)
	XORL	CX, CX
	MOVQ	$0, leaf(SP)
	CMPL	·walks(SB), $0
	JEQ	walked
	MOVQ	uc_rip(R15), AX
	MIX
	MOVQ	TLS, DX
	MOVQ	0(DX)(TLS*1), DX
	TESTQ	DX, DX
	JZ	walked
	MOVQ	0(DX), SI // stack.lo
	MOVQ	8(DX), DI // stack.hi
	MOVQ	uc_rsp(R15), R11
	CMPQ	R11, SI
	JB	walked
	SUBQ	$16, DI
	CMPQ	R11, DI
	JA	walked
	MOVQ	0(R11), AX
	MOVQ	AX, leaf(SP) // where the function with the call returns to, if it has no frame
	MOVQ	uc_rbp(R15), DX
walk:
	CMPQ	DX, R11
	JB	walked
	CMPQ	DX, DI
	JA	walked
	TESTQ	$7, DX
	JNZ	walked
	MOVQ	8(DX), AX
	TESTQ	AX, AX
	JZ	walked
	MOVQ	AX, pcs(SP)(CX*8)
	INCQ	CX
	MIX
	LEAQ	8(DX), R11
	MOVQ	0(DX), DX
	CMPQ	CX, $max_pcs
	JB	walk
walked:
	MOVQ	CX, npcs(SP)

claim:
	TESTQ	R8, R8
	JNZ	hashed
	INCQ	R8 // 0 is an empty slot
hashed:
	MOVQ	R8, DX
	SHRQ	$20, DX
	MOVQ	$max_probes, DI
	LEAQ	·table(SB), R10
probe:
	ANDQ	$table_mask, DX
	MOVQ	DX, R12
	SHLQ	$entry_shift, R12
	ADDQ	R10, R12
	MOVQ	entry_hash(R12), AX
	CMPQ	AX, R8
	JEQ	found
	TESTQ	AX, AX
	JNZ	next
	CMPQ	R8, short(SP)
	JEQ	empty
	CMPL	·used(SB), $max_used
	JHS	shorter
empty:
	XORL	AX, AX
	LOCK
	CMPXCHGQ	R8, entry_hash(R12)
	JEQ	fill
	CMPQ	AX, R8
	JEQ	found
next:
	INCQ	DX
	DECQ	DI
	JNZ	probe
shorter:
	// Once more without counter and stack, if that is not what has just failed.
	MOVQ	short(SP), AX
	CMPQ	AX, R8
	JEQ	full
	MOVQ	AX, R8
	MOVQ	$0, npcs(SP)
	MOVQ	$0, leaf(SP)
	TESTQ	R8, R8
	JNZ	claim
	INCQ	R8
	MOVQ	R8, short(SP)
	JMP	claim
full:
	LEAQ	·lost(SB), AX
	LOCK
	INCQ	0(AX)(R14*8)
	XORL	R12, R12
	JMP	done
found:
	LOCK
	INCQ	entry_count(R12)
	JMP	done

fill:
	LOCK
	INCQ	entry_count(R12)
	MOVL	R14, entry_nr(R12)
	MOVL	instance_label(BX), AX
	MOVL	AX, entry_label(R12)
	MOVQ	uc_rip(R15), AX
	MOVQ	AX, entry_ip(R12)
	MOVQ	uc_rdi(R15), AX
	MOVQ	AX, (entry_args+0)(R12)
	MOVQ	uc_rsi(R15), AX
	MOVQ	AX, (entry_args+8)(R12)
	MOVQ	uc_rdx(R15), AX
	MOVQ	AX, (entry_args+16)(R12)
	MOVQ	uc_r10(R15), AX
	MOVQ	AX, (entry_args+24)(R12)
	MOVQ	uc_r8(R15), AX
	MOVQ	AX, (entry_args+32)(R12)
	MOVQ	uc_r9(R15), AX
	MOVQ	AX, (entry_args+40)(R12)
	MOVQ	leaf(SP), AX
	MOVQ	AX, entry_leaf(R12)
	MOVQ	npcs(SP), CX
	MOVQ	CX, entry_npcs(R12)
	LEAQ	pcs(SP), SI
	LEAQ	entry_pcs(R12), DI
	CLD
	REP; MOVSQ

	// clock_gettime(CLOCK_REALTIME), gettid, prctl(PR_GET_NAME)
	XORL	DI, DI
	LEAQ	entry_time(R12), SI
	MOVQ	$SYS_clock_gettime, AX
	CALL	·gate(SB)
	MOVQ	$SYS_gettid, AX
	CALL	·gate(SB)
	MOVL	AX, entry_tid(R12)
	MOVQ	$16, DI
	LEAQ	entry_comm(R12), SI
	MOVQ	$SYS_prctl, AX
	CALL	·gate(SB)

	// Show it: order[used++] = slot + 1.
	MOVL	$1, AX
	LOCK
	XADDL	AX, ·used(SB)
	MOVQ	R12, DX
	LEAQ	·table(SB), R10
	SUBQ	R10, DX
	SHRQ	$entry_shift, DX
	INCQ	DX
	LEAQ	·order(SB), R10
	MOVL	DX, 0(R10)(AX*4)

	// Wake the reader, unless somebody has since it last looked: write(fd, &byte, 1).
	// A full pipe wakes it too.
	MOVL	$1, AX
	XCHGL	AX, ·waking(SB)
	TESTL	AX, AX
	JNZ	shown
	MOVLQZX	·wakeFD(SB), DI
	LEAQ	·waking(SB), SI
	MOVQ	$1, DX
	MOVQ	$SYS_write, AX
	CALL	·gate(SB)
	CMPQ	AX, $1
	JEQ	shown
	CMPQ	AX, $-11 // EAGAIN
	JEQ	shown
	MOVL	$0, ·waking(SB) // in a child that has other files: the next one may get through
shown:
done:
	MOVQ	R12, AX
	ADJSP	$-frame
	RET
