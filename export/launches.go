// SPDX-License-Identifier: MIT

package export

import "slices"

// A need is a call that a launcher makes under the filter that it has loaded; when are
// conditions as package seccomp reads them.
type need struct{ call, when, why string }

// launches are seen in runc 1.1.5, crun 1.8.1 and bubblewrap 0.8.0, between the filter
// and execve(2). What the Go runtime of runc itself makes is in the share of the
// program's runtime. systemd 252 executes at once.
var launches = map[Launcher][]need{
	Bubblewrap:     bubblewrap,
	Runc:           runc,
	RuncPrivileged: slices.Concat(runc, runcPrivileged),
	Crun:           crun,
	CrunPrivileged: slices.Concat(crun, crunPrivileged),
	Systemd:        nil,
}

var bubblewrap = []need{
	{"wait4", "", "the first process of a PID namespace, bubblewrap's own, waits for the others"},
	{"write", "", "it tells its parent how the program ended"},
}

var runc = []need{
	{"openat", "arg2:32 in {0x80000, 0x80001}", "runc reads /proc/self/fd and opens the fifo that starts the program"},
	{"getdents64", "", "runc lists its descriptors"},
	{"fstatfs", "", "runc looks that /proc is one"},
	{"fcntl", "arg1:32 == 0x2", "runc closes descriptors on execve (F_SETFD)"},
	{"write", "", "runc says that it is ready"},
	{"read", "", "runc reads from its parent"},
}

var runcPrivileged = []need{
	{"capget", "", "runc sets capabilities"},
	{"capset", "", "runc sets capabilities"},
	{"prctl", "arg0:32 in {0x8, 0x17, 0x18, 0x2f}", "runc sets capabilities (PR_SET_KEEPCAPS, PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_CAP_AMBIENT)"},
	{"setgid", "", "runc sets the user"},
	{"setgroups", "", "runc sets the user"},
	{"setuid", "", "runc sets the user"},
	{"fchown", "", "runc gives standard streams to the user"},
	{"fstat", "", "runc looks at standard streams"},
	{"newfstatat", "", "runc looks at /dev/null and the program"},
	{"faccessat2", "", "runc looks whether the program can be executed"},
	{"faccessat", "", "runc looks whether the program can be executed"},
	{"chdir", "", "runc goes to the working directory"},
	{"getcwd", "", "runc goes to the working directory"},
	{"getppid", "", "runc looks whether its parent lives"},
}

var crun = []need{
	{"close", "", "crun closes its descriptor of the profile"},
}

var crunPrivileged = []need{
	{"prctl", "arg0:32 in {0x8, 0x18, 0x2f}", "crun sets capabilities (PR_SET_KEEPCAPS, PR_CAPBSET_DROP, PR_CAP_AMBIENT)"},
	{"setresgid", "", "crun sets the user"},
	{"setresuid", "", "crun sets the user"},
	{"capset", "", "crun sets capabilities"},
	{"write", "", "crun says that it is ready"},
}
