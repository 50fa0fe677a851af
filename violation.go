// SPDX-License-Identifier: MIT

package sandbox

import (
	"time"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A Violation is one call that the policies in force refused, or would refuse: where
// it came from, what was done, and what to change so that it is permitted. What is
// not known is the field's zero value.
//
// Violations that agree in everything but time and registers that do not matter are
// one, with a count. One that was read from the kernel's audit log ([ParseAuditLine])
// has neither arguments nor policies, thread id or stack.
type Violation struct {
	Time    time.Time    // when it was first seen
	Syscall string       // the call's name; "syscall 999" for one that the table does not know
	Call    seccomp.Call // number, architecture, instruction pointer and all six registers
	// Decoded is the call as people read it, with the arguments that it has:
	// "socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE)". Without arguments,
	// as in the audit log, it is "socket(...)".
	Decoded  string
	Policies []string             // in force on the thread, outermost first
	Thread   string               // its name: as given to Go, else the kernel's name of it
	TID      int                  // the kernel's id of the thread
	Action   SyscallSandboxAction // what was done, unless there is an Errno
	Errno    uint16               // what the call was answered with, Linux's number; 0: it was not
	Count    uint64               // how often it happened, the times that left no stack included
	Stack    []Frame              // innermost first; empty when it is not known, as on threads of C
	Remedy   string               // what to change so that the call is permitted
	Note     string               // what else there is to know: "in a child process before execve"
}

// A Frame is one function of a Go call stack.
type Frame struct {
	Func, File string
	Line       int
	PC         uint64
}
