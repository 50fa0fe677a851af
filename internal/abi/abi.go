// SPDX-License-Identifier: MIT

// Package abi holds the numbers of the kernel's seccomp interface on
// linux/amd64: constants only, so that the portable packages (policy, compiler,
// simulator) can use them on every operating system. A test on linux/amd64
// compares them with golang.org/x/sys/unix.
package abi

// Audit architecture numbers, as the kernel puts them in seccomp_data.arch
// (include/uapi/linux/audit.h).
const (
	AuditArchX86_64 = 0xc000003e // EM_X86_64 | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE
	AuditArchI386   = 0x40000003 // EM_386 | __AUDIT_ARCH_LE: int 0x80, also from a 64-bit process
)

// X32Bit marks the calls of the x32 ABI, which share AuditArchX86_64
// (arch/x86/include/uapi/asm/unistd.h: __X32_SYSCALL_BIT).
const X32Bit = 0x40000000

// Offsets in the structure that a filter reads (include/uapi/linux/seccomp.h):
//
//	struct seccomp_data {
//		int   nr;                   //  0
//		__u32 arch;                 //  4
//		__u64 instruction_pointer;  //  8
//		__u64 args[6];              // 16, 24, 32, 40, 48, 56
//	};                              // 64
//
// A filter loads aligned 32-bit words in the byte order of the machine: on
// amd64 the low half of a 64-bit field comes first.
const (
	OffNr   = 0
	OffArch = 4
	OffIP   = 8
	OffArgs = 16

	SizeofData = 64
	NumArgs    = 6
)

// Return values of a filter (include/uapi/linux/seccomp.h). The upper 16 bits
// are the action, compared as a signed number: the lowest of all filters of a
// thread wins. The lower 16 bits are data for the action.
const (
	RetKillProcess = 0x80000000 // since Linux 4.14
	RetKillThread  = 0x00000000
	RetTrap        = 0x00030000
	RetErrno       = 0x00050000
	RetUserNotif   = 0x7fc00000 // since Linux 5.0
	RetTrace       = 0x7ff00000
	RetLog         = 0x7ffc0000 // since Linux 4.14
	RetAllow       = 0x7fff0000

	RetActionFull = 0xffff0000
	RetData       = 0x0000ffff
)

// MaxErrno is the highest errno a call can return
// (include/linux/err.h: MAX_ERRNO); kernel/seccomp.c caps RetErrno's data to it.
const MaxErrno = 4095

// Operations of seccomp(2).
const (
	SetModeStrict  = 0 // SECCOMP_SET_MODE_STRICT
	SetModeFilter  = 1 // SECCOMP_SET_MODE_FILTER
	GetActionAvail = 2 // SECCOMP_GET_ACTION_AVAIL, since Linux 4.14
	GetNotifSizes  = 3 // SECCOMP_GET_NOTIF_SIZES, since Linux 5.0
)

// Flags of SetModeFilter.
const (
	FlagTSync            = 1 << 0 // SECCOMP_FILTER_FLAG_TSYNC
	FlagLog              = 1 << 1 // SECCOMP_FILTER_FLAG_LOG, since Linux 4.14
	FlagSpecAllow        = 1 << 2 // SECCOMP_FILTER_FLAG_SPEC_ALLOW, since Linux 4.17
	FlagNewListener      = 1 << 3 // SECCOMP_FILTER_FLAG_NEW_LISTENER, since Linux 5.0
	FlagTSyncESRCH       = 1 << 4 // SECCOMP_FILTER_FLAG_TSYNC_ESRCH, since Linux 5.7
	FlagWaitKillableRecv = 1 << 5 // SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, since Linux 5.19
)

// A listener's structures (include/uapi/linux/seccomp.h):
//
//	struct seccomp_notif_sizes {
//		__u16 seccomp_notif;       // 0
//		__u16 seccomp_notif_resp;  // 2
//		__u16 seccomp_data;        // 4
//	};                                 // 6
//
//	struct seccomp_notif {
//		__u64 id;                  //  0
//		__u32 pid;                 //  8: a thread's id, 0 where the listener's namespace has none
//		__u32 flags;               // 12
//		struct seccomp_data data;  // 16
//	};                                 // 80
//
//	struct seccomp_notif_resp {
//		__u64 id;                  //  0
//		__s64 val;                 //  8
//		__s32 error;               // 16: negative
//		__u32 flags;               // 20
//	};                                 // 24
//
//	struct seccomp_notif_addfd {
//		__u64 id;                  //  0
//		__u32 flags;               //  8
//		__u32 srcfd;               // 12
//		__u32 newfd;               // 16
//		__u32 newfd_flags;         // 20: O_CLOEXEC
//	};                                 // 24
const (
	SizeofNotifSizes = 6
	SizeofNotif      = 80
	SizeofNotifResp  = 24
	SizeofNotifAddFD = 24
)

// Calls of ioctl(2) on a listener. Before Linux 5.9 NotifIDValid was declared with
// the wrong direction; its number there is NotifIDValidOld, which later kernels take too.
const (
	IoctlNotifRecv       = 0xc0502100 // SECCOMP_IOCTL_NOTIF_RECV: _IOWR('!', 0, struct seccomp_notif)
	IoctlNotifSend       = 0xc0182101 // SECCOMP_IOCTL_NOTIF_SEND: _IOWR('!', 1, struct seccomp_notif_resp)
	IoctlNotifIDValid    = 0x40082102 // SECCOMP_IOCTL_NOTIF_ID_VALID: _IOW('!', 2, __u64)
	IoctlNotifIDValidOld = 0x80082102 // SECCOMP_IOCTL_NOTIF_ID_VALID_WRONG_DIR: _IOR('!', 2, __u64)
	IoctlNotifAddFD      = 0x40182103 // SECCOMP_IOCTL_NOTIF_ADDFD, since Linux 5.9: _IOW('!', 3, struct seccomp_notif_addfd)
	IoctlNotifSetFlags   = 0x40082104 // SECCOMP_IOCTL_NOTIF_SET_FLAGS, since Linux 6.6: _IOW('!', 4, __u64)
)

// Flags of a listener's structures and ioctls.
const (
	NotifContinue   = 1 << 0 // SECCOMP_USER_NOTIF_FLAG_CONTINUE, since Linux 5.5
	AddFDSetFD      = 1 << 0 // SECCOMP_ADDFD_FLAG_SETFD
	AddFDSend       = 1 << 1 // SECCOMP_ADDFD_FLAG_SEND, since Linux 5.14
	NotifSyncWakeUp = 1 << 0 // SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
)

// Limits of a program.
const (
	MaxInsns    = 4096  // BPF_MAXINSNS (include/uapi/linux/bpf_common.h)
	MemWords    = 16    // BPF_MEMWORDS (include/uapi/linux/filter.h)
	MaxPathInsn = 32768 // kernel/seccomp.c: MAX_INSNS_PER_PATH, over the whole chain of a thread, in eBPF instructions
	PathPenalty = 4     // kernel/seccomp.c: seccomp_attach_filter counts this much more for each filter
)

// SIGSYS as seccomp raises it: kernel/signal.c, force_sig_seccomp.
const (
	SIGSYS     = 31
	SysSeccomp = 1 // si_code SYS_SECCOMP (include/uapi/asm-generic/siginfo.h)
)

// Offsets in the siginfo_t of a SIGSYS (include/uapi/asm-generic/siginfo.h):
//
//	struct siginfo {
//		int          si_signo;   //  0
//		int          si_errno;   //  4: the 16 data bits of RetTrap
//		int          si_code;    //  8: SysSeccomp
//		void        *_call_addr; // 16: address after the call instruction
//		int          _syscall;   // 24: the number
//		unsigned int _arch;      // 28: AuditArch...
//	};
const (
	OffSigno    = 0
	OffErrno    = 4
	OffCode     = 8
	OffCallAddr = 16
	OffSyscall  = 24
	OffSigArch  = 28
)

// Offsets in the ucontext of a signal handler on amd64
// (arch/x86/include/uapi/asm/ucontext.h and sigcontext.h):
//
//	struct ucontext {
//		unsigned long     uc_flags;     //   0
//		struct ucontext  *uc_link;      //   8
//		stack_t           uc_stack;     //  16 (24 bytes)
//		struct sigcontext uc_mcontext;  //  40: r8 to r15, di, si, bp, bx,
//		                                //      dx, ax, cx, sp, ip, ...
//		sigset_t          uc_sigmask;   // 296
//	};
const (
	OffR8      = 40
	OffR9      = 48
	OffR10     = 56
	OffR11     = 64
	OffR12     = 72
	OffR13     = 80
	OffR14     = 88
	OffR15     = 96
	OffRDI     = 104
	OffRSI     = 112
	OffRBP     = 120
	OffRBX     = 128
	OffRDX     = 136
	OffRAX     = 144
	OffRCX     = 152
	OffRSP     = 160
	OffRIP     = 168
	OffSigmask = 296
)

// Errors by Linux's numbers on every operating system
// (include/uapi/asm-generic/errno-base.h, errno.h).
const (
	EPERM       = 1
	ENOENT      = 2
	ESRCH       = 3
	EINTR       = 4
	EBADF       = 9
	EAGAIN      = 11
	ENOMEM      = 12
	EACCES      = 13
	EFAULT      = 14
	EBUSY       = 16
	EINVAL      = 22
	ENFILE      = 23
	EMFILE      = 24
	ENOSYS      = 38
	EOPNOTSUPP  = 95
	EINPROGRESS = 115
)
