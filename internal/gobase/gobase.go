// SPDX-License-Identifier: MIT

// Package gobase is what the Go runtime itself asks of the kernel, as data: each
// entry names the runtime file that makes the call, so that a new Go release is
// a diff of this table and not a hunt through crash reports.
//
// It knows nothing of policies. The files cited are those of Go 1.26 below
// src/runtime; Go 1.27 makes the same calls.
package gobase

import "github.com/syscall-sandbox/sandbox/internal/sysno"

// Scope is where the runtime makes a call. Each contains those before it.
type Scope uint8

const (
	Thread  Scope = iota // every thread, one that a goroutine has locked included
	Process              // the runtime's own threads
	Launch               // a program that is started under the filter: between execve and main
)

// Effect is what an errno does to the runtime where the call is refused.
type Effect uint8

const (
	Safe     Effect = iota // the runtime goes on
	Fatal                  // it ends the process with a message of its own
	Corrupts               // it hangs, crashes elsewhere, or goes on with garbage
)

// String says it of a refused call.
func (e Effect) String() string {
	return [...]string{
		"the runtime goes on", "the runtime ends the process", "the process hangs, crashes elsewhere or goes on with garbage",
	}[e]
}

// A Need is one call that the runtime makes whatever the program does. Several needs
// of one call are alternatives.
type Need struct {
	Nr    uint32
	Scope Scope
	// When are conditions on the arguments, joined by " && ", as package seccomp reads
	// them; empty: whatever the arguments.
	When string
	// Where is the runtime file and function, Why what it is for.
	Where, Why string
	// Since is the Go release that brought it, empty for all that are supported.
	Since   string
	Refused Effect
}

// Needs yields the entries for a scope.
func Needs(s Scope) func(yield func(Need) bool) {
	return func(yield func(Need) bool) {
		for _, n := range needs {
			if n.Scope <= s && !yield(n) {
				return
			}
		}
	}
}

// NeedOf returns the entry of a scope that needs the call whatever its arguments.
func NeedOf(nr uint32, s Scope) (Need, bool) {
	for n := range Needs(s) {
		if n.Nr == nr && n.When == "" {
			return n, true
		}
	}
	return Need{}, false
}

// Conditions of the table. Values are the kernel's: mmap(2), madvise(2), clone(2),
// prctl(2), futex(2).
const (
	noExec     = "arg2:32 & 0x4 == 0x0" // PROT_EXEC
	anonymous  = noExec + " && arg4:32 == 0xffffffff"
	ownProcess = "arg0:32 == own pid"
	// CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS: os_linux.go cloneFlags; 0x3d0f00
	// with PARENT_SETTID and CHILD_CLEARTID is glibc's pthread_create.
	threadFlags = "arg0 in {0xd0f00, 0x3d0f00}"
)

var needs = [...]Need{
	// A locked thread, and so every thread.
	{Nr: sysno.Futex, Refused: Corrupts, Where: "os_linux.go futexsleep, futexwakeup", Why: "parks and wakes threads"},
	{Nr: sysno.RtSigreturn, Refused: Corrupts, Where: "sys_linux_amd64.s sigreturn__sigaction", Why: "ends every signal handler, preemption included"},
	{Nr: sysno.RestartSyscall, Refused: Corrupts, Where: "kernel/signal.c, not the runtime", Why: "the kernel makes it after a stop signal"},
	{Nr: sysno.Uretprobe, Refused: Corrupts, Where: "arch/x86/kernel/uprobes.c, not the runtime", Why: "the kernel makes it for a tracer"},
	{Nr: sysno.Uprobe, Refused: Corrupts, Where: "arch/x86/kernel/uprobes.c, not the runtime", Why: "the kernel makes it for a tracer"},
	{Nr: sysno.SchedYield, Refused: Safe, Where: "lock_spinbit.go lock2, preempt.go suspendG", Why: "spinning locks give way"},
	{Nr: sysno.Mmap, When: anonymous, Refused: Fatal, Where: "mem_linux.go sysAllocOS, sysReserveOS, sysMapOS; vgetrandom_linux.go (MAP_DROPPABLE)", Why: "the heap grows, crypto/rand keeps its state"},
	{Nr: sysno.Munmap, Refused: Corrupts, Where: "mem_linux.go sysFreeOS", Why: "reservations are trimmed"},
	// MADV_DONTNEED, FREE, HUGEPAGE, NOHUGEPAGE, DONTDUMP (-race), COLLAPSE
	{Nr: sysno.Madvise, When: "arg2:32 in {0x4, 0x8, 0xe, 0xf, 0x10, 0x19}", Refused: Safe, Where: "mem_linux.go sysUnusedOS, sysHugePageOS, sysNoHugePageOS", Why: "memory goes back to the kernel"},
	{Nr: sysno.EpollPwait, Refused: Fatal, Where: "netpoll_epoll.go netpoll, from proc.go startTheWorldWithSema", Why: "the network poller"},
	{Nr: sysno.Write, Refused: Fatal, Where: "netpoll_epoll.go netpollBreak; panic.go", Why: "wakes the poller's eventfd, prints a crash"},
	{Nr: sysno.Writev, Refused: Safe, Where: "signal_linux_amd64.s of this library", Why: "the report of a violation is one writev(2)"},
	{Nr: sysno.Getpid, Refused: Corrupts, Where: "os_linux.go signalM", Why: "preemption by signal: without it the next stop-the-world can wait for ever"},
	{Nr: sysno.Gettid, Refused: Corrupts, Where: "os_linux.go minit; signal_unix.go dieFromSignal", Why: "a thread learns its id for preemption"},
	{Nr: sysno.Tgkill, When: ownProcess, Refused: Corrupts, Where: "os_linux.go signalM, signal_unix.go dieFromSignal", Why: "preemption by signal: without it the next stop-the-world can wait for ever"},
	{Nr: sysno.Nanosleep, Refused: Safe, Where: "os_linux.go usleep, from panic.go freezetheworld", Why: "short waits"},
	{Nr: sysno.Prctl, When: "arg0:32 == 0x53564d41 && arg1 == 0x0", Since: "1.25", Refused: Safe, Where: "set_vma_name_linux.go setVMAName", Why: "names mappings after each mmap where the kernel can (CONFIG_ANON_VMA_NAME)"},
	{Nr: sysno.Prctl, When: "arg0:32 == 0x10", Refused: Safe, Where: "signal_linux_amd64.s of this library", Why: "the report of a violation asks for the thread's name (PR_GET_NAME)"},
	{Nr: sysno.ClockGettime, Refused: Corrupts, Where: "sys_linux_amd64.s nanotime1", Why: "the clock where the vDSO cannot read it: without it time is garbage"},
	{Nr: sysno.Gettimeofday, Refused: Safe, Where: "ThreadSanitizer at thread exit (-race)", Why: "the clock of a -race build"},
	{Nr: sysno.Exit, Refused: Corrupts, Where: "sys_linux_amd64.s exitThread, from proc.go mexit", Why: "a locked goroutine ends and takes its thread along"},
	{Nr: sysno.Sigaltstack, Refused: Corrupts, Where: "os_linux.go unminit, minit", Why: "signal stack of a thread that begins or ends"},
	{Nr: sysno.RtSigprocmask, Refused: Corrupts, Where: "signal_unix.go sigblock, os_linux.go newosproc", Why: "signal mask of a thread that begins or ends"},
	{Nr: sysno.RtSigaction, Refused: Fatal, Where: "signal_unix.go dieFromSignal, setsig", Why: "core dump under GOTRACEBACK=crash; os/signal"},
	{Nr: sysno.ExitGroup, Refused: Corrupts, Where: "sys_linux_amd64.s exit", Why: "os.Exit; refused by an errno it would return"},
	{Nr: sysno.TimerCreate, Refused: Safe, Where: "os_linux.go setThreadCPUProfiler", Why: "a CPU profile that any goroutine takes (net/http/pprof); the watchdog of a report"},
	{Nr: sysno.TimerSettime, Refused: Fatal, Where: "os_linux.go setThreadCPUProfiler", Why: "as timer_create: all three or none"},
	{Nr: sysno.TimerDelete, Refused: Fatal, Where: "os_linux.go setThreadCPUProfiler", Why: "as timer_create: all three or none"},
	{Nr: sysno.Kill, When: ownProcess, Refused: Safe, Where: "signal_unix.go sighandler raiseproc", Why: "under GOTRACEBACK=crash SIGQUIT goes from thread to thread; refused, the trace ends after the first"},

	// Threads that the runtime owns.
	{Nr: sysno.Clone, Scope: Process, When: threadFlags, Refused: Fatal, Where: "os_linux.go newosproc", Why: "new threads"},
	{Nr: sysno.Read, Scope: Process, Refused: Fatal, Where: "netpoll_epoll.go netpoll", Why: "drains the poller's eventfd"},
	{Nr: sysno.SchedGetaffinity, Scope: Process, When: "arg0:32 == 0x0", Since: "1.25", Refused: Corrupts, Where: "os_linux.go getCPUCount, from sysmon's GOMAXPROCS update", Why: "refused by an errno GOMAXPROCS silently falls to 1"},
	{Nr: sysno.Pread64, Scope: Process, Since: "1.25", Refused: Safe, Where: "internal/runtime/cgroup, from sysmon's GOMAXPROCS update", Why: "rereads the CPU limit of the cgroup once a second"},
	{Nr: sysno.Getrusage, Scope: Process, When: "arg0:32 == 0x0", Refused: Safe, Where: "pprof/pprof_rusage.go addMaxRSS", Why: "a heap profile as text (net/http/pprof, debug=1) names the peak of memory"},
	{Nr: sysno.Setitimer, Scope: Process, Refused: Safe, Where: "os_linux.go setProcessCPUProfiler", Why: "a CPU profile begins"},
	{Nr: sysno.Mprotect, Scope: Process, When: noExec, Refused: Fatal, Where: "glibc pthread_create with cgo; mem_linux.go sysFaultOS", Why: "guard pages of C threads; debug settings"},
	{Nr: sysno.SetRobustList, Scope: Process, Refused: Safe, Where: "glibc pthread_create with cgo", Why: "a C thread begins"},
	{Nr: sysno.Brk, Scope: Process, Refused: Corrupts, Where: "glibc malloc with cgo, from pthread_create too", Why: "the heap of a C library grows; it takes a refusal's errno for the new end, and writes there"},
	{Nr: sysno.Rseq, Scope: Process, Refused: Fatal, Where: "glibc pthread_create with cgo", Why: "a C thread begins"},

	// Before main, when a container or service manager has put the filter on.
	{Nr: sysno.Execve, Scope: Launch, Refused: Fatal, Where: "not the runtime: runc, bubblewrap, systemd", Why: "starts the program"},
	{Nr: sysno.ArchPrctl, Scope: Launch, When: "arg0:32 == 0x1002", Refused: Fatal, Where: "sys_linux_amd64.s settls; ld.so with cgo", Why: "thread-local storage of the first thread (ARCH_SET_FS)"},
	{Nr: sysno.Openat, Scope: Launch, When: "arg2:32 in {0x0, 0x80000}", Refused: Safe, Where: "os_linux.go getHugePageSize; internal/runtime/cgroup", Why: "reads the huge page size and the CPU limit"},
	{Nr: sysno.Close, Scope: Launch, Refused: Corrupts, Where: "os_linux.go getHugePageSize", Why: "closes what start-up has read"},
	{Nr: sysno.Fcntl, Scope: Launch, When: "arg1:32 in {0x1, 0x2, 0x3, 0x4}", Refused: Safe, Where: "fds_unix.go checkfds; os NewFile", Why: "standard descriptors are open, and blocking or not"},
	{Nr: sysno.EpollCreate1, Scope: Launch, Refused: Fatal, Where: "netpoll_epoll.go netpollinit", Why: "the network poller"},
	{Nr: sysno.Eventfd2, Scope: Launch, Refused: Fatal, Where: "netpoll_epoll.go netpollinit", Why: "the network poller"},
	{Nr: sysno.EpollCtl, Scope: Launch, Refused: Fatal, Where: "netpoll_epoll.go netpollinit", Why: "the network poller"},
	{Nr: sysno.Prlimit64, Scope: Launch, When: "arg0:32 == 0x0", Refused: Safe, Where: "syscall/rlimit.go init", Why: "raises the limit of open files"},
	{Nr: sysno.Getrandom, Scope: Launch, Refused: Safe, Where: "crypto/rand", Why: "random numbers of start-up"},
}
