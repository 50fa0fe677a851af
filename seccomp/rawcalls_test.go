// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// inProcess is a filter that allows what nothing is said of, and notifies calls.
func inProcess(calls ...string) seccomp.Filter {
	f := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Allow}
	for _, call := range calls {
		f.Rules = append(f.Rules, seccomp.Rule{Call: call, Action: seccomp.UserNotif})
	}
	return f
}

// withoutFork refuses to start processes, and allows threads.
func withoutFork(f seccomp.Filter) seccomp.Filter {
	const cloneThread = 0x10000 // include/uapi/linux/sched.h
	f.Rules = append(f.Rules,
		seccomp.Rule{Call: "clone", When: []seccomp.Cond{seccomp.Arg32(0).Masked(cloneThread, cloneThread)}, Action: seccomp.Allow},
		seccomp.Rule{Call: "clone", Action: seccomp.Errno(1)}, seccomp.Rule{Call: "clone3", Action: seccomp.Errno(38)},
		seccomp.Rule{Call: "fork", Action: seccomp.Errno(1)}, seccomp.Rule{Call: "vfork", Action: seccomp.Errno(1)})
	return f
}

func TestCompileInProcess(t *testing.T) {
	// These hang a Go process whose listener is its own.
	for _, call := range []string{"socket", "socketpair", "pipe2", "getsockname", "getpeername", "epoll_create1", "prlimit64", "kill", "tgkill",
		"execve", "fcntl", "setuid", "getrandom", "sched_setaffinity", // std and x/sys/unix
		"futex", "mmap", "read", "write", "epoll_pwait", "epoll_ctl", "eventfd2", "exit_group", "nanosleep", "sched_getaffinity"} { // the runtime
		_, err := inProcess(call).CompileInProcess()
		var e *seccomp.RuleError
		if !errors.As(err, &e) || e.Index != 0 || e.Call != call || !strings.Contains(e.Reason, "a listener in the same process") {
			t.Errorf("%s: %v", call, err)
		}
	}
	for _, call := range []string{"openat", "openat2", "open", "connect", "accept4", "bind", "listen", "newfstatat", "stat", "mkdirat", "unlinkat", "renameat2", "readlinkat", "getdents64", "sendto", "recvfrom"} {
		if p, err := inProcess(call).CompileInProcess(); err != nil || p.Len() == 0 {
			t.Errorf("%s: %v", call, err)
		}
	}
}

// What is only called between fork and exec counts if the filter lets processes start.
func TestCompileInProcessFork(t *testing.T) {
	for _, call := range []string{"dup3", "close", "ioctl", "chdir", "chroot", "unshare", "mount", "ptrace"} {
		if _, err := inProcess(call).CompileInProcess(); err == nil {
			t.Errorf("%s: taken, although the filter permits fork", call)
		}
		if _, err := withoutFork(inProcess(call)).CompileInProcess(); err != nil {
			t.Errorf("%s without fork: %v", call, err)
		}
	}
	for _, call := range []string{"clone", "clone3"} {
		if _, err := inProcess(call).CompileInProcess(); err == nil {
			t.Errorf("%s: taken", call)
		}
	}
}

// All mistakes are reported, those of Compile too.
func TestCompileInProcessMistakes(t *testing.T) {
	f := inProcess("socket", "opennat", "openat", "pipe2")
	_, err := f.CompileInProcess()
	for _, want := range []string{`rule 0 ("socket")`, `rule 1 ("opennat")`, `rule 3 ("pipe2")`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %s", err, want)
		}
	}
	if err != nil && strings.Contains(err.Error(), "rule 2") {
		t.Errorf("%v", err)
	}
}

// A Default counts for all calls that no rule answers whatever their arguments.
func TestCompileInProcessDefault(t *testing.T) {
	all := seccomp.Filter{Default: seccomp.UserNotif, Unknown: seccomp.Errno(38)}
	_, err := all.CompileInProcess()
	var e *seccomp.RuleError
	if !errors.As(err, &e) || e.Index != -1 || !strings.Contains(e.Reason, "socket, ") || strings.Contains(e.Reason, "openat") {
		t.Fatalf("%v", err)
	}
	_, names, _ := strings.Cut(e.Reason, "raw: ")
	for name := range strings.SplitSeq(names, ", ") {
		all.Rules = append(all.Rules, seccomp.Rule{Call: name, Action: seccomp.Allow})
	}
	if _, err := all.CompileInProcess(); err != nil {
		t.Errorf("with a rule for each: %v", err)
	}
	for i := range all.Rules {
		if all.Rules[i].Call == "socket" {
			all.Rules[i].When = []seccomp.Cond{seccomp.Arg32(0).Is(1)}
		}
	}
	if _, err := all.CompileInProcess(); !errors.As(err, &e) || !strings.HasSuffix(e.Reason, "raw: socket") {
		t.Errorf("with a condition: %v", err)
	}
}

// A broker in the process itself answers openat; it can never answer socket.
func ExampleFilter_CompileInProcess() {
	f := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Errno(38), Rules: []seccomp.Rule{
		{Call: "openat", Action: seccomp.UserNotif},
		{Call: "socket", Action: seccomp.UserNotif},
	}}
	_, err := f.CompileInProcess()
	fmt.Println(err)
	f.Rules = f.Rules[:1]
	_, err = f.CompileInProcess()
	fmt.Println(err)
	// Output:
	// seccomp: rule 1 ("socket"): Go makes it without telling its scheduler (syscall/zsyscall_linux_amd64.go socket): a listener in the same process may never get to answer
	// <nil>
}
