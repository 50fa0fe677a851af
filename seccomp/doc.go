// SPDX-License-Identifier: MIT

// Package seccomp is the mechanism under package sandbox, usable alone: it
// compiles a decision about system calls into a program, says what the program
// answers, and puts it on a thread or on the whole process.
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
//		Rules:   []seccomp.Rule{{Call: "ptrace", Action: seccomp.Errno(1)}},
//	}
//	p, err := f.Compile()
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
// # Kernels
//
// Linux 4.14 or later on amd64. On other systems what touches the kernel
// returns an error wrapping [errors.ErrUnsupported], never success.
package seccomp
