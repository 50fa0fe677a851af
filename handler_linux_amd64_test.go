// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/judge"
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
	calm()
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

// resetBy makes the same call from elsewhere: the handler's own call instruction, or
// code in memory of our own.
func resetBy(address uintptr) uintptr {
	var def [4]uint64
	return judge.CallAt(address, unix.SYS_RT_SIGACTION, uintptr(unix.SIGSYS), uintptr(unsafe.Pointer(&def)), 0, 8)
}

func init() { children["replaces the handler from elsewhere"] = replacesFromElsewhere }

func replacesFromElsewhere() {
	code, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
	must(err)
	copy(code, []byte{0x0f, 0x05, 0xc3}) // SYSCALL; RET
	setUp("log-and-deny")
	for _, address := range []uintptr{sandbox.Gate(), uintptr(unsafe.Pointer(&code[0]))} {
		if got := resetBy(address); int(got) != -int(unix.EPERM) {
			testproc.Fail("rt_sigaction answers %d", int(got))
		}
	}
	expectGetgroups("log-and-deny")
}

func TestHandlerStaysWhereverTheCallComesFrom(t *testing.T) {
	testproc.Run(t, "replaces the handler from elsewhere").ExpectExit(t, 0)
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
	// With a siginfo pidfd_send_signal is one more of them; os.Process.Signal gives none.
	if testproc.Args()[0] != "log-and-deny" {
		return
	}
	fd, err := unix.PidfdOpen(unix.Getpid(), 0)
	must(err)
	if _, _, errno := unix.RawSyscall6(unix.SYS_PIDFD_SEND_SIGNAL, uintptr(fd), uintptr(unix.SIGUSR1), uintptr(unsafe.Pointer(&info)), 0, 0, 0); errno != unix.ENOSYS {
		testproc.Fail("pidfd_send_signal: %v", errno)
	}
	must(unix.PidfdSendSignal(fd, 0, nil, 0))
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

func init() {
	children["extra files"] = extraFiles
	children["setup again"] = setupAgain
	children["outer trap"] = outerTrap
}

// extraFiles executes a program that gets files by low numbers, where the handler's own
// would be if it had them there: the child between fork and execve traps.
func extraFiles() {
	reported := make(chan string, 10)
	setUpWith("log-and-allow", sandbox.Config{OnViolation: func(v sandbox.Violation) { reported <- v.Syscall }})
	c := exec.Command("/bin/true")
	var files []*os.File
	for range 12 {
		f, err := os.CreateTemp("", "")
		must(err)
		must(os.Remove(f.Name()))
		files = append(files, f)
	}
	c.ExtraFiles = files
	must(c.Run())
	for _, f := range files {
		if info, err := f.Stat(); err != nil || info.Size() != 0 {
			testproc.Fail("%d bytes in somebody's file, %v", info.Size(), err)
		}
	}
	expectGetgroups("log-and-allow")
	for got := ""; got != "getgroups"; got = <-reported {
	}
}

// The handler in a child before execve does not write into files that the child has got.
func TestChildWithFiles(t *testing.T) {
	for range 5 {
		testproc.Run(t, "extra files").ExpectExit(t, 0)
	}
}

// setupAgain sets up once more after a setup that failed late: a thread blocks all
// signals, which nobody can help.
func setupAgain() {
	var all unix.Sigset_t
	for i := range all.Val {
		all.Val[i] = ^uint64(0)
	}
	release := make(chan struct{})
	blocked := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		must(unix.PthreadSigmask(unix.SIG_SETMASK, &all, nil))
		close(blocked)
		<-release
		must(unix.PthreadSigmask(unix.SIG_UNBLOCK, &all, nil))
		runtime.UnlockOSThread()
		release <- struct{}{}
	}()
	<-blocked
	err := sandbox.SetupSyscallSandbox(sandbox.Config{Action: sandbox.ActionDeny})
	if err == nil || !strings.Contains(err.Error(), "blocks SIGSYS") {
		testproc.Fail("%v", err)
	}
	if err := sandbox.SetupSyscallSandbox(sandbox.Config{Action: sandbox.ActionInvokeSignalHandler}); err == nil {
		testproc.Fail("log-and-abort after a late failure")
	}
	release <- struct{}{}
	<-release
	must(sandbox.SetupSyscallSandbox(sandbox.Config{Action: sandbox.ActionDeny}))
	expectGetgroups("log-and-deny")
	if n := len(sandbox.Violations()); n != 1 {
		testproc.Fail("%d violations", n)
	}
}

// A setup that has failed late can be tried again, but not with another meaning.
func TestSetupAgain(t *testing.T) {
	t.Parallel()
	testproc.Run(t, "setup again").ExpectExit(t, 0)
}

// outerTrap has a filter of somebody else's that traps a call, as a container's might.
func outerTrap() {
	program, err := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Allow, Rules: []seccomp.Rule{{Call: "getgroups", Action: seccomp.Trap(0)}}}.Compile()
	must(err)
	must(seccomp.SetNoNewPrivs())
	must(seccomp.SetFilter(program, seccomp.TSync))
	setUp(testproc.Args()[0])
	_ = getgroups()
	fmt.Println("alive")
}

// A trap of somebody else's is the runtime's, which crashes, where our filter permits
// the call. Where it traps too the call is ours, and cannot be made: it fails.
func TestOuterTrap(t *testing.T) {
	for _, action := range []string{"log-and-allow", "learn"} {
		r := testproc.Run(t, "outer trap", action)
		if r.ExpectExit(t, 0); r.Stdout != "alive\n" {
			t.Error(r.Stdout)
		}
	}
}
