// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"os"
	"runtime"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A tracer, and what it may do to a call that a filter answers with Trace.

// Data by which the tracer knows what to do.
const (
	letGo     = 3
	skip      = 4
	renumber  = 5
	skipValue = 4242
)

// traced is the tracer. All of ptrace(2) is bound to its thread.
func traced() {
	runtime.LockOSThread()
	cmd := testproc.Command("kernel.tracee")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	err := cmd.Start()
	check(err == nil, "start: %v", err)
	var status unix.WaitStatus
	_, err = unix.Wait4(cmd.Process.Pid, &status, unix.WALL, nil)
	check(err == nil && status.StopSignal() == unix.SIGTRAP, "execve: %v, %v", status, err)
	// PTRACE_O_EXITKILL: no tracee stays behind if this process ends early.
	err = unix.PtraceSetOptions(cmd.Process.Pid, unix.PTRACE_O_TRACESECCOMP|unix.PTRACE_O_TRACECLONE|unix.PTRACE_O_EXITKILL)
	check(err == nil, "PTRACE_SETOPTIONS: %v", err)
	resume(cmd.Process.Pid, 0)
	var seen []uint
	for {
		tid, err := unix.Wait4(-1, &status, unix.WALL, nil)
		if err == unix.EINTR {
			continue
		}
		check(err == nil, "wait4: %v", err)
		switch {
		case tid == cmd.Process.Pid && (status.Exited() || status.Signaled()):
			check(status.ExitStatus() == 0, "the tracee ended by %v", status)
			check(slices.Equal(seen, []uint{letGo, skip, renumber}), "the tracer was asked for %v", seen)
			return
		case !status.Stopped():
		case status.TrapCause() == unix.PTRACE_EVENT_SECCOMP:
			seen = append(seen, decide(tid))
			resume(tid, 0)
		case status.StopSignal() == unix.SIGTRAP, status.StopSignal() == unix.SIGSTOP: // a new thread
			resume(tid, 0)
		default:
			resume(tid, int(status.StopSignal()))
		}
	}
}

// resume lets a thread go on, which may have ended meanwhile.
func resume(tid, signal int) {
	err := unix.PtraceCont(tid, signal)
	check(err == nil || err == unix.ESRCH, "PTRACE_CONT: %v", err)
}

// decide does to a stopped call what its filter's data say.
func decide(tid int) uint {
	data, err := unix.PtraceGetEventMsg(tid)
	check(err == nil, "PTRACE_GETEVENTMSG: %v", err)
	var regs unix.PtraceRegs
	err = unix.PtraceGetRegs(tid, &regs)
	check(err == nil, "PTRACE_GETREGS: %v", err)
	switch data {
	case skip:
		regs.Orig_rax, regs.Rax = ^uint64(0), skipValue
	case renumber:
		check(regs.Orig_rax == unix.SYS_GETPPID, "call %d", regs.Orig_rax)
		regs.Orig_rax = unix.SYS_GETGROUPS
	}
	err = unix.PtraceSetRegs(tid, &regs)
	check(err == nil, "PTRACE_SETREGS: %v", err)
	return data
}

// tracee makes a call for each thing that its tracer may do.
func tracee() {
	onThread(func() {
		noNewPrivs()
		parent := os.Getppid()
		want, _ := ask()
		p, err := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Allow, Rules: []seccomp.Rule{
			{Call: "getpgrp", Action: seccomp.Trace(letGo)},
			{Call: "getuid", Action: seccomp.Trace(skip)},
			{Call: "getppid", Action: seccomp.Trace(renumber)},
			{Call: "getgroups", Action: seccomp.Errno(uint16(marker))},
		}}.Compile()
		check(err == nil, "Compile: %v", err)
		err = seccomp.SetFilter(p, 0)
		check(err == nil, "SetFilter: %v", err)
		r, errno := ask()
		check(r == want && errno == 0, "let go: %d, %v, want %d", r, errno, want)
		r, errno = rawCall(unix.SYS_GETUID)
		check(r == skipValue && errno == 0, "skipped: %d, %v", r, errno)
		r, errno = rawCall(unix.SYS_GETPPID)
		check(errno == marker, "made to getgroups, which is refused: %d, %v (parent %d)", r, errno, parent)
	})
}
