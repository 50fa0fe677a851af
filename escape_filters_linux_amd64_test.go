// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Ways around by filters: what a permitted seccomp(2) is good for, and what mistakes
// in a filter would let through.

var escapesOfFilters = []escape{
	{row: "27-unotify-continue", why: "no policy answers a call by a notification, and every policy refuses the flag that makes a listener; package seccomp calls it UnsafeContinue",
		attempts: []attempt{{name: "listener", do: stack(abi.SetModeFilter, abi.FlagNewListener), end: traps("seccomp")}},
		check:    noNotifications},
	{row: "28-listener", attempts: []attempt{
		{name: "notification without a listener", do: stackFor(abi.RetUserNotif), end: answers(unix.ENOSYS)},
		{name: "listener for all threads", do: stack(abi.SetModeFilter, abi.FlagNewListener|abi.FlagTSync), end: traps("seccomp")},
	}},
	{row: "29-trace", why: "where a tracer is attached from outside, it decides; no policy asks for one (checked with row 27)", attempts: []attempt{
		{name: "without a tracer", do: stackFor(abi.RetTrace), end: answers(unix.ENOSYS)},
	}},
	{row: "30-tsync-failure", attempts: []attempt{
		{name: "a thread in the way", do: tsyncFails, end: executes(1)},
		{name: "by hand", do: tsyncByHand, end: executes(1), policy: "initialization"},
	}},
	{row: "31-fake-success", why: "an errno of 0, or of 4095 which Go's raw calls take for a result, is a mistake in the policy", check: noFakeSuccess},
	{row: "32-length-wrap", check: noLongPrograms, attempts: []attempt{
		{name: "4097 instructions", do: stackOf(4097), end: answers(unix.EINVAL)},
		{name: "0 instructions", do: stackOf(0), end: answers(unix.EINVAL)},
		{name: "65536 instructions, 0 by their length", do: stackOf(1 << 16), end: answers(unix.EINVAL)},
		{name: "a jump behind the end", do: jumpOut, end: answers(unix.EINVAL)},
	}},
	{row: "33-chain-full", why: "whoever fills the chain takes later policies away, not those in force. TestFits: predicted before anything is installed", attempts: []attempt{
		{name: "filters by hand", do: fillByHand, end: traps("ptrace")},
		{name: "then a policy", do: fillThenPolicy, end: executes(1)},
	}},
	{row: "34-unknown-action", check: noUnknownAction, attempts: []attempt{
		{name: "stacked", do: stackFor(0x12340000), end: kills}, // the kernel takes it for KILL_PROCESS
	}},
}

// stackFor stacks a filter that answers getpid(2) by an action, and makes the call.
func stackFor(action uint32) func(func()) (uintptr, unix.Errno) {
	return func(narrow func()) (uintptr, unix.Errno) {
		runtime.LockOSThread()
		narrow()
		if _, errno := install(abi.SetModeFilter, 0,
			unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: abi.OffNr},
			unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: unix.SYS_GETPID},
			unix.SockFilter{Code: unix.BPF_RET, K: action},
			unix.SockFilter{Code: unix.BPF_RET, K: abi.RetAllow}); errno != 0 {
			testproc.Fail("seccomp: %v", errno)
		}
		return sys(unix.SYS_GETPID)
	}
}

func stackOf(n int) func(func()) (uintptr, unix.Errno) {
	return func(narrow func()) (uintptr, unix.Errno) {
		narrow()
		return install(abi.SetModeFilter, 0, slices.Repeat([]unix.SockFilter{{Code: unix.BPF_RET, K: abi.RetAllow}}, n)...)
	}
}

func jumpOut(narrow func()) (uintptr, unix.Errno) {
	narrow()
	return install(abi.SetModeFilter, 0, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JA, K: 1}, unix.SockFilter{Code: unix.BPF_RET, K: abi.RetAllow})
}

// fill32768 stacks the longest filters until the kernel has enough of them.
func fill32768() {
	long := slices.Repeat([]unix.SockFilter{{Code: unix.BPF_RET, K: abi.RetAllow}}, abi.MaxInsns)
	for range 100 {
		if _, errno := install(abi.SetModeFilter, 0, long...); errno == unix.ENOMEM {
			if _, errno := install(abi.SetModeFilter, 0, long[:abi.MaxInsns/2]...); errno != 0 && errno != unix.ENOMEM {
				testproc.Fail("%v", errno)
			}
			return
		} else if errno != 0 {
			testproc.Fail("%v", errno)
		}
	}
	testproc.Fail("100 filters of 4096 instructions fit")
}

func fillByHand(narrow func()) (uintptr, unix.Errno) {
	runtime.LockOSThread()
	narrow()
	fill32768()
	return sys(unix.SYS_PTRACE)
}

func fillThenPolicy(narrow func()) (uintptr, unix.Errno) {
	runtime.LockOSThread()
	narrow()
	fill32768()
	for range 100 {
		if err := sandbox.SetSyscallSandboxPolicy(sandbox.PolicyTxIndex); errors.Is(err, seccomp.ErrChainFull) {
			return 1, 0
		} else if err != nil {
			testproc.Fail("%v", err)
		}
	}
	testproc.Fail("100 policies fit")
	return 0, 0
}

// tsyncFails narrows the process while a thread has a filter that nobody knows of.
func tsyncFails(func()) (uintptr, unix.Errno) {
	setUp("log-and-abort")
	release := make(chan struct{})
	tid := filteredThread(release)
	err := sandbox.SetProcessPolicy(sandbox.PolicyScheduler)
	var sync *seccomp.ThreadSyncError
	if !errors.As(err, &sync) || sync.TID != tid {
		testproc.Fail("thread %d is in the way: %v", tid, err)
	}
	if got := filters(); got[2] != 1 {
		testproc.Fail("filters of threads: %v", got)
	}
	close(release)
	return 1, 0
}

// tsyncByHand: the kernel returns the thread's id, and no errno.
func tsyncByHand(narrow func()) (uintptr, unix.Errno) {
	narrow()
	release := make(chan struct{})
	tid := filteredThread(release)
	r, errno := install(abi.SetModeFilter, abi.FlagTSync, unix.SockFilter{Code: unix.BPF_RET, K: abi.RetAllow})
	if r != uintptr(tid) || errno != 0 {
		testproc.Fail("seccomp returns %d, %v, with thread %d in the way", r, errno, tid)
	}
	return 1, 0
}

// filteredThread is a thread with a filter of its own until it is released.
func filteredThread(release chan struct{}) int {
	tid := make(chan int)
	go sandbox.GoOffMain(func() {
		runtime.LockOSThread()
		install(abi.SetModeFilter, 0, unix.SockFilter{Code: unix.BPF_RET, K: abi.RetAllow})
		tid <- unix.Gettid()
		<-release
	})
	return <-tid
}

// noNotifications: no rule of any built-in policy asks a listener or a tracer.
func noNotifications(t *testing.T) {
	if err := seccomp.SetFilter(nil, abi.FlagNewListener); err == nil {
		t.Error("SetFilter took a flag that it does not offer")
	}
	for _, p := range sandbox.Policies() {
		f := escapeFilter(t, p)
		for _, r := range append(f.Rules, seccomp.Rule{Action: f.Default}, seccomp.Rule{Action: f.Unknown}) {
			if kind := r.Action.Value() & abi.RetActionFull; kind == abi.RetUserNotif || kind == abi.RetTrace {
				t.Errorf("%v: %v", p, r)
			}
		}
	}
}

func noFakeSuccess(t *testing.T) {
	for _, errno := range []uint16{0, 4095, 4096, 65535} {
		p := sandbox.NewPolicy("p", sandbox.NewSeccompPolicyBuilder().DenyErrno(errno, "getgroups"))
		if p.Err() == nil {
			t.Errorf("DenyErrno(%d) is taken", errno)
		}
		f := seccomp.Filter{Default: seccomp.Allow, Rules: []seccomp.Rule{{Call: "getgroups", Action: seccomp.Errno(errno)}}}
		if _, err := f.Compile(); err == nil {
			t.Errorf("Errno(%d) compiles", errno)
		}
	}
}

// noLongPrograms: a filter that needs more instructions than the kernel takes is an
// error, never a shorter program.
func noLongPrograms(t *testing.T) {
	f := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Allow}
	for v := range uint64(1 << 13) {
		f.Rules = append(f.Rules, seccomp.Rule{Call: "ioctl", When: []seccomp.Cond{seccomp.Arg64(1).Is(v * 0x100000003)}, Action: seccomp.Errno(uint16(1 + v%4000))})
	}
	if p, err := f.Compile(); err == nil {
		t.Errorf("a program of %d instructions for 8192 conditions", p.Len())
	} else if !strings.Contains(err.Error(), "4096") {
		t.Errorf("the limit is not named: %v", err)
	}
}

func noUnknownAction(t *testing.T) {
	unknown := seccomp.Action(0x12340000)
	if err := seccomp.ActionAvailable(unknown); err == nil {
		t.Error("the action is said to be there")
	}
	f := seccomp.Filter{Default: seccomp.Allow, Rules: []seccomp.Rule{{Call: "getgroups", Action: unknown}}}
	if _, err := f.Compile(); err == nil {
		t.Error("a filter with it compiles")
	}
}
