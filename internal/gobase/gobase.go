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
	{sysno.Futex, false, "os_linux.go futexsleep, futexwakeup", "parks and wakes threads; refused, the process crashes"},
	{sysno.RtSigreturn, false, "sys_linux_amd64.s sigreturn__sigaction", "ends every signal handler, preemption included; refused, the process dies without a word"},
	{sysno.RestartSyscall, false, "kernel/signal.c, not the runtime", "the kernel makes it after a stop signal"},
	{sysno.Uretprobe, false, "arch/x86/kernel/uprobes.c, not the runtime", "the kernel makes it for a tracer; refused, a traced process dies"},
	{sysno.Uprobe, false, "arch/x86/kernel/uprobes.c, not the runtime", "the kernel makes it for a tracer; refused, a traced process dies"},
	{sysno.SchedYield, false, "lock_spinbit.go lock2, preempt.go suspendG", "spinning locks give way"},
	{sysno.Mmap, false, "mem_linux.go sysAllocOS, sysReserveOS, sysMapOS; vgetrandom_linux.go", "the heap grows; refused, a fatal error"},
	{sysno.Munmap, false, "mem_linux.go sysFreeOS", "reservations are trimmed; refused, a crash"},
	{sysno.Madvise, false, "mem_linux.go sysUnusedOS, sysHugePageOS, sysNoHugePageOS", "memory goes back to the kernel"},
	{sysno.Mprotect, false, "mem_linux.go sysFaultOS; glibc pthread_create with cgo", "debug settings and guard pages of C threads"},
	{sysno.EpollPwait, false, "netpoll_epoll.go netpoll, from proc.go startTheWorldWithSema", "the network poller; refused, a fatal error"},
	{sysno.Write, false, "netpoll_epoll.go netpollBreak; panic.go", "wakes the poller's eventfd, prints a crash; refused, a fatal error"},
	{sysno.Writev, false, "signal_linux_amd64.s of this library", "the report of a violation is one writev(2)"},
	{sysno.Getpid, false, "os_linux.go signalM", "preemption by signal; refused, the next stop-the-world can wait for ever"},
	{sysno.Gettid, false, "os_linux.go minit; signal_unix.go dieFromSignal", "a thread learns its id for preemption"},
	{sysno.Tgkill, false, "os_linux.go signalM, signal_unix.go dieFromSignal", "preemption by signal; refused, the next stop-the-world can wait for ever"},
	{sysno.Nanosleep, false, "os_linux.go usleep, from panic.go freezetheworld", "short waits"},
	{sysno.Prctl, false, "set_vma_name_linux.go setVMAName", "names mappings after each mmap where the kernel can (CONFIG_ANON_VMA_NAME)"},
	{sysno.ClockGettime, false, "sys_linux_amd64.s nanotime1", "the clock where the vDSO cannot read it; refused, time is garbage"},
	{sysno.Gettimeofday, false, "ThreadSanitizer at thread exit (-race)", "the clock of a -race build"},
	{sysno.Exit, false, "sys_linux_amd64.s exitThread, from proc.go mexit", "a locked goroutine ends and takes its thread along; refused, a crash"},
	{sysno.Sigaltstack, false, "os_linux.go unminit, minit", "signal stack of a thread that begins or ends; refused, a crash"},
	{sysno.RtSigprocmask, false, "signal_unix.go sigblock, os_linux.go newosproc", "signal mask of a thread that begins or ends; refused, a crash"},
	{sysno.RtSigaction, false, "signal_unix.go dieFromSignal, setsig", "core dump under GOTRACEBACK=crash; os/signal"},
	{sysno.ExitGroup, false, "sys_linux_amd64.s exit", "os.Exit; refused by an errno it would return"},
	{sysno.TimerCreate, false, "os_linux.go setThreadCPUProfiler", "a CPU profile that any goroutine takes (net/http/pprof); the watchdog of a report"},
	{sysno.TimerSettime, false, "os_linux.go setThreadCPUProfiler", "as timer_create: all three or none, else a fatal error"},
	{sysno.TimerDelete, false, "os_linux.go setThreadCPUProfiler", "as timer_create: all three or none, else a fatal error"},
	{sysno.Setitimer, false, "os_linux.go setProcessCPUProfiler", "a CPU profile that this goroutine starts"},

	// Threads that the runtime owns.
	{sysno.Clone, true, "os_linux.go newosproc", "new threads; refused, a fatal error"},
	{sysno.Read, true, "netpoll_epoll.go netpoll", "drains the poller's eventfd"},
	{sysno.SchedGetaffinity, true, "os_linux.go getCPUCount, from sysmon's GOMAXPROCS update", "refused by an errno GOMAXPROCS silently falls to 1"},
	{sysno.Pread64, true, "internal/runtime/cgroup, from sysmon's GOMAXPROCS update", "rereads the CPU limit of the cgroup once a second"},
	{sysno.SetRobustList, true, "glibc pthread_create with cgo", "a C thread begins; refused by an errno it goes on"},
	{sysno.Rseq, true, "glibc pthread_create with cgo", "a C thread begins; refused, glibc aborts"},
}
