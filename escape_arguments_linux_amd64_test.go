// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"unsafe" // calls take pointers

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// Ways around by arguments of calls that are permitted for others.

var escapesByArgument = []escape{
	{row: "06-socket-families", attempts: []attempt{
		{name: "AF_ALG", do: raw(unix.SYS_SOCKET, unix.AF_ALG, unix.SOCK_SEQPACKET), end: traps("socket")},
		{name: "AF_ALG as a stream", do: raw(unix.SYS_SOCKET, unix.AF_ALG, unix.SOCK_STREAM), end: traps("socket")},
		{name: "AF_VSOCK", do: raw(unix.SYS_SOCKET, unix.AF_VSOCK, unix.SOCK_STREAM), end: traps("socket")},
		{name: "AF_PACKET", do: raw(unix.SYS_SOCKET, unix.AF_PACKET, unix.SOCK_RAW, 0x300), end: traps("socket")},
		{name: "AF_PACKET by its old name", do: raw(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_PACKET, 0x300), end: traps("socket")},
		{name: "AF_UNIX", do: raw(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_STREAM), end: traps("socket")},
		{name: "AF_NETLINK", do: raw(unix.SYS_SOCKET, unix.AF_NETLINK, unix.SOCK_RAW), end: traps("socket")},
		{name: "AF_BLUETOOTH", do: raw(unix.SYS_SOCKET, unix.AF_BLUETOOTH, unix.SOCK_STREAM), end: traps("socket")},
		{name: "raw", do: raw(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP), end: traps("socket")},
		{name: "unknown flags in the type", do: raw(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM|1<<16), end: traps("socket")},
		{name: "AF_ALG with the upper half", do: raw(unix.SYS_SOCKET, garbage|unix.AF_ALG, unix.SOCK_SEQPACKET), end: traps("socket")},
		{name: "AF_INET in the upper half", do: raw(unix.SYS_SOCKET, unix.AF_INET<<32|unix.AF_ALG, unix.SOCK_STREAM<<32|unix.SOCK_SEQPACKET), end: traps("socket")},
		{name: "socketpair", do: raw(unix.SYS_SOCKETPAIR, unix.AF_UNIX, unix.SOCK_STREAM), end: traps("socketpair")},
		{name: "socketcall", do: int80(102), end: killsInt80},
		{name: "listen", do: after(tcpSocket, unix.SYS_LISTEN, 1), end: traps("listen")}, // connecting roles make sockets
		{name: "bind", do: after(tcpSocket, unix.SYS_BIND, buffer(), 16), end: traps("bind")},
	}},
	{row: "07-ptrace", attempts: []attempt{
		{name: "TRACEME", do: raw(unix.SYS_PTRACE, unix.PTRACE_TRACEME), end: traps("ptrace")},
		{name: "ATTACH to the parent", do: raw(unix.SYS_PTRACE, unix.PTRACE_ATTACH, parent), end: traps("ptrace")},
		{name: "SEIZE the parent", do: raw(unix.SYS_PTRACE, unix.PTRACE_SEIZE, parent), end: traps("ptrace")},
		{name: "for Yama", do: raw(unix.SYS_PRCTL, unix.PR_SET_PTRACER, ^uintptr(0)), end: traps("prctl")},
	}},
	{row: "08-suspend-seccomp", attempts: []attempt{
		{name: "SEIZE", do: raw(unix.SYS_PTRACE, unix.PTRACE_SEIZE, parent, 0, unix.PTRACE_O_SUSPEND_SECCOMP), end: traps("ptrace")},
		{name: "SETOPTIONS", do: raw(unix.SYS_PTRACE, unix.PTRACE_SETOPTIONS, parent, 0, unix.PTRACE_O_SUSPEND_SECCOMP), end: traps("ptrace")},
	}},
	{row: "09-tiocsti", attempts: []attempt{
		{name: "TIOCSTI", do: after(terminal, unix.SYS_IOCTL, unix.TIOCSTI, buffer()), end: traps("ioctl")},
		{name: "TIOCSTI with the upper half", do: after(terminal, unix.SYS_IOCTL, garbage|unix.TIOCSTI, buffer()), end: traps("ioctl")},
		{name: "TIOCLINUX", do: after(terminal, unix.SYS_IOCTL, unix.TIOCLINUX, buffer()), end: traps("ioctl")},
		// A policy that permits two requests of terminals compares 32 bits.
		{name: "TIOCSTI beside permitted requests", do: after(terminal, unix.SYS_IOCTL, unix.TIOCSTI, buffer()), end: traps("ioctl"), policy: "terminal"},
		{name: "TIOCSTI with the upper half beside them", do: after(terminal, unix.SYS_IOCTL, garbage|unix.TIOCSTI, buffer()), end: traps("ioctl"), policy: "terminal"},
		{name: "TIOCSTI with bit 32 beside them", do: after(terminal, unix.SYS_IOCTL, 1<<32|unix.TIOCSTI, buffer()), end: traps("ioctl"), policy: "terminal"},
		{name: "TCGETS in the upper half beside them", do: after(terminal, unix.SYS_IOCTL, unix.TCGETS<<32|unix.TIOCSTI, buffer()), end: traps("ioctl"), policy: "terminal"},
		{name: "TIOCLINUX with the upper half beside them", do: after(terminal, unix.SYS_IOCTL, garbage|unix.TIOCLINUX, buffer()), end: traps("ioctl"), policy: "terminal"},
		{name: "TCGETS with the upper half is TCGETS", do: after(pipe, unix.SYS_IOCTL, garbage|unix.TCGETS, buffer()), end: answers(unix.ENOTTY), policy: "terminal"},
	}},
	{row: "10-upper-half", attempts: []attempt{
		{name: "open for writing", do: raw(unix.SYS_OPENAT, cwd, buffer(), garbage|unix.O_RDWR), end: traps("openat"), policy: "tor-control"},
		{name: "open to create", do: raw(unix.SYS_OPENAT, cwd, buffer(), garbage|unix.O_CREAT), end: traps("openat"), policy: "tor-control"},
		{name: "open for reading", do: raw(unix.SYS_OPENAT, cwd, buffer(), garbage|unix.O_RDONLY), end: answers(unix.ENOENT), policy: "tor-control"}, // an empty name
		{name: "kill the parent", do: raw(unix.SYS_KILL, garbage|parent, 0), end: traps("kill")},
		{name: "own process in the upper half", do: raw(unix.SYS_KILL, self<<32|parent, 0), end: traps("kill")},
		{name: "kill itself", do: raw(unix.SYS_KILL, garbage|self, 0), end: executes(0)},
		{name: "F_SETOWN", do: after(pipe, unix.SYS_FCNTL, garbage|unix.F_SETOWN, parent), end: traps("fcntl")},
		{name: "PROT_EXEC", do: after(page, unix.SYS_MPROTECT, 4096, garbage|unix.PROT_EXEC), end: traps("mprotect")},
		{name: "PR_SET_DUMPABLE", do: raw(unix.SYS_PRCTL, garbage|unix.PR_SET_DUMPABLE, 1), end: traps("prctl")},
		{name: "SIGSYS", do: raw(unix.SYS_RT_SIGACTION, garbage|uintptr(unix.SIGSYS), buffer(), 0, 8), end: traps("rt_sigaction")},
		{name: "NEW_LISTENER", do: stack(garbage|abi.SetModeFilter, garbage|abi.FlagNewListener), end: traps("seccomp")},
		{name: "SET_MODE_FILTER", do: stack(garbage|abi.SetModeFilter, garbage), end: executes(0)},
	}},
	{row: "12-prctl-seccomp", attempts: []attempt{
		{name: "PR_SET_DUMPABLE", do: raw(unix.SYS_PRCTL, unix.PR_SET_DUMPABLE, 1), end: traps("prctl")},
		{name: "PR_SET_MM", do: raw(unix.SYS_PRCTL, unix.PR_SET_MM, unix.PR_SET_MM_BRK), end: traps("prctl")},
		{name: "PR_SET_SECCOMP", do: raw(unix.SYS_PRCTL, unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, buffer()), end: traps("prctl")},
		{name: "PR_SET_SECCOMP strict", do: raw(unix.SYS_PRCTL, unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_STRICT), end: traps("prctl")},
		{name: "PR_SET_SYSCALL_USER_DISPATCH", do: raw(unix.SYS_PRCTL, unix.PR_SET_SYSCALL_USER_DISPATCH, unix.PR_SYS_DISPATCH_ON), end: traps("prctl")},
		{name: "PR_SET_SPECULATION_CTRL", do: raw(unix.SYS_PRCTL, unix.PR_SET_SPECULATION_CTRL, 0, unix.PR_SPEC_ENABLE), end: traps("prctl")},
		{name: "PR_SET_SECUREBITS", do: raw(unix.SYS_PRCTL, unix.PR_SET_SECUREBITS), end: traps("prctl")},
		{name: "PR_CAP_AMBIENT", do: raw(unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE), end: traps("prctl")},
		{name: "PR_SET_PDEATHSIG", do: raw(unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, 9), end: traps("prctl")},
		{name: "PR_SET_VMA, not a name", do: raw(unix.SYS_PRCTL, unix.PR_SET_VMA, 1), end: traps("prctl")},
		{name: "no_new_privs off", do: raw(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 0), end: answers(unix.EINVAL)}, // the kernel's: it only goes on
		{name: "arch_prctl", do: raw(unix.SYS_ARCH_PRCTL, 0x1002, buffer()), end: traps("arch_prctl")},
		{name: "strict mode", do: raw(unix.SYS_SECCOMP, abi.SetModeStrict), end: traps("seccomp")},
		{name: "TSYNC", do: stack(abi.SetModeFilter, abi.FlagTSync), end: traps("seccomp")},
		{name: "LOG", do: stack(abi.SetModeFilter, abi.FlagLog), end: traps("seccomp")},
		{name: "SPEC_ALLOW", do: stack(abi.SetModeFilter, abi.FlagSpecAllow), end: traps("seccomp")},
		{name: "NEW_LISTENER", do: stack(abi.SetModeFilter, abi.FlagNewListener), end: traps("seccomp")},
		{name: "NEW_LISTENER for all threads", do: stack(abi.SetModeFilter, abi.FlagNewListener|abi.FlagTSync|abi.FlagTSyncESRCH), end: traps("seccomp")},
		{name: "WAIT_KILLABLE_RECV", do: stack(abi.SetModeFilter, abi.FlagNewListener|abi.FlagWaitKillableRecv), end: traps("seccomp")},
		{name: "a filter that permits all", do: loosen, end: traps("ptrace")},
		{name: "a filter where the policy is sealed", do: stack(abi.SetModeFilter, 0), end: traps("seccomp"), policy: "shutoff"},
	}},
	{row: "17-fcntl-owner", attempts: []attempt{
		{name: "F_SETOWN", do: after(pipe, unix.SYS_FCNTL, unix.F_SETOWN, parent), end: traps("fcntl")},
		{name: "F_SETSIG", do: after(pipe, unix.SYS_FCNTL, unix.F_SETSIG, 9), end: traps("fcntl")},
		{name: "F_SETOWN_EX", do: after(pipe, unix.SYS_FCNTL, unix.F_SETOWN_EX, buffer()), end: traps("fcntl")},
		{name: "F_NOTIFY", do: after(pipe, unix.SYS_FCNTL, unix.F_NOTIFY, 1), end: traps("fcntl")},
		{name: "F_SETLEASE", do: after(pipe, unix.SYS_FCNTL, unix.F_SETLEASE), end: traps("fcntl")},
		{name: "FIOSETOWN", do: after(pipe, unix.SYS_IOCTL, 0x8901, buffer()), end: traps("ioctl")},
		{name: "SIOCSPGRP", do: after(pipe, unix.SYS_IOCTL, 0x8902, buffer()), end: traps("ioctl")},
		{name: "FIOASYNC", do: after(pipe, unix.SYS_IOCTL, 0x5452, buffer()), end: traps("ioctl")},
		// On a terminal it makes its foreground process group the owner (drivers/tty/tty_io.c: __tty_fasync).
		{name: "O_ASYNC", do: after(pipe, unix.SYS_FCNTL, unix.F_SETFL, unix.O_ASYNC), end: traps("fcntl")},
	}},
	{row: "18-personality", attempts: []attempt{
		{name: "READ_IMPLIES_EXEC", do: raw(unix.SYS_PERSONALITY, 0x400000), end: traps("personality")},
		{name: "ADDR_NO_RANDOMIZE", do: raw(unix.SYS_PERSONALITY, 0x40000), end: traps("personality")},
		{name: "asking", do: raw(unix.SYS_PERSONALITY, 0xffffffff), end: traps("personality")},
	}},
	{row: "40-fast-open", why: "see row 11 for listening sockets; sendto connects a TCP socket that start-up has left unconnected; it is too frequent a call for conditions, so the policies without connect rest on there being none", attempts: []attempt{
		{name: "a socket left from start-up", do: sendFresh, end: executes(1), policy: "net"},
	}},
}

// sendFresh connects a socket that was made before, by sending: MSG_FASTOPEN, which falls
// back to an ordinary connection.
func sendFresh(narrow func()) (uintptr, unix.Errno) {
	_, target := listener()
	left := tcpSocket()
	narrow()
	return sys(unix.SYS_SENDTO, left, buffer(), 1, unix.MSG_FASTOPEN, uintptr(unsafe.Pointer(target)), unsafe.Sizeof(*target))
}

func tcpSocket() uintptr {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	must(err)
	return uintptr(fd)
}

// terminal is the user's side of a new terminal, or a pipe where none can be had.
func terminal() uintptr {
	master, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return pipe()
	}
	must(unix.IoctlSetPointerInt(master, unix.TIOCSPTLCK, 0))
	fd, err := unix.IoctlRetInt(master, unix.TIOCGPTPEER)
	if err != nil {
		return pipe()
	}
	return uintptr(fd)
}

func pipe() uintptr {
	var fds [2]int
	must(unix.Pipe2(fds[:], unix.O_CLOEXEC))
	return uintptr(fds[0])
}

// page is a page of memory to write.
func page() uintptr {
	memory, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	must(err)
	return uintptr(unsafe.Pointer(&memory[0]))
}

// stack puts a filter that permits all on top, by hand.
func stack(op, flags uintptr) func(func()) (uintptr, unix.Errno) {
	return func(narrow func()) (uintptr, unix.Errno) {
		narrow()
		return install(op, flags, unix.SockFilter{Code: unix.BPF_RET, K: abi.RetAllow})
	}
}

func install(op, flags uintptr, code ...unix.SockFilter) (uintptr, unix.Errno) {
	program := unix.SockFprog{Len: uint16(len(code)), Filter: unsafe.SliceData(code)}
	return sys(unix.SYS_SECCOMP, op, flags, uintptr(unsafe.Pointer(&program)))
}

// loosen stacks a filter that permits all, then makes a refused call.
func loosen(narrow func()) (uintptr, unix.Errno) {
	if r, errno := stack(abi.SetModeFilter, 0)(narrow); r != 0 || errno != 0 {
		return r, errno
	}
	return sys(unix.SYS_PTRACE)
}
