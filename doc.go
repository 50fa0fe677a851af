// SPDX-License-Identifier: MIT

// Package sandbox lets a Go program on linux/amd64 give up system calls phase by
// phase, by seccomp(2): first the whole process, then single threads. It is for
// nodes and other long-lived servers that read hostile input for months.
//
// # First call
//
// Set up early in main, narrow the process when start-up is done, then give roles
// a thread and a policy of their own:
//
//	err := sandbox.SetupSyscallSandbox(sandbox.Config{Action: sandbox.ActionInvokeSignalHandler})
//	// ... open files, listen, load ...
//	err = sandbox.SetProcessPolicy(steady) // what all goroutines may still do
//	err = sandbox.Go(sandbox.PolicyValidationScriptCheck, "scriptch.0", checkScripts)
//
// A policy says what the program's own code may call. What the Go runtime needs
// (futex, mmap, preemption by signal, ...) is added by the library, per [Scope].
// Own policies come from a [SeccompPolicyBuilder], with conditions on arguments
// where a number alone says too little:
//
//	var steady = sandbox.NewPolicy("steady", sandbox.NewSeccompPolicyBuilder().AllowNothing().
//		AllowPolicy(sandbox.PolicyScheduler, sandbox.PolicyTxIndex).
//		AllowIf("socket", seccomp.Arg32(0).Is(unix.AF_INET, unix.AF_INET6)))
//
// # Threat model
//
// The process policy is the boundary: it holds for every goroutine, every package
// and every thread, those to come included. An attacker who runs code in the
// process is left with the calls that it permits.
//
// A thread policy is no boundary against code execution. Threads share memory: who
// can write to it can have another thread make the call. A goroutine that the
// function starts, or that any package starts for it (net/http, context, the
// resolver, time.AfterFunc, finalizers), runs on another thread under the process
// policy. What a thread policy does stop is the function itself being talked into
// a call, by a bug that does not yet run code, and it shows at once when a role
// does what it should not. So put everything that matters into the process policy,
// and thread policies on top.
//
// # What a refused call gets
//
// The action of [Config], which is the same for all policies: see
// [SyscallSandboxAction]. Some refused calls are answered by an errno instead,
// under every action, because killing would be a surprise and an errno is none:
//
//   - process creation (clone, fork, vfork, execve, execveat, and the pipe2 by which
//     os/exec begins): EPERM, so that os/exec reports "operation not permitted".
//     Trapped or killed, the child of vfork would die unseen while Start reports
//     success. A policy that does not allow execve permits clone for threads only.
//   - probes with a fallback (clone3, openat2, copy_file_range, ...) and numbers
//     unknown to this library: ENOSYS. A newer kernel or C library is no reason to
//     end a node.
//   - looking at files (openat with exactly O_RDONLY|O_CLOEXEC, or O_DIRECTORY too;
//     newfstatat, readlinkat), where a policy of the process does not permit it: EPERM.
//     Profiles read /proc/self/maps, glibc counts the processors, crypto/x509 looks for
//     certificates, the resolver for its files. A thread's own policy refuses it like any
//     other call.
//   - the socket over which package net asks for names of interfaces (AF_NETLINK,
//     SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE): EACCES. It does so on the goroutine that
//     accepts, for every peer with a link-local address.
//   - what [SeccompPolicyBuilder.DenyErrno] names.
//
// Calls by another architecture's table (int 0x80) and of the x32 ABI always kill.
// SECCOMP_RET_KILL_THREAD is never used: a Go process hangs when one of its
// threads disappears.
//
// # Violations
//
// Under every action but [ActionKillProcess] a refused call is a [Violation]: the call
// with its arguments decoded, thread, policies, Go call stack, and what would permit it.
// The SIGSYS handler that notes it is assembly, for nothing of Go may run in signal
// context; it counts distinct violations in a table of fixed size, so a million of one
// kind are one entry and one report. A goroutine puts them into words: see
// [Config], [Violations], [ParseAuditLine] for what "abort" leaves to the kernel, and
// [ExplainError] for refusals that are errnos under every action.
//
// The way to a policy that fits: run with [UnsafeActionLearn] and make lists of
// [Learned] (package learn), watch them in production with [UnsafeActionAllow], refuse
// with [ActionDeny], and in the end [ActionInvokeSignalHandler] or [ActionKillProcess].
//
// Under the three actions after which the program goes on no thread blocks SIGSYS: the
// handler leaves it out of every mask that the runtime, the C library or the program
// asks for, since a trap while it is blocked would kill without a word.
//
// # Limits
//
// Policies can only be narrowed. There is no way to adjust them dynamically other
// than to a narrower one: filters stay for the life of their threads. A policy that
// allows more than what is in force is refused with a [*TransitionError].
//
// PolicyInitialization, and a new builder, have Bitcoin Core's wide lists, which leave
// ioctl, prctl, mmap and mprotect open; the other built-in policies look at arguments
// where the number says too little. What an argument points to can never be looked at,
// paths above all. /proc/self/mem, where files may be opened for writing, writes through
// read-only mappings. Calls that the vDSO answers are not seen. sendto and sendmsg, which
// are too frequent for conditions, connect a TCP socket that start-up has left unconnected
// (MSG_FASTOPEN): close it, or take AllowSocketIo out.
//
// Under [ActionInvokeSignalHandler] a violation while signals are blocked (a thread being
// born or exiting) ends the process without a report, and one in a child of fork that
// has not executed a program yet ends the child. A filter is inherited over execve, but
// the handler that reports is not: an executed program that violates dies by SIGSYS, or
// gets the errno under [ActionDeny]. How it learns that a call comes from an executed
// program is the address of the code, so one that is not position independent, executed
// by one that is not either, may die there too.
//
// Programs built with cgo work; note that with a C compiler at hand importing net
// makes a cgo program. Build with CGO_ENABLED=0 where you can: what libc calls is
// then no concern.
//
// # Threads
//
// [SetupSyscallSandbox] and [SetProcessPolicy] concern every thread (TSYNC) and
// leave the caller unlocked. [SetSyscallSandboxPolicy] and [Go] lock a goroutine to
// its thread for good, before the filter; when the goroutine ends so does the
// thread. [SetProcessPolicy] must come before the first thread policy.
// UnlockOSThread does not undo the lock. A channel operation between a locked
// goroutine and another costs about a thread switch: pass work in batches.
//
// Every function may be called by any number of goroutines at once. Those that put
// filters on, and [Threads], take turns: a policy is in force when its call returns, or
// the call is an error and has changed nothing. A narrowing among them waits about a second
// for threads that are ending, and while others have policies of their own it is a
// [*DivergedError]: try again when they are gone.
//
// Files and connections that are forgotten are closed by a finalizer, under the process
// policy: it should permit close and epoll_ctl. docs/standard-library.md has what of the
// standard library works under which policy, and what to warm up before narrowing.
//
// # Kernels
//
// Linux 4.14 or later on amd64 (SECCOMP_RET_KILL_PROCESS); [Supported] says. From
// 5.9 on [Threads] knows the number of filters, from 5.11 on a call permitted by
// its number costs next to nothing. Go 1.26 and 1.27 are supported. Elsewhere the
// package builds, and everything but [UnsafeActionOff] is an error that wraps
// [errors.ErrUnsupported].
package sandbox
