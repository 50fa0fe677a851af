// SPDX-License-Identifier: MIT

package sandbox

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A Violation is one call that the policies in force refused, or would refuse: where
// it came from, what was done, and what to change so that it is permitted. What is
// not known is the field's zero value.
//
// One that was read from the kernel's audit log ([ParseAuditLine]) has neither
// arguments nor policies, thread id or stack.
type Violation struct {
	Time    time.Time    // when it was first seen
	Syscall string       // the call's name; "syscall 999" for one that the table does not know
	Call    seccomp.Call // number, architecture, instruction pointer and all six registers
	// Decoded is the call as people read it, with the arguments that it has:
	// "socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE)". Where they are not
	// known it is "socket(...)".
	Decoded  string
	Policies []string             // in force on the thread, outermost first
	Thread   string               // its name: as given to Go, else the kernel's name of it
	TID      int                  // the kernel's id of the thread
	Action   SyscallSandboxAction // what was done, unless there is an Errno
	Errno    uint16               // what the call was answered with, Linux's number; 0: with none
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

// String returns "main.work /src/main.go:17", with the program counter where the
// function is not known. Control characters are escaped.
func (f Frame) String() string { return escape(f.text()) }

func (f Frame) text() string {
	if f.File == "" {
		return f.function()
	}
	return f.function() + " " + f.place()
}

func (f Frame) function() string {
	if f.Func == "" {
		return fmt.Sprintf("pc %#x", f.PC)
	}
	return f.Func
}

func (f Frame) place() string { return f.File + ":" + strconv.Itoa(f.Line) }

// String returns the violation as a text of several lines, without a newline at the
// end. The first is the line that [ActionInvokeSignalHandler] writes; what is not
// known has no line. Characters that do not print are escaped, so that the name of a
// thread or file cannot forge lines of a log.
func (v Violation) String() string {
	return v.headline() + v.details()
}

// details are the lines after the first, each begun by a newline.
func (v Violation) details() string {
	var b strings.Builder
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, "\n  %-9s %s", name+":", escape(text))
		}
	}
	line("call", v.Decoded)
	line("answer", v.answer())
	if v.Count > 0 {
		line("count", strconv.FormatUint(v.Count, 10))
	}
	line("where", v.where())
	line("policies", strings.Join(v.Policies, " > "))
	if len(v.Stack) > 0 {
		b.WriteString("\n  stack:")
	}
	for _, f := range v.Stack {
		b.WriteString("\n    " + escape(f.function()))
		if f.File != "" {
			b.WriteString("\n        " + escape(f.place()))
		}
	}
	line("note", v.Note)
	if v.Remedy != "" {
		b.WriteString("\n" + remedyLine(v.Remedy))
	}
	return b.String()
}

func remedyLine(remedy string) string { return fmt.Sprintf("  %-9s %s", "remedy:", escape(remedy)) }

// headline is what signal_linux_amd64.s writes; users search logs for it.
func (v Violation) headline() string {
	policy := "unknown"
	if n := len(v.Policies); n > 0 {
		policy = strconv.Quote(v.Policies[n-1])
	}
	return fmt.Sprintf("ERROR: The syscall %q (syscall number %d) is not allowed by the syscall sandbox in thread %q (policy %s).",
		v.Syscall, int32(v.Call.Nr), v.Thread, policy)
}

// answer says what came of the call. An errno goes before the action: some calls are
// answered by one under every action.
func (v Violation) answer() string {
	if v.Errno != 0 {
		return errnoName(v.Errno) + ", the program goes on"
	}
	switch v.Action {
	case ActionKillProcess:
		return "killed by the kernel"
	case ActionInvokeSignalHandler:
		return "the process ends"
	case ActionDeny:
		return "an errno, the program goes on"
	case UnsafeActionAllow, UnsafeActionLearn:
		return "executed all the same"
	}
	return ""
}

func errnoName(n uint16) string {
	if name, ok := sysno.Errno(n); ok {
		return name
	}
	return "errno " + strconv.Itoa(int(n))
}

func (v Violation) where() string {
	var parts []string
	if v.TID != 0 {
		parts = append(parts, "thread id "+strconv.Itoa(v.TID))
	}
	parts = append(parts, archName(v.Call.Arch))
	if v.Call.IP != 0 {
		parts = append(parts, fmt.Sprintf("pc %#x", v.Call.IP))
	}
	if !v.Time.IsZero() {
		parts = append(parts, timeText(v.Time))
	}
	return strings.Join(parts, ", ")
}

// timeText is RFC 3339 with all nine digits, so that columns of a log line up.
func timeText(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000000Z07:00") }

func archName(arch uint32) string {
	switch arch {
	case abi.AuditArchX86_64:
		return "x86_64"
	case abi.AuditArchI386:
		return "i386"
	}
	return fmt.Sprintf("arch %#x", arch)
}

// escape writes what does not print as Go does in strings; quotes stay as they are.
func escape(s string) string {
	quoted := strconv.Quote(s)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}
