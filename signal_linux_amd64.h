// SPDX-License-Identifier: MIT

// What the assembly files of the SIGSYS handler share. A test compares the sizes
// and offsets with the Go structures, the numbers with the kernel's tables.

// asm/unistd_64.h
#define SYS_write          1
#define SYS_rt_sigaction   13
#define SYS_rt_sigprocmask 14
#define SYS_writev         20
#define SYS_nanosleep      35
#define SYS_clone          56
#define SYS_fork           57
#define SYS_vfork          58
#define SYS_prctl          157
#define SYS_gettid         186
#define SYS_timer_create   222
#define SYS_timer_settime  223
#define SYS_clock_gettime  228
#define SYS_exit_group     231
#define SYS_rt_sigqueueinfo   129
#define SYS_rt_tgsigqueueinfo 297

// siginfo_t and struct ucontext: internal/abi
#define si_errno     4
#define si_code      8
#define si_call_addr 16
#define si_syscall   24
#define si_arch      28
#define uc_r8        40
#define uc_r9        48
#define uc_r10       56
#define uc_rdi       104
#define uc_rsi       112
#define uc_rbp       120
#define uc_rdx       136
#define uc_rax       144
#define uc_rsp       160
#define uc_rip       168
#define uc_sigmask   296

// instance of signal_linux_amd64.go
#define instance_length 0
#define instance_byComm 4
#define instance_label  8
#define instance_guards 12
#define instance_text   16

// entry of table_linux_amd64.go: 1<<entry_shift bytes, tableSize of them
#define entry_hash   0
#define entry_count  8
#define entry_nr     16
#define entry_label  20
#define entry_tid    24
#define entry_done   28
#define entry_ip     32
#define entry_args   40
#define entry_time   88
#define entry_comm   104
#define entry_leaf   120
#define entry_npcs   128
#define entry_pcs    136
#define entry_shift  9
#define max_pcs      47
#define table_mask   8191
#define max_used     6144 // new ones without stacks from here on
#define max_probes   32

// rawText of signal_linux_amd64.go
#define rawText_len 184
