// SPDX-License-Identifier: MIT

package sysargs

import (
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

const (
	minus1 = ^uint64(0)
	cwd    = ^uint64(99) // AT_FDCWD as Go passes it
	buf    = 0xc000012345
)

var formats = []struct {
	want string
	nr   uint32
	args [6]uint64
}{
	{"openat(AT_FDCWD, 0xc000012345, O_RDWR|O_CREAT|O_CLOEXEC, 0644)", sysno.Openat, [6]uint64{cwd, buf, 0x80042, 0644}},
	{"openat(AT_FDCWD, 0xc000012345, O_RDONLY, 0)", sysno.Openat, [6]uint64{0xffffff9c, buf}},
	{"openat(7, 0xc000012345, O_WRONLY|O_SYNC|O_TRUNC|O_LARGEFILE, 0600)", sysno.Openat, [6]uint64{7, buf, 0x109201, 0600}},
	{"open(0xc000012345, O_APPEND|0x3, 0)", sysno.Open, [6]uint64{buf, 0x403}},
	{"openat(AT_FDCWD, 0xc000012345, O_RDWR|O_TMPFILE|0x1000000, 0)", sysno.Openat, [6]uint64{cwd, buf, 0x1410002}},
	{"clone(CLONE_VM|CLONE_PIDFD|CLONE_VFORK|SIGCHLD, 0x0, 0x0, 0x0, 0x0)", sysno.Clone, [6]uint64{0x5111}},
	{"clone(CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM, 0xc000012345, 0x0, 0x0, 0x0)", sysno.Clone, [6]uint64{0x50f00, buf}},
	{"clone(0, 0x0, 0x0, 0x0, 0x0)", sysno.Clone, [6]uint64{}},
	{"unshare(CLONE_NEWTIME|CLONE_NEWNS)", sysno.Unshare, [6]uint64{0x20080}},
	{"socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE)", sysno.Socket, [6]uint64{16, 0x80003, 0}},
	{"socket(AF_INET6, SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK, IPPROTO_MPTCP)", sysno.Socket, [6]uint64{10, 0x80801, 262}},
	{"socket(AF_UNIX, SOCK_DGRAM, 0)", sysno.Socket, [6]uint64{1, 2}},
	{"socket(0x63, 0xf, 0x5)", sysno.Socket, [6]uint64{99, 15, 5}},
	{"socketpair(AF_UNIX, SOCK_STREAM, 0, 0xc000012345)", sysno.Socketpair, [6]uint64{1, 1, 0, buf}},
	{"setsockopt(3, SOL_SOCKET, SO_REUSEADDR, 0xc000012345, 4)", sysno.Setsockopt, [6]uint64{3, 1, 2, buf, 4}},
	{"setsockopt(3, IPPROTO_TCP, TCP_NODELAY, 0xc000012345, 4)", sysno.Setsockopt, [6]uint64{3, 6, 1, buf, 4}},
	{"setsockopt(3, IPPROTO_IPV6, IPV6_V6ONLY, 0xc000012345, 4)", sysno.Setsockopt, [6]uint64{3, 41, 26, buf, 4}},
	{"getsockopt(3, 0x22b, 0x1, 0xc000012345, 0x0)", sysno.Getsockopt, [6]uint64{3, 555, 1, buf}},
	{"futex(0xc000012345, FUTEX_WAIT|FUTEX_PRIVATE_FLAG, 1, 0x0, 0x0, 0x0)", sysno.Futex, [6]uint64{buf, 128, 1}},
	{"futex(0xc000012345, FUTEX_CMP_REQUEUE, 1, 2147483647, 0xc000012345, 0x2)", sysno.Futex, [6]uint64{buf, 4, 1, 0x7fffffff, buf, 2}},
	{"futex(0xc000012345, FUTEX_WAIT_BITSET|FUTEX_PRIVATE_FLAG|FUTEX_CLOCK_REALTIME, 0, 0x0, 0x0, 0xffffffff)", sysno.Futex, [6]uint64{buf, 0x189, 0, 0, 0, 0xffffffff}},
	{"mmap(0x0, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0x0)", sysno.Mmap, [6]uint64{0, 4096, 3, 0x4022, minus1}},
	{"mmap(0x0, 4096, PROT_NONE, MAP_DROPPABLE|MAP_ANONYMOUS|MAP_HUGETLB|MAP_HUGE_2MB, 5, 0x1000)", sysno.Mmap, [6]uint64{0, 4096, 0, 0x54040028, 5, 4096}},
	{"mprotect(0xc000012345, 4096, PROT_READ|PROT_EXEC|0x100000000)", sysno.Mprotect, [6]uint64{buf, 4096, 0x100000005}},
	{"mremap(0xc000012345, 4096, 8192, MREMAP_MAYMOVE, 0x0)", sysno.Mremap, [6]uint64{buf, 4096, 8192, 1}},
	{"madvise(0xc000012345, 4096, MADV_DONTNEED)", sysno.Madvise, [6]uint64{buf, 4096, 4}},
	{"msync(0xc000012345, 4096, MS_SYNC)", sysno.Msync, [6]uint64{buf, 4096, 4}},
	{"mlock2(0xc000012345, 4096, MLOCK_ONFAULT)", sysno.Mlock2, [6]uint64{buf, 4096, 1}},
	{"munmap(0xc000012345, 18446744073709551615)", sysno.Munmap, [6]uint64{buf, minus1}},
	{"memfd_create(0xc000012345, MFD_CLOEXEC|MFD_EXEC)", sysno.MemfdCreate, [6]uint64{buf, 0x11}},
	{"kill(-1, SIGSYS)", sysno.Kill, [6]uint64{minus1, 31}},
	{"kill(1 (register 0x100000001), 34)", sysno.Kill, [6]uint64{0x100000001, 34}},
	{"tgkill(100, 101, SIGURG)", sysno.Tgkill, [6]uint64{100, 101, 23}},
	{"kill(100, 0)", sysno.Kill, [6]uint64{100, 0}},
	{"rt_sigaction(SIGSEGV, 0xc000012345, 0x0, 8)", sysno.RtSigaction, [6]uint64{11, buf, 0, 8}},
	{"rt_sigprocmask(SIG_SETMASK, 0xc000012345, 0x0, 8)", sysno.RtSigprocmask, [6]uint64{2, buf, 0, 8}},
	{"prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, 0xc000012345, 0x1000, 0x0)", sysno.Prctl, [6]uint64{0x53564d41, 0, buf, 0x1000}},
	{"prctl(PR_SET_NO_NEW_PRIVS, 1, 0x0, 0x0, 0x0)", sysno.Prctl, [6]uint64{38, 1}},
	{"prctl(PR_SET_NAME, 0xc000012345, 0x0, 0x0, 0x0)", sysno.Prctl, [6]uint64{15, buf}},
	{"prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 0xc000012345, 0x0, 0x0)", sysno.Prctl, [6]uint64{22, 2, buf}},
	{"prctl(PR_SET_PDEATHSIG, SIGKILL, 0x0, 0x0, 0x0)", sysno.Prctl, [6]uint64{1, 9}},
	{"prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0x0, 0x0, 0x0)", sysno.Prctl, [6]uint64{24, 21}},
	{"arch_prctl(ARCH_SET_FS, 0xc000012345)", sysno.ArchPrctl, [6]uint64{0x1002, buf}},
	{"seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, 0xc000012345)", sysno.Seccomp, [6]uint64{1, 1, buf}},
	{"fcntl(3, F_SETFL, O_RDONLY|O_NONBLOCK)", sysno.Fcntl, [6]uint64{3, 4, 0x800}},
	{"fcntl(3, F_DUPFD_CLOEXEC, 10)", sysno.Fcntl, [6]uint64{3, 1030, 10}},
	{"fcntl(3, F_SETFD, FD_CLOEXEC)", sysno.Fcntl, [6]uint64{3, 2, 1}},
	{"fcntl(3, F_SETLK, 0xc000012345)", sysno.Fcntl, [6]uint64{3, 6, buf}},
	{"flock(3, LOCK_EX|LOCK_NB)", sysno.Flock, [6]uint64{3, 6}},
	{"ioctl(0, TCGETS, 0xc000012345)", sysno.Ioctl, [6]uint64{0, 0x5401, buf}},
	{"ioctl(0, TIOCSTI, 0xc000012345)", sysno.Ioctl, [6]uint64{0, 0x5412, buf}},
	{"ioctl(3, FIONREAD, 0xc000012345)", sysno.Ioctl, [6]uint64{3, 0x541b, buf}},
	{"ioctl(3, SIOCGIFCONF, 0xc000012345)", sysno.Ioctl, [6]uint64{3, 0x8912, buf}},
	{"ioctl(3, 0xdeadbeef, 0x0)", sysno.Ioctl, [6]uint64{3, 0xdeadbeef}},
	{"epoll_ctl(4, EPOLL_CTL_ADD, 5, 0xc000012345)", sysno.EpollCtl, [6]uint64{4, 1, 5, buf}},
	{"epoll_create1(EPOLL_CLOEXEC)", sysno.EpollCreate1, [6]uint64{0x80000}},
	{"epoll_pwait(4, 0xc000012345, 128, -1, 0x0, 0)", sysno.EpollPwait, [6]uint64{4, buf, 128, minus1}},
	{"lseek(3, -10, SEEK_END)", sysno.Lseek, [6]uint64{3, ^uint64(9), 2}},
	{"newfstatat(AT_FDCWD, 0xc000012345, 0xc000012345, AT_SYMLINK_NOFOLLOW)", sysno.Newfstatat, [6]uint64{cwd, buf, buf, 0x100}},
	{"unlinkat(AT_FDCWD, 0xc000012345, AT_REMOVEDIR)", sysno.Unlinkat, [6]uint64{cwd, buf, 0x200}},
	{"fchmodat(AT_FDCWD, 0xc000012345, 04755)", sysno.Fchmodat, [6]uint64{cwd, buf, 04755}},
	{"fchmod(3, 0644 (register 0x101a4))", sysno.Fchmod, [6]uint64{3, 0x10000 | 0644}},
	{"faccessat2(AT_FDCWD, 0xc000012345, X_OK, AT_EACCESS)", sysno.Faccessat2, [6]uint64{cwd, buf, 1, 0x200}},
	{"access(0xc000012345, F_OK)", sysno.Access, [6]uint64{buf}},
	{"fchown(3, -1, 1000)", sysno.Fchown, [6]uint64{3, 0xffffffff, 1000}},
	{"waitid(P_PIDFD, 5, 0xc000012345, WEXITED|WNOWAIT, 0x0)", sysno.Waitid, [6]uint64{3, 5, buf, 0x1000004}},
	{"wait4(-1, 0xc000012345, WNOHANG|WALL, 0x0)", sysno.Wait4, [6]uint64{minus1, buf, 0x40000001}},
	{"prlimit64(0, RLIMIT_NOFILE, 0x0, 0xc000012345)", sysno.Prlimit64, [6]uint64{0, 7, 0, buf}},
	{"clock_gettime(CLOCK_MONOTONIC, 0xc000012345)", sysno.ClockGettime, [6]uint64{1, buf}},
	{"getrandom(0xc000012345, 32, GRND_NONBLOCK)", sysno.Getrandom, [6]uint64{buf, 32, 1}},
	{"getrusage(RUSAGE_CHILDREN, 0xc000012345)", sysno.Getrusage, [6]uint64{0xffffffff, buf}},
	{"sendto(3, 0xc000012345, 5, MSG_DONTWAIT|MSG_NOSIGNAL, 0x0, 0)", sysno.Sendto, [6]uint64{3, buf, 5, 0x4040}},
	{"shutdown(3, SHUT_WR)", sysno.Shutdown, [6]uint64{3, 1}},
	{"ptrace(PTRACE_ATTACH, 100, 0x0, 0x0)", sysno.Ptrace, [6]uint64{16, 100}},
	{"bpf(BPF_PROG_LOAD, 0xc000012345, 64)", sysno.Bpf, [6]uint64{5, buf, 64}},
	{"keyctl(KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, 0x0, 0x0, 0x0)", sysno.Keyctl, [6]uint64{6, ^uint64(2)}},
	{"mount(0x0, 0xc000012345, 0x0, MS_REC|MS_PRIVATE, 0x0)", sysno.Mount, [6]uint64{0, buf, 0, 0x44000}},
	{"umount2(0xc000012345, MNT_DETACH)", sysno.Umount2, [6]uint64{buf, 2}},
	{"shmget(0x0, 100, IPC_CREAT|SHM_HUGETLB|0600)", sysno.Shmget, [6]uint64{0, 100, 0xa00 | 0600}},
	{"sched_setscheduler(0, SCHED_FIFO|SCHED_RESET_ON_FORK, 0xc000012345)", sysno.SchedSetscheduler, [6]uint64{0, 0x40000001, buf}},
	{"personality(0xffffffff)", sysno.Personality, [6]uint64{0xffffffff}},
	{"personality(PER_LINUX|ADDR_NO_RANDOMIZE)", sysno.Personality, [6]uint64{0x40000}},
	{"getpid()", sysno.Getpid, [6]uint64{1, 2, 3}},
	{"create_module(0x1, 0x0, 0x0, 0x0, 0x0, 0xffffffffffffffff)", sysno.CreateModule, [6]uint64{1, 0, 0, 0, 0, minus1}},
	{"syscall 999(0x1, 0x2, 0x0, 0x0, 0x0, 0x0)", 999, [6]uint64{1, 2}},
}

func TestFormat(t *testing.T) {
	for _, c := range formats {
		if got := Format(c.nr, c.args); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestFormatArg(t *testing.T) {
	for _, c := range []struct {
		nr   uint32
		i    int
		v    uint64
		want string
	}{
		{sysno.Openat, 0, cwd, "AT_FDCWD"},
		{sysno.Openat, 2, 0x80000, "O_RDONLY|O_CLOEXEC"},
		{sysno.Setsockopt, 2, 2, "0x2"},
		{sysno.Futex, 3, buf, "0xc000012345"},
		{sysno.Openat, 4, 17, "0x11"},
		{sysno.Openat, -1, 17, "0x11"},
		{999, 0, 17, "0x11"},
	} {
		if got := FormatArg(c.nr, c.i, c.v); got != c.want {
			t.Errorf("argument %d of %d: got %s, want %s", c.i, c.nr, got, c.want)
		}
	}
}

// Which arguments choose, by name; the others do not.
func TestChosen(t *testing.T) {
	const half, whole = 0xffffffff, ^uint64(0)
	for _, c := range []struct {
		nr   uint32
		want [6]uint64
	}{
		{sysno.Openat, [6]uint64{2: half}},
		{sysno.Kill, [6]uint64{1: half}},
		{sysno.Tgkill, [6]uint64{2: half}},
		{sysno.RtSigprocmask, [6]uint64{0: half}},
		{sysno.Ioctl, [6]uint64{1: half}},
		{sysno.Fcntl, [6]uint64{1: half}},
		{sysno.Prctl, [6]uint64{0: half}},
		{sysno.Socket, [6]uint64{half, half, half}},
		{sysno.Setsockopt, [6]uint64{1: half, 2: half}},
		{sysno.Mmap, [6]uint64{2: whole, 3: whole}},
		{sysno.Mprotect, [6]uint64{2: whole}},
		{sysno.Madvise, [6]uint64{2: half}},
		{sysno.Clone, [6]uint64{0: half}},
		{sysno.Unshare, [6]uint64{0: whole}},
		{sysno.Futex, [6]uint64{1: half}},
		{sysno.EpollCtl, [6]uint64{1: half}},
		{sysno.Lseek, [6]uint64{2: half}},
		{sysno.Waitid, [6]uint64{0: half, 3: half}},
		{sysno.Wait4, [6]uint64{2: half}},
		{sysno.Prlimit64, [6]uint64{1: half}},
		{sysno.TimerCreate, [6]uint64{0: half}},
		{sysno.ClockGettime, [6]uint64{0: half}},
		{sysno.Shutdown, [6]uint64{1: half}},
		{sysno.Unlinkat, [6]uint64{2: half}},
		{sysno.Statx, [6]uint64{2: half, 3: half}},
		{sysno.Getrandom, [6]uint64{2: half}},
		{sysno.MemfdCreate, [6]uint64{1: half}},
		{sysno.Pipe2, [6]uint64{1: half}},
		{sysno.Seccomp, [6]uint64{half, half}},
		{sysno.ArchPrctl, [6]uint64{0: half}},
		{sysno.Msync, [6]uint64{2: half}},
		{sysno.Mremap, [6]uint64{3: whole}},
		{sysno.Sendto, [6]uint64{3: half}},
		{sysno.Splice, [6]uint64{5: half}},
		{sysno.Fallocate, [6]uint64{1: half}},
		{sysno.Flock, [6]uint64{1: half}},
		{sysno.Umount2, [6]uint64{1: half}},
		{sysno.Ptrace, [6]uint64{0: whole}},
		{sysno.Bpf, [6]uint64{0: half}},
		{sysno.Keyctl, [6]uint64{0: half}},
		{sysno.Read, [6]uint64{}},
		{sysno.Chmod, [6]uint64{}},
		{sysno.Exit, [6]uint64{}},
		{999, [6]uint64{}},
	} {
		for i := -1; i <= 6; i++ {
			want := uint64(0)
			if i >= 0 && i < 6 {
				want = c.want[i]
			}
			if got := Chosen(c.nr, i); got != want {
				t.Errorf("%s, argument %d: %#x, want %#x", name(c.nr), i, got, want)
			}
		}
	}
}
