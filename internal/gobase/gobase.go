// SPDX-License-Identifier: MIT

// Package gobase is what the Go runtime itself asks of the kernel, as data: each
// entry names the runtime file that makes the call, so that a new Go release is
// a diff of this table and not a hunt through crash reports.
//
// It knows nothing of policies. The files cited are those of Go 1.26 below
// src/runtime; Go 1.27 makes the same calls.
package gobase

import "github.com/syscall-sandbox/sandbox/internal/sysno"

// A Need is one syscall that the runtime makes whatever the program does.
type Need struct {
	Nr uint32
	// Process is set for calls that the runtime makes only on threads which no
	// goroutine has locked: a filter for one locked thread can do without.
	Process bool
	// OwnPID is set for calls that the runtime makes for its own process only: the
	// first argument is the process id.
	OwnPID bool
	// Where is the runtime file and function, Why what happens without it.
	Where, Why string
}

// Needs yields the entries for one locked thread, or for the whole process.
func Needs(process bool) func(yield func(Need) bool) {
	return func(yield func(Need) bool) {
		for _, n := range needs {
			if n.Process && !process {
				continue
			}
			if !yield(n) {
				return
			}
		}
	}
}

var needs = [...]Need{
	// A locked thread, and so every thread.
	{Nr: sysno.Futex, Where: "os_linux.go futexsleep, futexwakeup", Why: "parks and wakes threads; refused, the process crashes"},
	{Nr: sysno.RtSigreturn, Where: "sys_linux_amd64.s sigreturn__sigaction", Why: "ends every signal handler, preemption included; refused, the process dies without a word"},
	{Nr: sysno.RestartSyscall, Where: "kernel/signal.c, not the runtime", Why: "the kernel makes it after a stop signal"},
	{Nr: sysno.Uretprobe, Where: "arch/x86/kernel/uprobes.c, not the runtime", Why: "the kernel makes it for a tracer; refused, a traced process dies"},
	{Nr: sysno.Uprobe, Where: "arch/x86/kernel/uprobes.c, not the runtime", Why: "the kernel makes it for a tracer; refused, a traced process dies"},
	{Nr: sysno.SchedYield, Where: "lock_spinbit.go lock2, preempt.go suspendG", Why: "spinning locks give way"},
	{Nr: sysno.Mmap, Where: "mem_linux.go sysAllocOS, sysReserveOS, sysMapOS; vgetrandom_linux.go", Why: "the heap grows; refused, a fatal error"},
	{Nr: sysno.Munmap, Where: "mem_linux.go sysFreeOS", Why: "reservations are trimmed; refused, a crash"},
	{Nr: sysno.Madvise, Where: "mem_linux.go sysUnusedOS, sysHugePageOS, sysNoHugePageOS", Why: "memory goes back to the kernel"},
	{Nr: sysno.Mprotect, Where: "mem_linux.go sysFaultOS; glibc pthread_create with cgo", Why: "debug settings and guard pages of C threads"},
	{Nr: sysno.EpollPwait, Where: "netpoll_epoll.go netpoll, from proc.go startTheWorldWithSema", Why: "the network poller; refused, a fatal error"},
	{Nr: sysno.Write, Where: "netpoll_epoll.go netpollBreak; panic.go", Why: "wakes the poller's eventfd, prints a crash; refused, a fatal error"},
	{Nr: sysno.Writev, Where: "signal_linux_amd64.s of this library", Why: "the report of a violation is one writev(2)"},
	{Nr: sysno.Getpid, Where: "os_linux.go signalM", Why: "preemption by signal; refused, the next stop-the-world can wait for ever"},
	{Nr: sysno.Gettid, Where: "os_linux.go minit; signal_unix.go dieFromSignal", Why: "a thread learns its id for preemption"},
	{Nr: sysno.Tgkill, Where: "os_linux.go signalM, signal_unix.go dieFromSignal", Why: "preemption by signal; refused, the next stop-the-world can wait for ever"},
	{Nr: sysno.Nanosleep, Where: "os_linux.go usleep, from panic.go freezetheworld", Why: "short waits"},
	{Nr: sysno.Prctl, Where: "set_vma_name_linux.go setVMAName", Why: "names mappings after each mmap where the kernel can (CONFIG_ANON_VMA_NAME)"},
	{Nr: sysno.ClockGettime, Where: "sys_linux_amd64.s nanotime1", Why: "the clock where the vDSO cannot read it; refused, time is garbage"},
	{Nr: sysno.Gettimeofday, Where: "ThreadSanitizer at thread exit (-race)", Why: "the clock of a -race build"},
	{Nr: sysno.Exit, Where: "sys_linux_amd64.s exitThread, from proc.go mexit", Why: "a locked goroutine ends and takes its thread along; refused, a crash"},
	{Nr: sysno.Sigaltstack, Where: "os_linux.go unminit, minit", Why: "signal stack of a thread that begins or ends; refused, a crash"},
	{Nr: sysno.RtSigprocmask, Where: "signal_unix.go sigblock, os_linux.go newosproc", Why: "signal mask of a thread that begins or ends; refused, a crash"},
	{Nr: sysno.RtSigaction, Where: "signal_unix.go dieFromSignal, setsig", Why: "core dump under GOTRACEBACK=crash; os/signal"},
	{Nr: sysno.ExitGroup, Where: "sys_linux_amd64.s exit", Why: "os.Exit; refused by an errno it would return"},
	{Nr: sysno.TimerCreate, Where: "os_linux.go setThreadCPUProfiler", Why: "a CPU profile that any goroutine takes (net/http/pprof); the watchdog of a report"},
	{Nr: sysno.TimerSettime, Where: "os_linux.go setThreadCPUProfiler", Why: "as timer_create: all three or none, else a fatal error"},
	{Nr: sysno.TimerDelete, Where: "os_linux.go setThreadCPUProfiler", Why: "as timer_create: all three or none, else a fatal error"},
	{Nr: sysno.Setitimer, Where: "os_linux.go setProcessCPUProfiler", Why: "a CPU profile that this goroutine starts"},

	{Nr: sysno.Kill, OwnPID: true, Where: "signal_unix.go sighandler raiseproc", Why: "under GOTRACEBACK=crash SIGQUIT goes from thread to thread; refused, the trace ends after the first"},

	// Threads that the runtime owns.
	{Nr: sysno.Clone, Process: true, Where: "os_linux.go newosproc", Why: "new threads; refused, a fatal error"},
	{Nr: sysno.Read, Process: true, Where: "netpoll_epoll.go netpoll", Why: "drains the poller's eventfd"},
	{Nr: sysno.SchedGetaffinity, Process: true, Where: "os_linux.go getCPUCount, from sysmon's GOMAXPROCS update", Why: "refused by an errno GOMAXPROCS silently falls to 1"},
	{Nr: sysno.Pread64, Process: true, Where: "internal/runtime/cgroup, from sysmon's GOMAXPROCS update", Why: "rereads the CPU limit of the cgroup once a second"},
	{Nr: sysno.SetRobustList, Process: true, Where: "glibc pthread_create with cgo", Why: "a C thread begins; refused by an errno it goes on"},
	{Nr: sysno.Rseq, Process: true, Where: "glibc pthread_create with cgo", Why: "a C thread begins; refused, glibc aborts"},
}
