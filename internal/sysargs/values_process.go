// SPDX-License-Identifier: MIT

package sysargs

// signal(7); the realtime signals, 32 to 64, have no names here: the C library shifts them
var signals = []value{
	{1, "SIGHUP"},
	{2, "SIGINT"},
	{3, "SIGQUIT"},
	{4, "SIGILL"},
	{5, "SIGTRAP"},
	{6, "SIGABRT"},
	{7, "SIGBUS"},
	{8, "SIGFPE"},
	{9, "SIGKILL"},
	{0xa, "SIGUSR1"},
	{0xb, "SIGSEGV"},
	{0xc, "SIGUSR2"},
	{0xd, "SIGPIPE"},
	{0xe, "SIGALRM"},
	{0xf, "SIGTERM"},
	{0x10, "SIGSTKFLT"},
	{0x11, "SIGCHLD"},
	{0x12, "SIGCONT"},
	{0x13, "SIGSTOP"},
	{0x14, "SIGTSTP"},
	{0x15, "SIGTTIN"},
	{0x16, "SIGTTOU"},
	{0x17, "SIGURG"},
	{0x18, "SIGXCPU"},
	{0x19, "SIGXFSZ"},
	{0x1a, "SIGVTALRM"},
	{0x1b, "SIGPROF"},
	{0x1c, "SIGWINCH"},
	{0x1d, "SIGIO"},
	{0x1e, "SIGPWR"},
	{0x1f, "SIGSYS"},
	{6, "SIGIOT"},
	{0x11, "SIGCLD"},
	{0x1d, "SIGPOLL"},
}

// kill(2) and others
var signalNumber = kind{class: enum, width: 32, signed: true, values: signals}

// prctl(2), PR_SET_PDEATHSIG: an unsigned long
var signalData = kind{class: enum, width: 64, signed: true, values: signals}

// sigprocmask(2)
var sigmaskHow = kind{class: enum, width: 32, values: []value{
	{0, "SIG_BLOCK"},
	{1, "SIG_UNBLOCK"},
	{2, "SIG_SETMASK"},
}}

// clone(2): the low byte is the signal at the end of the child. The kernel takes the lower half of the register (kernel/fork.c: clone).
var cloneFlags = kind{class: flags, width: 32, fields: []field{
	{mask: 0xff, last: true, values: signals},
}, values: []value{
	{0x100, "CLONE_VM"},
	{0x200, "CLONE_FS"},
	{0x400, "CLONE_FILES"},
	{0x800, "CLONE_SIGHAND"},
	{0x1000, "CLONE_PIDFD"},
	{0x2000, "CLONE_PTRACE"},
	{0x4000, "CLONE_VFORK"},
	{0x8000, "CLONE_PARENT"},
	{0x10000, "CLONE_THREAD"},
	{0x20000, "CLONE_NEWNS"},
	{0x40000, "CLONE_SYSVSEM"},
	{0x80000, "CLONE_SETTLS"},
	{0x100000, "CLONE_PARENT_SETTID"},
	{0x200000, "CLONE_CHILD_CLEARTID"},
	{0x400000, "CLONE_DETACHED"},
	{0x800000, "CLONE_UNTRACED"},
	{0x1000000, "CLONE_CHILD_SETTID"},
	{0x2000000, "CLONE_NEWCGROUP"},
	{0x4000000, "CLONE_NEWUTS"},
	{0x8000000, "CLONE_NEWIPC"},
	{0x10000000, "CLONE_NEWUSER"},
	{0x20000000, "CLONE_NEWPID"},
	{0x40000000, "CLONE_NEWNET"},
	{0x80000000, "CLONE_IO"},
}}

// unshare(2): an unsigned long
var unshareFlags = kind{class: flags, width: 64, values: []value{
	{0x80, "CLONE_NEWTIME"},
	{0x100, "CLONE_VM"},
	{0x200, "CLONE_FS"},
	{0x400, "CLONE_FILES"},
	{0x800, "CLONE_SIGHAND"},
	{0x1000, "CLONE_PIDFD"},
	{0x2000, "CLONE_PTRACE"},
	{0x4000, "CLONE_VFORK"},
	{0x8000, "CLONE_PARENT"},
	{0x10000, "CLONE_THREAD"},
	{0x20000, "CLONE_NEWNS"},
	{0x40000, "CLONE_SYSVSEM"},
	{0x80000, "CLONE_SETTLS"},
	{0x100000, "CLONE_PARENT_SETTID"},
	{0x200000, "CLONE_CHILD_CLEARTID"},
	{0x400000, "CLONE_DETACHED"},
	{0x800000, "CLONE_UNTRACED"},
	{0x1000000, "CLONE_CHILD_SETTID"},
	{0x2000000, "CLONE_NEWCGROUP"},
	{0x4000000, "CLONE_NEWUTS"},
	{0x8000000, "CLONE_NEWIPC"},
	{0x10000000, "CLONE_NEWUSER"},
	{0x20000000, "CLONE_NEWPID"},
	{0x40000000, "CLONE_NEWNET"},
	{0x80000000, "CLONE_IO"},
}}

// setns(2)
var namespaces = kind{class: flags, width: 32, values: []value{
	{0x80, "CLONE_NEWTIME"},
	{0x20000, "CLONE_NEWNS"},
	{0x2000000, "CLONE_NEWCGROUP"},
	{0x4000000, "CLONE_NEWUTS"},
	{0x8000000, "CLONE_NEWIPC"},
	{0x10000000, "CLONE_NEWUSER"},
	{0x20000000, "CLONE_NEWPID"},
	{0x40000000, "CLONE_NEWNET"},
}}

// wait4(2)
var waitOptions = kind{class: flags, width: 32, values: []value{
	{1, "WNOHANG"},
	{2, "WUNTRACED"},
	{8, "WCONTINUED"},
	{0x20000000, "WNOTHREAD"},
	{0x40000000, "WALL"},
	{0x80000000, "WCLONE"},
	{0x20000000, "__WNOTHREAD"},
	{0x40000000, "__WALL"},
	{0x80000000, "__WCLONE"},
}}

// waitid(2)
var waitidOptions = kind{class: flags, width: 32, values: []value{
	{1, "WNOHANG"},
	{2, "WSTOPPED"},
	{4, "WEXITED"},
	{8, "WCONTINUED"},
	{0x1000000, "WNOWAIT"},
	{0x20000000, "WNOTHREAD"},
	{0x40000000, "WALL"},
	{0x80000000, "WCLONE"},
	{0x20000000, "__WNOTHREAD"},
	{0x40000000, "__WALL"},
	{0x80000000, "__WCLONE"},
	{2, "WUNTRACED"},
}}

// waitid(2)
var idtypes = kind{class: enum, width: 32, values: []value{
	{0, "P_ALL"},
	{1, "P_PID"},
	{2, "P_PGID"},
	{3, "P_PIDFD"},
}}

// futex(2): a command and two flags
var futexOp = kind{class: flags, width: 32, fields: []field{
	{mask: 0xfffffe7f, values: []value{
		{0, "FUTEX_WAIT"},
		{1, "FUTEX_WAKE"},
		{2, "FUTEX_FD"},
		{3, "FUTEX_REQUEUE"},
		{4, "FUTEX_CMP_REQUEUE"},
		{5, "FUTEX_WAKE_OP"},
		{6, "FUTEX_LOCK_PI"},
		{7, "FUTEX_UNLOCK_PI"},
		{8, "FUTEX_TRYLOCK_PI"},
		{9, "FUTEX_WAIT_BITSET"},
		{0xa, "FUTEX_WAKE_BITSET"},
		{0xb, "FUTEX_WAIT_REQUEUE_PI"},
		{0xc, "FUTEX_CMP_REQUEUE_PI"},
		{0xd, "FUTEX_LOCK_PI2"},
	}},
}, values: []value{
	{0x80, "FUTEX_PRIVATE_FLAG"},
	{0x100, "FUTEX_CLOCK_REALTIME"},
	{0x80, "FUTEX_WAIT_PRIVATE"},
	{0x81, "FUTEX_WAKE_PRIVATE"},
	{0x83, "FUTEX_REQUEUE_PRIVATE"},
	{0x84, "FUTEX_CMP_REQUEUE_PRIVATE"},
	{0x85, "FUTEX_WAKE_OP_PRIVATE"},
	{0x86, "FUTEX_LOCK_PI_PRIVATE"},
	{0x8d, "FUTEX_LOCK_PI2_PRIVATE"},
	{0x87, "FUTEX_UNLOCK_PI_PRIVATE"},
	{0x88, "FUTEX_TRYLOCK_PI_PRIVATE"},
	{0x89, "FUTEX_WAIT_BITSET_PRIVATE"},
	{0x8a, "FUTEX_WAKE_BITSET_PRIVATE"},
	{0x8b, "FUTEX_WAIT_REQUEUE_PI_PRIVATE"},
	{0x8c, "FUTEX_CMP_REQUEUE_PI_PRIVATE"},
}}

// futex(2): a pointer, or the count of a second kind of waiters
var futexTimeout = kind{class: pointer, width: 64, on: 1, onMask: 0xfffffe7f, cases: []choice{
	{3, &unsigned},   // FUTEX_REQUEUE
	{4, &unsigned},   // FUTEX_CMP_REQUEUE
	{5, &unsigned},   // FUTEX_WAKE_OP
	{0xc, &unsigned}, // FUTEX_CMP_REQUEUE_PI
}}

// futex_wait(2) and its like
var futex2Flags = kind{class: flags, width: 32, fields: []field{
	{mask: 3, values: []value{
		{0, "FUTEX2_SIZE_U8"},
		{1, "FUTEX2_SIZE_U16"},
		{2, "FUTEX2_SIZE_U32"},
		{3, "FUTEX2_SIZE_U64"},
	}},
}, values: []value{
	{0x80, "FUTEX2_PRIVATE"},
	{4, "FUTEX2_NUMA"},
	{8, "FUTEX2_MPOL"},
}}

// prctl(2)
var prctlOptions = kind{class: enum, width: 32, values: []value{
	{0x41555856, "PR_GET_AUXV"},
	{0x50, "PR_GET_CFI"},
	{0x25, "PR_GET_CHILD_SUBREAPER"},
	{3, "PR_GET_DUMPABLE"},
	{0x13, "PR_GET_ENDIAN"},
	{9, "PR_GET_FPEMU"},
	{0xb, "PR_GET_FPEXC"},
	{0x2e, "PR_GET_FP_MODE"},
	{0x3a, "PR_GET_IO_FLUSHER"},
	{7, "PR_GET_KEEPCAPS"},
	{0x42, "PR_GET_MDWE"},
	{0x44, "PR_GET_MEMORY_MERGE"},
	{0x10, "PR_GET_NAME"},
	{0x27, "PR_GET_NO_NEW_PRIVS"},
	{2, "PR_GET_PDEATHSIG"},
	{0x15, "PR_GET_SECCOMP"},
	{0x1b, "PR_GET_SECUREBITS"},
	{0x4a, "PR_GET_SHADOW_STACK_STATUS"},
	{0x34, "PR_GET_SPECULATION_CTRL"},
	{0x38, "PR_GET_TAGGED_ADDR_CTRL"},
	{0x2a, "PR_GET_THP_DISABLE"},
	{0x28, "PR_GET_TID_ADDRESS"},
	{0x1e, "PR_GET_TIMERSLACK"},
	{0xd, "PR_GET_TIMING"},
	{0x19, "PR_GET_TSC"},
	{5, "PR_GET_UNALIGN"},
	{0x51, "PR_SET_CFI"},
	{0x24, "PR_SET_CHILD_SUBREAPER"},
	{4, "PR_SET_DUMPABLE"},
	{0x14, "PR_SET_ENDIAN"},
	{0xa, "PR_SET_FPEMU"},
	{0xc, "PR_SET_FPEXC"},
	{0x2d, "PR_SET_FP_MODE"},
	{0x39, "PR_SET_IO_FLUSHER"},
	{8, "PR_SET_KEEPCAPS"},
	{0x41, "PR_SET_MDWE"},
	{0x43, "PR_SET_MEMORY_MERGE"},
	{0x23, "PR_SET_MM"},
	{0xf, "PR_SET_NAME"},
	{0x26, "PR_SET_NO_NEW_PRIVS"},
	{1, "PR_SET_PDEATHSIG"},
	{0x59616d61, "PR_SET_PTRACER"},
	{0x16, "PR_SET_SECCOMP"},
	{0x1c, "PR_SET_SECUREBITS"},
	{0x4b, "PR_SET_SHADOW_STACK_STATUS"},
	{0x35, "PR_SET_SPECULATION_CTRL"},
	{0x3b, "PR_SET_SYSCALL_USER_DISPATCH"},
	{0x37, "PR_SET_TAGGED_ADDR_CTRL"},
	{0x29, "PR_SET_THP_DISABLE"},
	{0x1d, "PR_SET_TIMERSLACK"},
	{0xe, "PR_SET_TIMING"},
	{0x1a, "PR_SET_TSC"},
	{6, "PR_SET_UNALIGN"},
	{0x53564d41, "PR_SET_VMA"},
	{0x18, "PR_CAPBSET_DROP"},
	{0x17, "PR_CAPBSET_READ"},
	{0x2f, "PR_CAP_AMBIENT"},
	{0x4e, "PR_FUTEX_HASH"},
	{0x4c, "PR_LOCK_SHADOW_STACK_STATUS"},
	{0x21, "PR_MCE_KILL"},
	{0x22, "PR_MCE_KILL_GET"},
	{0x2c, "PR_MPX_DISABLE_MANAGEMENT"},
	{0x2b, "PR_MPX_ENABLE_MANAGEMENT"},
	{0x3d, "PR_PAC_GET_ENABLED_KEYS"},
	{0x36, "PR_PAC_RESET_KEYS"},
	{0x3c, "PR_PAC_SET_ENABLED_KEYS"},
	{0x48, "PR_PPC_GET_DEXCR"},
	{0x49, "PR_PPC_SET_DEXCR"},
	{0x47, "PR_RISCV_SET_ICACHE_FLUSH_CTX"},
	{0x46, "PR_RISCV_V_GET_CONTROL"},
	{0x45, "PR_RISCV_V_SET_CONTROL"},
	{0x4f, "PR_RSEQ_SLICE_EXTENSION"},
	{0x3e, "PR_SCHED_CORE"},
	{0x40, "PR_SME_GET_VL"},
	{0x3f, "PR_SME_SET_VL"},
	{0x33, "PR_SVE_GET_VL"},
	{0x32, "PR_SVE_SET_VL"},
	{0x1f, "PR_TASK_PERF_EVENTS_DISABLE"},
	{0x20, "PR_TASK_PERF_EVENTS_ENABLE"},
	{0x4d, "PR_TIMER_CREATE_RESTORE_IDS"},
}}

// prctl(2), PR_SET_VMA
var prVMA = kind{class: enum, width: 64, values: []value{
	{0, "PR_SET_VMA_ANON_NAME"},
}}

// prctl(2), PR_SET_MM
var prMM = kind{class: enum, width: 64, values: []value{
	{9, "PR_SET_MM_ARG_END"},
	{8, "PR_SET_MM_ARG_START"},
	{0xc, "PR_SET_MM_AUXV"},
	{7, "PR_SET_MM_BRK"},
	{2, "PR_SET_MM_END_CODE"},
	{4, "PR_SET_MM_END_DATA"},
	{0xb, "PR_SET_MM_ENV_END"},
	{0xa, "PR_SET_MM_ENV_START"},
	{0xd, "PR_SET_MM_EXE_FILE"},
	{0xe, "PR_SET_MM_MAP"},
	{0xf, "PR_SET_MM_MAP_SIZE"},
	{6, "PR_SET_MM_START_BRK"},
	{1, "PR_SET_MM_START_CODE"},
	{3, "PR_SET_MM_START_DATA"},
	{5, "PR_SET_MM_START_STACK"},
}}

// prctl(2), PR_CAP_AMBIENT
var prAmbient = kind{class: enum, width: 64, values: []value{
	{4, "PR_CAP_AMBIENT_CLEAR_ALL"},
	{1, "PR_CAP_AMBIENT_IS_SET"},
	{3, "PR_CAP_AMBIENT_LOWER"},
	{2, "PR_CAP_AMBIENT_RAISE"},
}}

// prctl(2), PR_MCE_KILL
var prMCE = kind{class: enum, width: 64, values: []value{
	{0, "PR_MCE_KILL_CLEAR"},
	{1, "PR_MCE_KILL_SET"},
}}

// prctl(2), PR_SET_TSC
var prTSC = kind{class: enum, width: 64, values: []value{
	{1, "PR_TSC_ENABLE"},
	{2, "PR_TSC_SIGSEGV"},
}}

// prctl(2), PR_SCHED_CORE
var prSched = kind{class: enum, width: 64, values: []value{
	{1, "PR_SCHED_CORE_CREATE"},
	{0, "PR_SCHED_CORE_GET"},
	{3, "PR_SCHED_CORE_SHARE_FROM"},
	{2, "PR_SCHED_CORE_SHARE_TO"},
}}

// prctl(2), PR_SET_SYSCALL_USER_DISPATCH
var prDispatch = kind{class: enum, width: 64, values: []value{
	{0, "PR_SYS_DISPATCH_OFF"},
	{1, "PR_SYS_DISPATCH_EXCLUSIVE_ON"},
	{2, "PR_SYS_DISPATCH_INCLUSIVE_ON"},
	{1, "PR_SYS_DISPATCH_ON"},
}}

// prctl(2), PR_GET_SPECULATION_CTRL
var prSpec = kind{class: enum, width: 64, values: []value{
	{0, "PR_SPEC_STORE_BYPASS"},
	{1, "PR_SPEC_INDIRECT_BRANCH"},
	{2, "PR_SPEC_L1D_FLUSH"},
}}

// prctl(2), PR_SET_SPECULATION_CTRL
var prSpecControl = kind{class: flags, width: 64, exact: []value{{0, "PR_SPEC_NOT_AFFECTED"}}, values: []value{
	{1, "PR_SPEC_PRCTL"},
	{2, "PR_SPEC_ENABLE"},
	{4, "PR_SPEC_DISABLE"},
	{8, "PR_SPEC_FORCE_DISABLE"},
	{0x10, "PR_SPEC_DISABLE_NOEXEC"},
}}

// prctl(2), PR_SET_TIMING
var prTiming = kind{class: enum, width: 64, values: []value{
	{0, "PR_TIMING_STATISTICAL"},
	{1, "PR_TIMING_TIMESTAMP"},
}}

// prctl(2), PR_FUTEX_HASH
var prFutex = kind{class: enum, width: 64, values: []value{
	{3, "PR_FUTEX_HASH_GET_IMMUTABLE"},
	{2, "PR_FUTEX_HASH_GET_SLOTS"},
	{1, "PR_FUTEX_HASH_SET_SLOTS"},
}}

// prctl(2), PR_TIMER_CREATE_RESTORE_IDS
var prTimerIDs = kind{class: enum, width: 64, values: []value{
	{2, "PR_TIMER_CREATE_RESTORE_IDS_GET"},
	{0, "PR_TIMER_CREATE_RESTORE_IDS_OFF"},
	{1, "PR_TIMER_CREATE_RESTORE_IDS_ON"},
}}

// prctl(2), PR_SET_MDWE
var prMDWE = kind{class: flags, width: 64, values: []value{
	{1, "PR_MDWE_REFUSE_EXEC_GAIN"},
	{2, "PR_MDWE_NO_INHERIT"},
}}

// prctl(2), PR_SET_PTRACER: a process id
var prPtracer = kind{class: enum, width: 64, signed: true, values: []value{
	{0xffffffffffffffff, "PR_SET_PTRACER_ANY"},
}}

// prctl(2), PR_SET_SECCOMP
var seccompModes = kind{class: enum, width: 64, values: []value{
	{0, "SECCOMP_MODE_DISABLED"},
	{1, "SECCOMP_MODE_STRICT"},
	{2, "SECCOMP_MODE_FILTER"},
}}

// prctl(2), PR_SET_SECUREBITS
var securebits = kind{class: flags, width: 64, values: []value{
	{1, "SECBIT_NOROOT"},
	{2, "SECBIT_NOROOT_LOCKED"},
	{4, "SECBIT_NO_SETUID_FIXUP"},
	{8, "SECBIT_NO_SETUID_FIXUP_LOCKED"},
	{0x10, "SECBIT_KEEP_CAPS"},
	{0x20, "SECBIT_KEEP_CAPS_LOCKED"},
	{0x40, "SECBIT_NO_CAP_AMBIENT_RAISE"},
	{0x80, "SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED"},
	{0x100, "SECBIT_EXEC_RESTRICT_FILE"},
	{0x200, "SECBIT_EXEC_RESTRICT_FILE_LOCKED"},
	{0x400, "SECBIT_EXEC_DENY_INTERACTIVE"},
	{0x800, "SECBIT_EXEC_DENY_INTERACTIVE_LOCKED"},
}}

// capabilities(7)
var capabilities = kind{class: enum, width: 64, values: []value{
	{0x1e, "CAP_AUDIT_CONTROL"},
	{0x25, "CAP_AUDIT_READ"},
	{0x1d, "CAP_AUDIT_WRITE"},
	{0x24, "CAP_BLOCK_SUSPEND"},
	{0x27, "CAP_BPF"},
	{0x28, "CAP_CHECKPOINT_RESTORE"},
	{0, "CAP_CHOWN"},
	{1, "CAP_DAC_OVERRIDE"},
	{2, "CAP_DAC_READ_SEARCH"},
	{3, "CAP_FOWNER"},
	{4, "CAP_FSETID"},
	{0xe, "CAP_IPC_LOCK"},
	{0xf, "CAP_IPC_OWNER"},
	{5, "CAP_KILL"},
	{0x1c, "CAP_LEASE"},
	{9, "CAP_LINUX_IMMUTABLE"},
	{0x21, "CAP_MAC_ADMIN"},
	{0x20, "CAP_MAC_OVERRIDE"},
	{0x1b, "CAP_MKNOD"},
	{0xc, "CAP_NET_ADMIN"},
	{0xa, "CAP_NET_BIND_SERVICE"},
	{0xb, "CAP_NET_BROADCAST"},
	{0xd, "CAP_NET_RAW"},
	{0x26, "CAP_PERFMON"},
	{0x1f, "CAP_SETFCAP"},
	{6, "CAP_SETGID"},
	{8, "CAP_SETPCAP"},
	{7, "CAP_SETUID"},
	{0x22, "CAP_SYSLOG"},
	{0x15, "CAP_SYS_ADMIN"},
	{0x16, "CAP_SYS_BOOT"},
	{0x12, "CAP_SYS_CHROOT"},
	{0x10, "CAP_SYS_MODULE"},
	{0x17, "CAP_SYS_NICE"},
	{0x14, "CAP_SYS_PACCT"},
	{0x13, "CAP_SYS_PTRACE"},
	{0x11, "CAP_SYS_RAWIO"},
	{0x18, "CAP_SYS_RESOURCE"},
	{0x19, "CAP_SYS_TIME"},
	{0x1a, "CAP_SYS_TTY_CONFIG"},
	{0x23, "CAP_WAKE_ALARM"},
}}

// prctl(2): what arg2 is depends on the option
var prctlArg2 = kind{class: hex, width: 64, on: 0, cases: []choice{
	{0x53564d41, &prVMA},     // PR_SET_VMA
	{0x23, &prMM},            // PR_SET_MM
	{0x2f, &prAmbient},       // PR_CAP_AMBIENT
	{0x21, &prMCE},           // PR_MCE_KILL
	{0x1a, &prTSC},           // PR_SET_TSC
	{0x3e, &prSched},         // PR_SCHED_CORE
	{0x3b, &prDispatch},      // PR_SET_SYSCALL_USER_DISPATCH
	{0x35, &prSpec},          // PR_SET_SPECULATION_CTRL
	{0x34, &prSpec},          // PR_GET_SPECULATION_CTRL
	{0xe, &prTiming},         // PR_SET_TIMING
	{0x4e, &prFutex},         // PR_FUTEX_HASH
	{0x4d, &prTimerIDs},      // PR_TIMER_CREATE_RESTORE_IDS
	{0x41, &prMDWE},          // PR_SET_MDWE
	{0x59616d61, &prPtracer}, // PR_SET_PTRACER
	{0x16, &seccompModes},    // PR_SET_SECCOMP
	{0x1c, &securebits},      // PR_SET_SECUREBITS
	{1, &signalData},         // PR_SET_PDEATHSIG
	{0x17, &capabilities},    // PR_CAPBSET_READ
	{0x18, &capabilities},    // PR_CAPBSET_DROP
	{0xf, &ptr},              // PR_SET_NAME
	{0x10, &ptr},             // PR_GET_NAME
	{2, &ptr},                // PR_GET_PDEATHSIG
	{0x19, &ptr},             // PR_GET_TSC
	{0x25, &ptr},             // PR_GET_CHILD_SUBREAPER
	{0x28, &ptr},             // PR_GET_TID_ADDRESS
	{0x41555856, &ptr},       // PR_GET_AUXV
	{4, &size},               // PR_SET_DUMPABLE
	{8, &size},               // PR_SET_KEEPCAPS
	{0x26, &size},            // PR_SET_NO_NEW_PRIVS
	{0x24, &size},            // PR_SET_CHILD_SUBREAPER
	{0x29, &size},            // PR_SET_THP_DISABLE
	{0x1d, &size},            // PR_SET_TIMERSLACK
	{0x43, &size},            // PR_SET_MEMORY_MERGE
	{0x39, &size},            // PR_SET_IO_FLUSHER
}}

// prctl(2): arg3, likewise
var prctlArg3 = kind{class: hex, width: 64, on: 0, cases: []choice{
	{0x2f, &capabilities},  // PR_CAP_AMBIENT
	{0x35, &prSpecControl}, // PR_SET_SPECULATION_CTRL
	{0x16, &ptr},           // PR_SET_SECCOMP
	{0x53564d41, &ptr},     // PR_SET_VMA
}}

// arch_prctl(2)
var archPrctl = kind{class: enum, width: 32, values: []value{
	{0x1001, "ARCH_SET_GS"},
	{0x1002, "ARCH_SET_FS"},
	{0x1003, "ARCH_GET_FS"},
	{0x1004, "ARCH_GET_GS"},
	{0x1011, "ARCH_GET_CPUID"},
	{0x1012, "ARCH_SET_CPUID"},
	{0x1021, "ARCH_GET_XCOMP_SUPP"},
	{0x1022, "ARCH_GET_XCOMP_PERM"},
	{0x1023, "ARCH_REQ_XCOMP_PERM"},
	{0x1024, "ARCH_GET_XCOMP_GUEST_PERM"},
	{0x1025, "ARCH_REQ_XCOMP_GUEST_PERM"},
	{0x2001, "ARCH_MAP_VDSO_X32"},
	{0x2002, "ARCH_MAP_VDSO_32"},
	{0x2003, "ARCH_MAP_VDSO_64"},
	{0x4001, "ARCH_GET_UNTAG_MASK"},
	{0x4002, "ARCH_ENABLE_TAGGED_ADDR"},
	{0x4003, "ARCH_GET_MAX_TAG_BITS"},
	{0x4004, "ARCH_FORCE_TAGGED_SVA"},
	{0x5001, "ARCH_SHSTK_ENABLE"},
	{0x5002, "ARCH_SHSTK_DISABLE"},
	{0x5003, "ARCH_SHSTK_LOCK"},
	{0x5004, "ARCH_SHSTK_UNLOCK"},
	{0x5005, "ARCH_SHSTK_STATUS"},
}}

// seccomp(2)
var seccompOps = kind{class: enum, width: 32, values: []value{
	{0, "SECCOMP_SET_MODE_STRICT"},
	{1, "SECCOMP_SET_MODE_FILTER"},
	{2, "SECCOMP_GET_ACTION_AVAIL"},
	{3, "SECCOMP_GET_NOTIF_SIZES"},
}}

// seccomp(2), SECCOMP_SET_MODE_FILTER
var seccompFlags = kind{class: flags, width: 32, values: []value{
	{2, "SECCOMP_FILTER_FLAG_LOG"},
	{8, "SECCOMP_FILTER_FLAG_NEW_LISTENER"},
	{4, "SECCOMP_FILTER_FLAG_SPEC_ALLOW"},
	{1, "SECCOMP_FILTER_FLAG_TSYNC"},
	{0x10, "SECCOMP_FILTER_FLAG_TSYNC_ESRCH"},
	{0x20, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"},
}}

// sched_get_priority_max(2)
var schedPolicies = kind{class: enum, width: 32, values: []value{
	{0, "SCHED_NORMAL"},
	{1, "SCHED_FIFO"},
	{2, "SCHED_RR"},
	{3, "SCHED_BATCH"},
	{5, "SCHED_IDLE"},
	{6, "SCHED_DEADLINE"},
	{7, "SCHED_EXT"},
	{0, "SCHED_OTHER"},
}}

// sched_setscheduler(2)
var schedPolicy = kind{class: flags, width: 32, fields: []field{
	{mask: 0x3fffffff, values: []value{
		{0, "SCHED_NORMAL"},
		{1, "SCHED_FIFO"},
		{2, "SCHED_RR"},
		{3, "SCHED_BATCH"},
		{5, "SCHED_IDLE"},
		{6, "SCHED_DEADLINE"},
		{7, "SCHED_EXT"},
		{0, "SCHED_OTHER"},
	}},
}, values: []value{
	{0x40000000, "SCHED_RESET_ON_FORK"},
}}

// getpriority(2)
var priorities = kind{class: enum, width: 32, values: []value{
	{0, "PRIO_PROCESS"},
	{1, "PRIO_PGRP"},
	{2, "PRIO_USER"},
}}

// ioprio_set(2)
var ioprioWhich = kind{class: enum, width: 32, values: []value{
	{1, "IOPRIO_WHO_PROCESS"},
	{2, "IOPRIO_WHO_PGRP"},
	{3, "IOPRIO_WHO_USER"},
}}

// ioprio_set(2), IOPRIO_PRIO_VALUE: a level, and the class in its place above it
var ioprio = kind{class: flags, width: 32, fields: []field{
	{mask: 0xffffe000, values: []value{
		{0, "IOPRIO_CLASS_NONE"},
		{0x2000, "IOPRIO_CLASS_RT"},
		{0x4000, "IOPRIO_CLASS_BE"},
		{0x6000, "IOPRIO_CLASS_IDLE"},
	}},
}}

// getrlimit(2)
var rlimits = kind{class: enum, width: 32, values: []value{
	{4, "RLIMIT_CORE"},
	{0, "RLIMIT_CPU"},
	{2, "RLIMIT_DATA"},
	{1, "RLIMIT_FSIZE"},
	{0xa, "RLIMIT_LOCKS"},
	{0xc, "RLIMIT_MSGQUEUE"},
	{0xd, "RLIMIT_NICE"},
	{0xe, "RLIMIT_RTPRIO"},
	{0xf, "RLIMIT_RTTIME"},
	{0xb, "RLIMIT_SIGPENDING"},
	{3, "RLIMIT_STACK"},
	{9, "RLIMIT_AS"},
	{8, "RLIMIT_MEMLOCK"},
	{7, "RLIMIT_NOFILE"},
	{6, "RLIMIT_NPROC"},
	{5, "RLIMIT_RSS"},
}}

// getrusage(2)
var rusageWho = kind{class: enum, width: 32, signed: true, values: []value{
	{0, "RUSAGE_SELF"},
	{0xffffffff, "RUSAGE_CHILDREN"},
	{1, "RUSAGE_THREAD"},
}}

// getitimer(2)
var itimers = kind{class: enum, width: 32, values: []value{
	{0, "ITIMER_REAL"},
	{1, "ITIMER_VIRTUAL"},
	{2, "ITIMER_PROF"},
}}

// clock_getres(2). Negative ones are clocks of a process or device.
var clocks = kind{class: enum, width: 32, signed: true, values: []value{
	{0, "CLOCK_REALTIME"},
	{1, "CLOCK_MONOTONIC"},
	{2, "CLOCK_PROCESS_CPUTIME_ID"},
	{3, "CLOCK_THREAD_CPUTIME_ID"},
	{4, "CLOCK_MONOTONIC_RAW"},
	{5, "CLOCK_REALTIME_COARSE"},
	{6, "CLOCK_MONOTONIC_COARSE"},
	{7, "CLOCK_BOOTTIME"},
	{8, "CLOCK_REALTIME_ALARM"},
	{9, "CLOCK_BOOTTIME_ALARM"},
	{0xb, "CLOCK_TAI"},
}}

// timer_settime(2), clock_nanosleep(2)
var timerFlags = kind{class: flags, width: 32, values: []value{
	{1, "TIMER_ABSTIME"},
}}

// personality(2): a domain and flags; 0xffffffff only asks
var persona = kind{class: flags, width: 32, exact: []value{{0xffffffff, "0xffffffff"}}, fields: []field{
	{mask: 0xff, values: []value{
		{0, "PER_LINUX"},
		{6, "PER_BSD"},
		{8, "PER_LINUX32"},
	}},
}, values: []value{
	{0x20000, "UNAME26"},
	{0x40000, "ADDR_NO_RANDOMIZE"},
	{0x80000, "FDPIC_FUNCPTRS"},
	{0x100000, "MMAP_PAGE_ZERO"},
	{0x200000, "ADDR_COMPAT_LAYOUT"},
	{0x400000, "READ_IMPLIES_EXEC"},
	{0x800000, "ADDR_LIMIT_32BIT"},
	{0x1000000, "SHORT_INODE"},
	{0x2000000, "WHOLE_SECONDS"},
	{0x4000000, "STICKY_TIMEOUTS"},
	{0x8000000, "ADDR_LIMIT_3GB"},
}}

// ptrace(2); the kernel reads a long
var ptraceRequests = kind{class: enum, width: 64, values: []value{
	{0x10, "PTRACE_ATTACH"},
	{7, "PTRACE_CONT"},
	{0x11, "PTRACE_DETACH"},
	{0x4201, "PTRACE_GETEVENTMSG"},
	{0xc, "PTRACE_GETREGS"},
	{0x4204, "PTRACE_GETREGSET"},
	{0x4202, "PTRACE_GETSIGINFO"},
	{0x420a, "PTRACE_GETSIGMASK"},
	{0x420f, "PTRACE_GET_RSEQ_CONFIGURATION"},
	{0x420e, "PTRACE_GET_SYSCALL_INFO"},
	{0x4211, "PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG"},
	{0x4207, "PTRACE_INTERRUPT"},
	{8, "PTRACE_KILL"},
	{0x4208, "PTRACE_LISTEN"},
	{2, "PTRACE_PEEKDATA"},
	{0x4209, "PTRACE_PEEKSIGINFO"},
	{1, "PTRACE_PEEKTEXT"},
	{3, "PTRACE_PEEKUSR"},
	{5, "PTRACE_POKEDATA"},
	{4, "PTRACE_POKETEXT"},
	{6, "PTRACE_POKEUSR"},
	{0x420c, "PTRACE_SECCOMP_GET_FILTER"},
	{0x420d, "PTRACE_SECCOMP_GET_METADATA"},
	{0x4206, "PTRACE_SEIZE"},
	{0x4200, "PTRACE_SETOPTIONS"},
	{0xd, "PTRACE_SETREGS"},
	{0x4205, "PTRACE_SETREGSET"},
	{0x4203, "PTRACE_SETSIGINFO"},
	{0x420b, "PTRACE_SETSIGMASK"},
	{0x4212, "PTRACE_SET_SYSCALL_INFO"},
	{0x4210, "PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG"},
	{9, "PTRACE_SINGLESTEP"},
	{0x18, "PTRACE_SYSCALL"},
	{0, "PTRACE_TRACEME"},
	{0x1e, "PTRACE_ARCH_PRCTL"},
	{0xe, "PTRACE_GETFPREGS"},
	{0x12, "PTRACE_GETFPXREGS"},
	{0x19, "PTRACE_GET_THREAD_AREA"},
	{0x15, "PTRACE_OLDSETOPTIONS"},
	{0xf, "PTRACE_SETFPREGS"},
	{0x13, "PTRACE_SETFPXREGS"},
	{0x1a, "PTRACE_SET_THREAD_AREA"},
	{0x21, "PTRACE_SINGLEBLOCK"},
	{0x1f, "PTRACE_SYSEMU"},
	{0x20, "PTRACE_SYSEMU_SINGLESTEP"},
}}

// kcmp(2)
var kcmpTypes = kind{class: enum, width: 32, values: []value{
	{0, "KCMP_FILE"},
	{1, "KCMP_VM"},
	{2, "KCMP_FILES"},
	{3, "KCMP_FS"},
	{4, "KCMP_SIGHAND"},
	{5, "KCMP_IO"},
	{6, "KCMP_SYSVSEM"},
	{7, "KCMP_EPOLL_TFD"},
}}

// pidfd_open(2)
var pidfdOpen = kind{class: flags, width: 32, values: []value{
	{0x800, "PIDFD_NONBLOCK"},
	{0x80, "PIDFD_THREAD"},
}}

// pidfd_send_signal(2)
var pidfdSignal = kind{class: flags, width: 32, values: []value{
	{1, "PIDFD_SIGNAL_THREAD"},
	{2, "PIDFD_SIGNAL_THREAD_GROUP"},
	{4, "PIDFD_SIGNAL_PROCESS_GROUP"},
}}

// rseq(2)
var rseqFlags = kind{class: flags, width: 32, values: []value{
	{1, "RSEQ_FLAG_UNREGISTER"},
}}

// getrandom(2)
var getrandomFlags = kind{class: flags, width: 32, values: []value{
	{1, "GRND_NONBLOCK"},
	{2, "GRND_RANDOM"},
	{4, "GRND_INSECURE"},
}}

// seccomp(2): the flags are those of filters, but the names are unambiguous
var seccompOpFlags = kind{class: flags, width: 32, on: 0, cases: []choice{
	{1, &seccompFlags}, // SECCOMP_SET_MODE_FILTER
}}
