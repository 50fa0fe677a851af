// SPDX-License-Identifier: MIT

// Package seccomp is the mechanism under package sandbox, usable alone: all of
// seccomp(2) for Go. It compiles a decision about system calls into a program, says what
// the program answers, puts it on a thread or on the whole process, and answers calls in
// the place of the kernel.
//
// # Purpose
//
// A [Filter] says which [Action] the kernel takes for each system call of
// linux/amd64. [Filter.Decide] evaluates it in plain Go; [Filter.Compile] makes
// of it the [Program] that [SetFilter] installs with seccomp(2). Filters and programs work
// on every operating system and ask the kernel nothing; the same filter gives
// the same bytes everywhere.
//
//	f := seccomp.Filter{
//		Default: seccomp.Allow,
//		Unknown: seccomp.Errno(38), // ENOSYS, on which callers fall back
//		Rules:   seccomp.Group(seccomp.Errno(1), "ptrace", "process_vm_writev"),
//	}
//	p, err := f.Compile()
//	// handle err
//	runtime.LockOSThread() // no_new_privs is of a thread too
//	err = errors.Join(seccomp.SetNoNewPrivs(), seccomp.SetFilter(p, seccomp.TSync))
//
// A filter that refuses by default must allow what the Go runtime itself calls:
// [GoRuntime].
//
// # Rules and conditions
//
// A rule may have conditions on the arguments of its call, all of which must hold:
//
//	{Call: "socket", When: []seccomp.Cond{seccomp.Arg32(0).Is(2, 10)}, Action: seccomp.Allow}
//
// The rules of one call are tried in their order and the first that matches answers;
// where none does, Default. An [Arg] says how much of an argument counts: [Arg32]
// where the kernel reads an int and ignores the upper half of the register, [Arg64]
// for the rest. What an argument points to is out of a filter's sight. [UnsafeIP] compares
// where the call is made, which tells a program's own calls from those of the programs
// that it executes, and is no protection.
// [Program.Explain] says which rule answers a call, and whether the kernel's action
// cache will: calls that are allowed whatever their arguments cost next to nothing
// from Linux 5.11 on. [Uncovered] says whether one filter narrows another.
//
// # What always kills
//
// The zero [Action] kills the process. So do, whatever the filter says, every
// call of a foreign architecture (int 0x80 from a 64-bit program) and every number
// of the x32 ABI (0x40000000 and above), because the numbers mean other calls there.
//
// What no filter can refuse: since Linux 6.14 the kernel does not ask filters about
// uretprobe, and since 6.18 about uprobe. It puts these calls into traced
// programs itself; from anywhere else they raise SIGILL or fail.
//
// # Threads
//
// A filter belongs to a thread and is inherited by the threads it starts and the
// programs it executes. It can never be removed, only followed by further
// filters, of which the strictest answer counts. In Go a goroutine wanders over
// threads, and the runtime starts new threads from any of them: filter either
// the whole process ([TSync]) or a goroutine that is locked to its thread for
// good. See [SetFilter].
//
// The kernel asks for no_new_privs ([SetNoNewPrivs]) or CAP_SYS_ADMIN, so that
// nobody can confuse a set-user-ID program by refusing it calls.
//
// # Flags
//
//   - [TSync]: every thread at once or none. A thread with a filter of its own is in the
//     way: [*ThreadSyncError] names it, unless [TSyncESRCH] is given.
//   - [LogAll]: the kernel logs every answer but Allow.
//   - [UnsafeSpecAllow]: no mitigation of speculative store bypass.
//   - [WaitKillableRecv]: with a listener, signals do not interrupt a call that has
//     been received.
//
// # Notifications
//
// A call that a filter answers with [UserNotif] waits for a listener:
// [SetFilterWithListener] returns it, and [Listener.Serve] answers by a handler. The
// handler may let the call fail or return what it likes, hand the caller a file in
// its place, or let the kernel execute it after all, which is no way to permit anything
// that depends on memory. So a supervisor can open files for a worker that may open none.
// It is best another process ([Listener.Send]): within one process only some
// calls can be answered at all ([Filter.CompileInProcess]). The document of
// [Listener] says what can go wrong; a filter that notifies and has no listener lets its
// calls fail with ENOSYS.
//
// # Strict mode
//
// [SetStrict] leaves a thread read, write, exit and rt_sigreturn, and ends it by SIGKILL
// for anything else. A Go process does not survive that: it hangs. Use a filter.
//
// # Errors
//
// What the kernel answers is an [*InstallError] with the errno, a sentinel for
// [errors.Is] and what to do about it, or a [*ThreadSyncError]; mistakes in a filter are
// [*RuleError], all at once; what cannot be done for a notified call is a [*RequestError].
// A failed call changes nothing.
//
// # Kernels
//
// Linux 4.14 or later on amd64. What is newer returns an error wrapping
// [errors.ErrUnsupported] on a kernel that lacks it, and so does all that touches the
// kernel on other systems; nothing ever pretends to have succeeded. The one exception are
// actions: a kernel installs a program whatever it answers, and takes an action that it does
// not know for KillProcess. Ask [ActionAvailable] first.
//
//	4.14  all that is not named below
//	4.17  UnsafeSpecAllow
//	5.0   UserNotif, SetFilterWithListener, NotificationSizes
//	5.5   Request.UnsafeContinue
//	5.7   TSyncESRCH, and so TSync together with a listener
//	5.9   Request.AddFile; /proc/PID/status has the number of filters
//	5.11  calls that are always allowed are answered from the action cache
//	5.14  Request.ReturnFile
//	5.19  WaitKillableRecv
//	6.6   Listener.SetSyncWakeUp
//
// The tests of this package have a table of what the kernel does (TestKernelBehaviour),
// each row shown by a test.
package seccomp
