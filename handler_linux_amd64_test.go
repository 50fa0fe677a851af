// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"errors"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func init() {
	children["replaces the handler"] = replacesHandler
	children["queues a signal"] = queuesSignal
	children["inherited"] = inherited
}

// resetSIGSYS asks for the default action, in several ways; upper is put into the upper
// half of the signal's register, which the kernel ignores.
func resetSIGSYS(upper uintptr) error {
	var def [4]uint64 // struct sigaction: SIG_DFL
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, upper<<32|uintptr(unix.SIGSYS), uintptr(unsafe.Pointer(&def)), 0, 8, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

func replacesHandler() {
	action, executes := testproc.Args()[0], testproc.Args()[1] == "executes"
	initial := sandbox.PolicyInitialization
	if executes {
		initial = everything
	}
	setUpWith(action, sandbox.Config{Initial: initial})
	for _, upper := range []uintptr{0, 1 << 31} {
		err := resetSIGSYS(upper)
		switch {
		case action == "log-and-deny" && !executes:
			if err != unix.EPERM {
				testproc.Fail("%v", err)
			}
		case err != nil:
			testproc.Fail("%v", err)
		}
	}
	err := sandbox.SetSyscallSandboxPolicy(sandbox.PolicyNet)
	if action == "log-and-abort" {
		if !errors.Is(err, sandbox.ErrHandlerGone) {
			testproc.Fail("%v", err)
		}
		if err := sandbox.SetProcessPolicy(sandbox.PolicyNet); !errors.Is(err, sandbox.ErrHandlerGone) {
			testproc.Fail("%v", err)
		}
		return
	}
	must(err) // it is still there
	expectGetgroups(action)
}

// The handler cannot be taken away where no process can be made. Elsewhere the child of
// a vfork must be able to: it is noticed, or only pretended.
func TestHandlerStays(t *testing.T) {
	t.Run("log-and-abort", func(t *testing.T) {
		r := testproc.Run(t, "replaces the handler", "log-and-abort", "no program").ExpectExit(t, 2)
		if !strings.Contains(r.Stderr, `ERROR: The syscall "rt_sigaction" (syscall number 13)`) || !strings.Contains(r.Stderr, "rt_sigaction(SIGSYS, ") {
			t.Error(r.Stderr)
		}
	})
	t.Run("log-and-abort executes", func(t *testing.T) {
		testproc.Run(t, "replaces the handler", "log-and-abort", "executes").ExpectExit(t, 0)
	})
	for _, action := range []string{"log-and-deny", "log-and-allow", "learn"} {
		for _, executes := range []string{"no program", "executes"} {
			t.Run(action+" "+executes, func(t *testing.T) {
				t.Parallel()
				testproc.Run(t, "replaces the handler", action, executes).ExpectExit(t, 0)
			})
		}
	}
}

// queuesSignal tries to forge the signal that reports a violation.
func queuesSignal() {
	setUp(testproc.Args()[0])
	var info [128]byte
	for _, nr := range []uintptr{unix.SYS_RT_SIGQUEUEINFO, unix.SYS_RT_TGSIGQUEUEINFO} {
		args := [3]uintptr{uintptr(unix.Getpid()), uintptr(unix.SIGUSR1), uintptr(unsafe.Pointer(&info))}
		if nr == unix.SYS_RT_TGSIGQUEUEINFO {
			args = [3]uintptr{uintptr(unix.Getpid()), uintptr(unix.Gettid()), uintptr(unix.SIGUSR1)}
		}
		if _, _, errno := unix.RawSyscall6(nr, args[0], args[1], args[2], uintptr(unsafe.Pointer(&info)), 0, 0); errno != unix.EPERM {
			testproc.Fail("%d: %v", nr, errno)
		}
	}
}

// rt_sigqueueinfo and rt_tgsigqueueinfo are refused by every policy, and under the
// actions that refuse nothing else.
func TestSignalsAreNotQueued(t *testing.T) {
	for _, p := range sandbox.Policies() {
		for _, s := range []sandbox.Scope{sandbox.ScopeThread, sandbox.ScopeProcess} {
			f, err := p.Filter(s, sandbox.ActionInvokeSignalHandler)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"rt_sigqueueinfo", "rt_tgsigqueueinfo"} {
				for _, r := range f.Rules {
					if r.Call == name {
						t.Errorf("%s: %v", p, r)
					}
				}
			}
		}
	}
	for _, action := range []string{"log-and-deny", "log-and-allow", "learn"} {
		testproc.Run(t, "queues a signal", action).ExpectExit(t, 0)
	}
}

// inherited executes a program that makes a call which the policy refuses.
func inherited() {
	setUpWith(testproc.Args()[0], sandbox.Config{Initial: everything})
	out, err := exec.Command("/usr/bin/id", "-G").CombinedOutput() // getgroups
	switch {
	case testproc.Args()[0] == "log-and-deny":
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(out), "Operation not permitted") {
			testproc.Fail("%q, %v", out, err)
		}
	case err != nil:
		testproc.Fail("%q, %v", out, err)
	}
	if n := len(sandbox.Violations()); n != 0 && testproc.Args()[0] != "learn" {
		testproc.Fail("%v", sandbox.Violations())
	}
}

// An executed program has the filter but no handler: it gets the errno, or runs free
// where nothing is refused, and nobody speaks of it.
func TestExecutedProgramInherits(t *testing.T) {
	for _, action := range []string{"log-and-deny", "log-and-allow", "learn"} {
		testproc.Run(t, "inherited", action).ExpectExit(t, 0)
	}
}

func init() { children["forged"] = forged }

// forged sends this thread a SIGSYS that says it is seccomp's, and is right in all but
// one thing. Every policy refuses rt_tgsigqueueinfo, so there is none here: that is
// what a program looks like to code that got around the filter.
func forged() {
	runtime.LockOSThread()
	must2(sandbox.HookSIGSYS(sandbox.ActionDeny))
	index, err := sandbox.AddInstance(sandbox.PolicyNet, "forged")
	must(err)
	// Where RawSyscall6 goes on: from a real violation.
	program, err := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Allow, Rules: []seccomp.Rule{{Call: "getgroups", Action: seccomp.Trap(index)}}}.Compile()
	must(err)
	must(seccomp.SetNoNewPrivs())
	must(seccomp.SetFilter(program, 0))
	if err := getgroups(); err != unix.EPERM {
		testproc.Fail("%v", err)
	}
	info := siginfo{signo: int32(unix.SIGSYS), errno: int32(index), code: abi.SysSeccomp, callAddr: sandbox.RecordedIP(), syscall: unix.SYS_GETGROUPS, arch: abi.AuditArchX86_64}
	switch testproc.Args()[0] {
	case "address":
		info.callAddr++
	case "code":
		info.code = -1 // SI_QUEUE
	case "architecture":
		info.arch = abi.AuditArchI386
	case "instance":
		info.errno++ // of no filter
	case "instance beyond":
		info.errno = sandbox.MaxInstances
	case "number beyond":
		info.syscall = 512
	}
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_TGSIGQUEUEINFO, uintptr(unix.Getpid()), uintptr(unix.Gettid()),
		uintptr(unix.SIGSYS), uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno != unix.EPERM { // getgroups' answer, not this call's
		testproc.Fail("%v", errno)
	}
}

// siginfo is siginfo_t of a SIGSYS: include/uapi/asm-generic/siginfo.h.
type siginfo struct {
	signo, errno, code int32
	_                  int32
	callAddr           uintptr
	syscall            int32
	arch               uint32
	_                  [96]byte
}

// A forged signal is the runtime's to handle, which ends the process, if it is wrong in
// any one thing that the handler can know.
func TestForgedSIGSYSGoesToGo(t *testing.T) {
	testproc.Run(t, "forged", "nothing").ExpectExit(t, 0)
	for _, lie := range []string{"address", "code", "architecture", "instance", "instance beyond", "number beyond"} {
		t.Run(lie, func(t *testing.T) {
			t.Parallel()
			r := testproc.Run(t, "forged", lie).ExpectExit(t, 2)
			if strings.Contains(r.Stderr, "ERROR:") || !strings.Contains(r.Stderr, "SIGSYS: bad system call") {
				t.Error(r.Stderr)
			}
		})
	}
}
