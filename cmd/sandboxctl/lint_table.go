// SPDX-License-Identifier: MIT

package main

// A check is a call that a sandbox should refuse, with why. Several calls are ways to the
// same; one that is permitted is a finding.
type check struct {
	id    string
	calls []string
	why   string
}

// checks are about calls that let a program out of its sandbox, or reach others.
var checks = []check{
	{"io-uring", []string{"io_uring_setup", "io_uring_enter", "io_uring_register"}, "its operations pass no filter: open, connect and send without a call that could be refused"},
	{"ptrace", []string{"ptrace"}, "takes over other processes of the user, and suspends their filters (PTRACE_O_SUSPEND_SECCOMP)"},
	{"memory-of-others", []string{"process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp"}, "reaches into other processes of the user"},
	{"userfaultfd", []string{"userfaultfd"}, "holds the kernel at a place of an attacker's choice"},
	{"bpf", []string{"bpf", "perf_event_open"}, "large attack surfaces of the kernel"},
	{"kernel-module", []string{"init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot"}, "changes the kernel"},
	{"mount", []string{"mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "open_tree_attr"}, "changes the file system that paths are resolved in"},
	{"namespaces", []string{"unshare(CLONE_NEWUSER)", "setns", "clone(flags=CLONE_NEWUSER|0x11)", "clone3"}, "new user namespaces give capabilities, and with them more of the kernel; clone3's flags are in memory"},
	{"handles", []string{"open_by_handle_at"}, "opens files by number, past directories that cannot be searched"},
	{"keyring", []string{"keyctl", "add_key", "request_key"}, "keys are not of the container alone"},
	{"ioctl-terminal", []string{"ioctl(_, 0x5412)", "ioctl(_, 0x541c)", "ioctl(_, 0x100005412)", "ioctl(_, 0x10000541c)"}, "types into the terminal of others (TIOCSTI, TIOCLINUX)"},
	{"exec-memory", []string{"mmap(_, 4096, PROT_READ|PROT_WRITE|PROT_EXEC, 0x22, -1)", "mprotect(_, 4096, PROT_READ|PROT_EXEC)", "pkey_mprotect(_, 4096, PROT_READ|PROT_EXEC)"}, "memory that is executed: injected code needs no file"},
	{"memfd", []string{"memfd_create", "memfd_secret"}, "with execveat, programs without a file"},
	{"personality", []string{"personality(0x400000)", "personality(0x40000)"}, "makes all that is read executable, or addresses known (READ_IMPLIES_EXEC, ADDR_NO_RANDOMIZE)"},
	{"sockets", []string{"socket(AF_ALG, 5)", "socket(AF_VSOCK, 1)", "socket(AF_PACKET, 3)", "socket(AF_NETLINK, 3, 12)"}, "families with large attack surfaces or a way to the host"},
	{"prctl", []string{"prctl(PR_SET_MM)", "prctl(PR_SET_PTRACER, -1)", "prctl(PR_SET_SECCOMP, 2)", "prctl(PR_SET_DUMPABLE, 1)"}, "options by which a process opens itself to others, or fills its chain of filters"},
	{"listener", []string{"seccomp(1, 8)", "seccomp(1, 17)"}, "a filter whose calls the program answers to itself, or forces on all threads (NEW_LISTENER, TSYNC with ESRCH)"},
	{"signals", []string{"kill(1, 9)", "tkill(1, 9)", "tgkill(1, 1, 9)", "pidfd_send_signal", "rt_sigqueueinfo(1)", "rt_tgsigqueueinfo(1, 1)"}, "reaches other processes of the user"},
	{"others", []string{"prlimit64(1)", "sched_setscheduler(1)", "sched_setattr(1)", "setpriority(_, 1)", "migrate_pages(1)"}, "changes other processes of the user"},
	{"fcntl-owner", []string{"fcntl(_, F_SETOWN)", "fcntl(_, F_SETOWN_EX)", "fcntl(_, F_SETSIG)", "ioctl(_, 0x8901)"}, "has the kernel send signals to others (F_SETOWN, FIOSETOWN)"},
	{"privilege", []string{"setuid", "setreuid", "setresuid", "setgid", "setgroups", "capset"}, "changes who the process is"},
	{"clock", []string{"settimeofday", "clock_settime", "adjtimex", "clock_adjtime"}, "changes the machine's clock"},
}

// A family is calls that do the same, the one that a Go program makes first.
type family struct {
	what  string
	calls []string
}

var families = []family{
	{"executes programs", []string{"execve", "execveat"}},
	{"makes processes", []string{"clone(0x11)", "fork", "vfork", "clone3"}},
	{"opens files", []string{"openat(_, _, O_RDWR)", "open(_, O_RDWR)", "openat2", "creat", "open_by_handle_at"}},
	{"makes directories", []string{"mkdirat", "mkdir"}},
	{"deletes files", []string{"unlinkat", "unlink", "rmdir"}},
	{"renames files", []string{"renameat", "renameat2", "rename"}},
	{"makes links", []string{"linkat", "link"}},
	{"makes symbolic links", []string{"symlinkat", "symlink"}},
	{"changes permissions by name", []string{"fchmodat", "chmod", "fchmodat2"}},
	{"changes owners by name", []string{"fchownat", "chown", "lchown"}},
	{"accepts connections", []string{"accept4", "accept"}},
	{"mounts", []string{"mount", "move_mount", "fsmount", "mount_setattr"}},
	{"reads the memory of others", []string{"ptrace", "process_vm_readv", "process_vm_writev"}},
	{"makes memory executable", []string{"mprotect(_, 4096, PROT_EXEC)", "mmap(_, 4096, PROT_EXEC, 0x22, -1)", "pkey_mprotect(_, 4096, PROT_EXEC)"}},
	{"sends signals to others", []string{"kill(1)", "tkill(1)", "tgkill(1, 1)", "pidfd_send_signal"}},
}
