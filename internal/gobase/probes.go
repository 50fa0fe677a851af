// SPDX-License-Identifier: MIT

package gobase

import (
	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// An Answer is the errno for a refused call that must not end the process: a
// probe with a fallback, or a call whose caller turns the errno into a clean Go
// error. A refused call that has no Answer gets the action of the sandbox.
type Answer struct {
	Nr    uint32
	Errno uint16
	Why   string
}

// Answers yields the table in the order of this file.
func Answers() func(yield func(Answer) bool) {
	return func(yield func(Answer) bool) {
		for _, a := range answers {
			if !yield(a) {
				return
			}
		}
	}
}

var answers = [...]Answer{
	// Process creation. Under a trap the child of vfork dies unseen while Start
	// reports success; EPERM reaches the caller as
	// "fork/exec PATH: operation not permitted".
	{sysno.Clone, abi.EPERM, "os/exec reports EPERM"},
	{sysno.Fork, abi.EPERM, "as clone"},
	{sysno.Vfork, abi.EPERM, "as clone"},
	{sysno.Execve, abi.EPERM, "os/exec reports EPERM"},
	{sysno.Execveat, abi.EPERM, "os/exec reports EPERM"},
	{sysno.Pipe2, abi.EPERM, "os/exec begins with a pipe, and reports EPERM"},

	// Probes of the standard library and of the C library.
	{sysno.Clone3, abi.ENOSYS, "glibc falls back to clone on ENOSYS only; its flags are in memory, where no filter sees them"},
	{sysno.Openat2, abi.ENOSYS, "its callers fall back to openat; its flags are in memory, where no filter sees them"},
	{sysno.Faccessat2, abi.ENOSYS, "os/exec.LookPath falls back to faccessat and geteuid"},
	{sysno.Uname, abi.ENOSYS, "the resolver, io.Copy and os.Hostname go on without"},
	{sysno.Fchmodat2, abi.ENOSYS, "its callers fall back to fchmodat"},
	{sysno.Statx, abi.ENOSYS, "C libraries fall back to newfstatat"},
	{sysno.CopyFileRange, abi.ENOSYS, "io.Copy falls back to read and write"},
	{sysno.Sendfile, abi.ENOSYS, "io.Copy falls back to read and write on ENOSYS only"},
	{sysno.Splice, abi.EINVAL, "io.Copy falls back to read and write on EINVAL only"},
	{sysno.PidfdOpen, abi.ENOSYS, "os falls back to process ids"},
	{sysno.PidfdSendSignal, abi.ENOSYS, "os falls back to kill"},
	{sysno.Preadv2, abi.ENOSYS, "its callers fall back to preadv"},
	{sysno.Pwritev2, abi.ENOSYS, "its callers fall back to pwritev"},
	{sysno.EpollPwait2, abi.ENOSYS, "its callers fall back to epoll_pwait"},
	{sysno.CloseRange, abi.ENOSYS, "its callers fall back to close"},
	{sysno.Membarrier, abi.ENOSYS, "a probe with a fallback in every user"},
	{sysno.Rseq, abi.ENOSYS, "restartable sequences are optional"},
	{sysno.SetRobustList, abi.ENOSYS, "glibc goes on without"},
	{sysno.FutexWaitv, abi.ENOSYS, "its callers fall back to futex"},
	{sysno.Getcpu, abi.ENOSYS, "allocators fall back to one arena"},
	{sysno.Mseal, abi.ENOSYS, "C libraries go on without"},
	{sysno.MapShadowStack, abi.ENOSYS, "C libraries go on without"},
	{sysno.IoUringSetup, abi.ENOSYS, "storage engines fall back to plain calls; its operations pass no filter"},
	{sysno.Setitimer, abi.ENOSYS, "a CPU profile goes by the timers of the threads"},
	{sysno.LandlockCreateRuleset, abi.ENOSYS, "callers take it as a kernel without Landlock"},
}

// A Softening is the errno for a call, or for some arguments of it, in a scope where a
// refusal that ends the process would be met by what an operator, the standard library or
// a C library does on its own, not by what the program does.
type Softening struct {
	Nr    uint32
	Scope Scope
	When  string // conditions as in Need; empty: whatever the arguments
	Errno uint16
	Why   string
}

// Softenings yields the table.
func Softenings() func(yield func(Softening) bool) {
	return func(yield func(Softening) bool) {
		for _, s := range softenings {
			if !yield(s) {
				return
			}
		}
	}
}

var softenings = [...]Softening{
	// A neighbour with a link-local address makes package net look for the name of the
	// interface, on the goroutine that accepts: AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE.
	{sysno.Socket, Thread, "arg0:32 == 0x10 && arg1:32 == 0x80003 && arg2:32 == 0x0", abi.EACCES, "package net asks for the name of an interface when a peer's address has a zone, and goes on with its number"},
	// O_RDONLY, with O_CLOEXEC, with O_DIRECTORY too: package time, os.Open and os.ReadDir. By
	// number runtime/pprof cannot be told from an intruder, but either gets nothing.
	{sysno.Openat, Process, "arg2:32 in {0x0, 0x80000, 0x90000}", abi.EPERM, "runtime/pprof reads /proc/self/maps for every profile and goes on without; glibc counts processors, signals blocked, when a thread takes memory"},
	{sysno.Newfstatat, Process, "", abi.EPERM, "the resolver, crypto/x509 and package mime look whether files are there, and go on without"},
	{sysno.Readlinkat, Process, "", abi.EPERM, "as newfstatat: package time looks where the local zone is, filepath.EvalSymlinks"},
}
