// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/judge"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Calls that the kernel makes, or answers, in ways of its own. Most are no bypass.

// Addresses of the calls in the vsyscall page (arch/x86/entry/vsyscall/vsyscall_emu_64.S).
const (
	vsyscallGettimeofday = 0xffffffffff600000
	vsyscallTime         = 0xffffffffff600400
	vsyscallGetcpu       = 0xffffffffff600800
)

var escapesOfKernel = []escape{
	{row: "21-vsyscall", why: "the kernel emulates the three calls of the page, and asks the filter; where the page does not exist (vsyscall=none) the call is a fault", attempts: []attempt{
		{name: "time, refused", do: vsyscall(vsyscallTime), end: vsyscallRefused},
		{name: "getcpu, answered by an errno", do: vsyscall(vsyscallGetcpu), end: onPage(answers(unix.ENOSYS))},
		{name: "gettimeofday, permitted", do: vsyscall(vsyscallGettimeofday), end: onPage(executes(0))},
	}},
	{row: "22-vdso", why: "not a bypass: no kernel is entered, so no filter is asked; where the clock needs the kernel the runtime makes the call, which every policy permits", attempts: []attempt{
		{name: "clock_gettime", do: raw(unix.SYS_CLOCK_GETTIME, unix.CLOCK_MONOTONIC, buffer()), end: executes(0)},
		{name: "gettimeofday", do: raw(unix.SYS_GETTIMEOFDAY, buffer()), end: executes(0)},
		{name: "getcpu", do: raw(unix.SYS_GETCPU), end: answers(unix.ENOSYS)},
		{name: "time", do: raw(unix.SYS_TIME), end: traps("time")},
		{name: "not seen", do: clockUnseen, end: vdsoUnseen},
	}},
	{row: "23-restart-sigreturn", why: "not a bypass: the kernel has programs make them after signals, so every policy permits them and none can deny them", check: neverDenied, attempts: []attempt{
		{name: "restart_syscall", do: raw(unix.SYS_RESTART_SYSCALL), end: answers(unix.EINTR)},
		{name: "after a handler", do: afterHandler, end: executes(1)},
	}},
	{row: "24-rseq", why: "not a bypass: it has the kernel write into the thread's own memory; Go does not call it, C libraries go on without", attempts: []attempt{
		{name: "process", do: raw(unix.SYS_RSEQ), end: answers(unix.EINVAL)}, // the kernel's: threads of cgo call it
		{name: "thread", do: rseqOnThread, end: answers(unix.ENOSYS)},
	}},
	{row: "25-uprobes", why: "not a bypass: the kernel puts them into traced programs; from anywhere else they raise SIGILL or fail, whether a filter is asked or not", attempts: []attempt{
		{name: "uretprobe", do: raw(unix.SYS_URETPROBE), end: probeFails},
		{name: "uprobe", do: raw(unix.SYS_UPROBE), end: probeFails},
	}},
}

func vsyscall(address uintptr) func(func()) (uintptr, unix.Errno) {
	return func(narrow func()) (uintptr, unix.Errno) {
		narrow()
		return kernelResult(judge.CallAt(address, 0, buffer(), 0, 0, 0))
	}
}

// onPage expects an end where the page exists, and a fault where it does not.
func onPage(there end) end {
	maps, err := os.ReadFile("/proc/self/maps")
	if err == nil && strings.Contains(string(maps), "[vsyscall]") {
		return there
	}
	return crashes("SIGSEGV")
}

// vsyscallRefused: the trap is raised behind the emulated call, so that the handler does
// not find its own program at the address and leaves the signal to the runtime.
func vsyscallRefused(t *testing.T, action string, r *testproc.Result) {
	t.Helper()
	onPage(func(t *testing.T, action string, r *testproc.Result) {
		t.Helper()
		if action == "abort" {
			kills(t, action, r)
			return
		}
		crashes("SIGSYS")(t, action, r)
	})(t, action, r)
}

// clockUnseen refuses clock_gettime on a thread and reads the clock there: 1 if the
// time is right, 0 if the vDSO made the call.
func clockUnseen(narrow func()) (uintptr, unix.Errno) {
	f := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Allow, Rules: []seccomp.Rule{{Call: "clock_gettime", Action: seccomp.Errno(1)}}}
	p, err := f.Compile()
	must(err)
	narrow()
	must(seccomp.SetFilter(p, 0))
	right := time.Now().Year() > 2000
	if _, errno := sys(unix.SYS_CLOCK_GETTIME, 0, buffer()); errno != unix.EPERM {
		testproc.Fail("the call itself: %v", errno)
	}
	if right {
		return 1, 0
	}
	return 0, 0
}

func vdsoUnseen(t *testing.T, _ string, r *testproc.Result) {
	t.Helper()
	switch r.ExpectExit(t, 0).Stdout {
	case "executed, result 1\n":
		t.Log("the clock is read without a call")
	case "executed, result 0\n":
		t.Log("this machine's clock cannot be read without a call")
	default:
		t.Errorf("%q", r.Stdout)
	}
}

func neverDenied(t *testing.T) {
	for _, call := range []string{"restart_syscall", "rt_sigreturn"} {
		p := sandbox.NewPolicy("p", sandbox.NewSeccompPolicyBuilder().Deny(call))
		if _, err := p.Filter(sandbox.ScopeProcess, sandbox.ActionKillProcess); err == nil {
			t.Errorf("%s can be denied", call)
		}
	}
}

// afterHandler returns from a handler of the runtime's, by rt_sigreturn.
func afterHandler(narrow func()) (uintptr, unix.Errno) {
	runtime.LockOSThread()
	narrow()
	if r, errno := sys(unix.SYS_TGKILL, self, uintptr(unix.Gettid()), uintptr(unix.SIGURG)); errno != 0 {
		return r, errno
	}
	return 1, 0
}

func rseqOnThread(narrow func()) (r uintptr, errno unix.Errno) {
	narrow()
	onThread(sandbox.PolicyNet, "role", func() { r, errno = sys(unix.SYS_RSEQ) })
	return r, errno
}

// probeFails: SIGILL or, from kernels that do not know the call or take it for one
// without a probe, an errno.
func probeFails(t *testing.T, action string, r *testproc.Result) {
	t.Helper()
	if r.Exit == 0 && strings.HasPrefix(r.Stdout, "errno ") {
		r.ExpectExit(t, 0)
		return
	}
	crashes("SIGILL")(t, action, r)
}
