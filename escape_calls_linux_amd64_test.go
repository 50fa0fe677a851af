// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"strings"
	"syscall"
	"testing"
	"unsafe" // calls take pointers

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/judge"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

// Ways around by another number: of another table, or of a call that does the same.

var escapesByCall = []escape{
	{row: "01-x32", attempts: []attempt{
		{name: "getpid", do: raw(abi.X32Bit | unix.SYS_GETPID), end: kills},
		{name: "openat", do: raw(abi.X32Bit|unix.SYS_OPENAT, cwd, buffer()), end: kills},
		{name: "execve", do: raw(abi.X32Bit | 520), end: kills},
		{name: "ptrace", do: raw(abi.X32Bit | 521), end: kills},
		// Kernels before 5.4 took 512 to 547 without the bit for x32.
		{name: "execve without the bit", do: raw(520), end: answers(unix.ENOSYS)},
		{name: "ptrace without the bit", do: raw(521), end: answers(unix.ENOSYS)},
		{name: "negative", do: raw(^uintptr(0)), end: kills},
		{name: "upper half of the number", do: raw(garbage | unix.SYS_PTRACE), end: traps("ptrace")},
		{name: "upper half of execve", do: raw(garbage | unix.SYS_EXECVE), end: answers(unix.EPERM)},
	}},
	{row: "02-int-0x80", why: "without CONFIG_IA32_EMULATION the instruction itself ends the process by SIGSEGV", attempts: []attempt{
		{name: "getpid", do: int80(20), end: killsInt80},
		{name: "execve", do: int80(11), end: killsInt80},
		{name: "number of a permitted call", do: int80(unix.SYS_GETTID), end: killsInt80}, // readlink is 85, 186 sigaltstack there
	}},
	{row: "03-io-uring", attempts: []attempt{
		{name: "setup", do: raw(unix.SYS_IO_URING_SETUP, 1, buffer()), end: answers(unix.ENOSYS)},
		{name: "enter a ring from before", do: after(ring, unix.SYS_IO_URING_ENTER, 1, 0, 0), end: traps("io_uring_enter")},
		{name: "register", do: after(ring, unix.SYS_IO_URING_REGISTER, 4), end: traps("io_uring_register")},
	}},
	{row: "04-clone3", attempts: []attempt{
		{name: "clone3", do: clone3, end: answers(unix.ENOSYS)},
		{name: "clone as fork", do: raw(unix.SYS_CLONE, uintptr(unix.SIGCHLD)), end: answers(unix.EPERM)},
		{name: "clone as vfork", do: raw(unix.SYS_CLONE, unix.CLONE_VM|unix.CLONE_VFORK|uintptr(unix.SIGCHLD)), end: answers(unix.EPERM)},
		{name: "thread in a user namespace", do: raw(unix.SYS_CLONE, 0xd0f00|unix.CLONE_NEWUSER), end: answers(unix.EPERM)},
		{name: "thread with a tracer", do: raw(unix.SYS_CLONE, 0xd0f00|unix.CLONE_PTRACE), end: answers(unix.EPERM)},
		{name: "upper half of the flags", do: raw(unix.SYS_CLONE, garbage|0xd0f00), end: answers(unix.EPERM)},
		{name: "fork", do: raw(unix.SYS_FORK), end: answers(unix.EPERM)},
		{name: "vfork", do: raw(unix.SYS_VFORK), end: answers(unix.EPERM)},
		{name: "unshare", do: raw(unix.SYS_UNSHARE, unix.CLONE_NEWUSER), end: traps("unshare")},
		{name: "setns", do: raw(unix.SYS_SETNS), end: traps("setns")},
	}},
	{row: "05-openat2", attempts: []attempt{
		{name: "openat2", do: openat2, end: answers(unix.ENOSYS)},
		{name: "openat2 where no file may be opened", do: openat2, end: answers(unix.ENOSYS), policy: "net"},
		{name: "open", do: openOld, end: traps("open")},
		{name: "creat", do: raw(unix.SYS_CREAT), end: traps("creat")},
		{name: "open_by_handle_at", do: raw(unix.SYS_OPEN_BY_HANDLE_AT), end: traps("open_by_handle_at")},
	}},
	{row: "11-duplicates", why: "the new mount API among others: all calls of a family, and numbers that nobody knew", attempts: append(
		refusedCalls("fsopen", "fsconfig", "fsmount", "fspick", "open_tree", "open_tree_attr", "move_mount", "mount_setattr", "mount", "umount2", "pivot_root", "chroot",
			"name_to_handle_at", "symlink", "link", "mknod", "mknodat", "setxattr", "setxattrat", "file_setattr", "sendmmsg", "recvmmsg", "accept", "dup3", "tee", "vmsplice",
			"process_mrelease", "memfd_secret", "futex_wait", "io_setup", "bpf", "perf_event_open", "keyctl", "add_key", "kexec_load", "init_module", "finit_module", "modify_ldt",
			"iopl", "ioperm", "setuid", "setresuid", "capset", "fanotify_init", "inotify_init1", "mq_open", "mq_notify", "quotactl_fd", "swapon", "reboot", "syslog", "acct"),
		attempt{name: "fchmodat2", do: raw(unix.SYS_FCHMODAT2), end: answers(unix.ENOSYS)},
		attempt{name: "statx", do: raw(unix.SYS_STATX), end: answers(unix.ENOSYS)},
		attempt{name: "pwritev2", do: raw(unix.SYS_PWRITEV2), end: answers(unix.ENOSYS)},
		attempt{name: "a number that nobody knew", do: raw(600), end: answers(unix.ENOSYS)},
		attempt{name: "connect by sendto", do: fastOpen, end: refusedAnyway, policy: "net"},
		attempt{name: "connect by sendto, HTTP server", do: fastOpen, end: refusedAnyway, policy: "net-http-server"},
	)},
}

func int80(nr uint32) func(func()) (uintptr, unix.Errno) {
	return func(narrow func()) (uintptr, unix.Errno) {
		narrow()
		return kernelResult(uintptr(judge.Int80(nr)))
	}
}

// kernelResult takes what the kernel leaves in RAX apart.
func kernelResult(rax uintptr) (uintptr, unix.Errno) {
	if rax > ^uintptr(abi.MaxErrno) {
		return 0, unix.Errno(-rax)
	}
	return rax, 0
}

// ring makes an io_uring, or nothing that is one where the kernel makes none.
func ring() uintptr {
	fd, errno := sys(unix.SYS_IO_URING_SETUP, 1, buffer())
	if errno != 0 {
		return garbage
	}
	return fd
}

// clone3 asks for a process: struct clone_args of 64 bytes, exit_signal at 32.
func clone3(narrow func()) (uintptr, unix.Errno) {
	narrow()
	var args [8]uint64
	args[4] = uint64(unix.SIGCHLD)
	return sys(unix.SYS_CLONE3, uintptr(unsafe.Pointer(&args)), unsafe.Sizeof(args))
}

func openat2(narrow func()) (uintptr, unix.Errno) {
	narrow()
	how := unix.OpenHow{Flags: unix.O_RDWR}
	name := [...]byte{'/', 'd', 'e', 'v', '/', 'n', 'u', 'l', 'l', 0}
	return sys(unix.SYS_OPENAT2, cwd, uintptr(unsafe.Pointer(&name)), uintptr(unsafe.Pointer(&how)), unsafe.Sizeof(how))
}

func openOld(narrow func()) (uintptr, unix.Errno) {
	narrow()
	name := [...]byte{'/', 0}
	return sys(unix.SYS_OPEN, uintptr(unsafe.Pointer(&name)), unix.O_RDONLY)
}

// refusedCalls are attempts by name alone. Arguments are 0: a refusal does not look at them.
func refusedCalls(names ...string) (attempts []attempt) {
	for _, name := range names {
		nr, ok := sysno.Number(name)
		if !ok {
			panic("no call " + name)
		}
		attempts = append(attempts, attempt{name: name, do: raw(uintptr(nr)), end: traps(name)})
	}
	return attempts
}

// fastOpen makes of a listening socket one that connects: shutdown(2) of a listener
// ends in TCP_CLOSE (net/ipv4/af_inet.c: inet_shutdown), from where sendto(2) with
// MSG_FASTOPEN connects without connect(2) (net/ipv4/tcp.c: tcp_sendmsg_fastopen).
func fastOpen(narrow func()) (uintptr, unix.Errno) {
	_, target := listener()
	own, _ := listener()
	narrow()
	if _, errno := sys(unix.SYS_SHUTDOWN, own, unix.SHUT_RD); errno != 0 {
		return 0, errno
	}
	return sys(unix.SYS_SENDTO, own, buffer(), 1, unix.MSG_FASTOPEN, uintptr(unsafe.Pointer(target)), unsafe.Sizeof(*target))
}

func listener() (uintptr, *unix.RawSockaddrInet4) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	must(err)
	must(unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	must(unix.Listen(fd, 1))
	address, err := unix.Getsockname(fd)
	must(err)
	port := uint16(address.(*unix.SockaddrInet4).Port)
	return uintptr(fd), &unix.RawSockaddrInet4{Family: unix.AF_INET, Port: port<<8 | port>>8, Addr: [4]byte{127, 0, 0, 1}}
}

// refusedAnyway expects a violation, of whichever call, or an errno: not that it works.
func refusedAnyway(t *testing.T, action string, r *testproc.Result) {
	t.Helper()
	switch {
	case action == "abort" && r.Signal == syscall.SIGSYS:
		r.ExpectSignal(t, syscall.SIGSYS)
	case r.Exit == 2 && strings.Contains(r.Stderr, "ERROR: The syscall "):
		r.ExpectExit(t, 2)
	default:
		if r.ExpectExit(t, 0); !strings.HasPrefix(r.Stdout, "errno ") {
			t.Errorf("the way is open: %s", r.Stdout)
		}
	}
}

// killsInt80 is kills, where the kernel has calls of 32 bits.
func killsInt80(t *testing.T, action string, r *testproc.Result) {
	t.Helper()
	if r.Signal == syscall.SIGSYS {
		kills(t, action, r)
		return
	}
	crashes("SIGSEGV")(t, action, r)
}
