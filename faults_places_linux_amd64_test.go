// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"testing"
	"unsafe" // read(2) takes a pointer

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/judge"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func init() {
	children["place before setup"] = placeBeforeSetup
	children["place after setup"] = placeAfterSetup
	children["chain full before setup"] = chainFullBeforeSetup
	children["chain full after setup"] = chainFullAfterSetup
	children["no privileges"] = noPrivileges
	children["strict thread"] = strictThread
}

// A place is an outer filter's idea of a kernel or a container, and which error it
// causes; nil: none.
type place struct {
	rules                  []seccomp.Rule
	setup, process, thread error
}

var (
	operation = seccomp.Arg32(0)
	flags     = seccomp.Arg32(1)
)

func replies(call string, errno unix.Errno, when ...seccomp.Cond) seccomp.Rule {
	return seccomp.Rule{Call: call, When: when, Action: seccomp.Errno(uint16(errno))}
}

var places = map[string]place{
	"no seccomp": {[]seccomp.Rule{replies("seccomp", unix.ENOSYS), replies("prctl", unix.EINVAL, operation.Is(unix.PR_SET_SECCOMP))},
		errors.ErrUnsupported, errors.ErrUnsupported, errors.ErrUnsupported},
	"no TSYNC": {[]seccomp.Rule{replies("seccomp", unix.EINVAL, operation.Is(abi.SetModeFilter), flags.Masked(abi.FlagTSync, abi.FlagTSync))},
		errors.ErrUnsupported, errors.ErrUnsupported, nil},
	"no GET_ACTION_AVAIL":         {[]seccomp.Rule{replies("seccomp", unix.EINVAL, operation.Is(abi.GetActionAvail))}, errors.ErrUnsupported, nil, nil},
	"no KILL_PROCESS":             {[]seccomp.Rule{replies("seccomp", unix.EOPNOTSUPP, operation.Is(abi.GetActionAvail))}, errors.ErrUnsupported, nil, nil},
	"no filters for unprivileged": {[]seccomp.Rule{replies("seccomp", unix.EACCES, operation.Is(abi.SetModeFilter))}, seccomp.ErrNoNewPrivs, seccomp.ErrNoNewPrivs, seccomp.ErrNoNewPrivs},
	"no memory":                   {[]seccomp.Rule{replies("seccomp", unix.ENOMEM, operation.Is(abi.SetModeFilter))}, seccomp.ErrChainFull, seccomp.ErrChainFull, seccomp.ErrChainFull},
	"seccomp refused":             {[]seccomp.Rule{replies("seccomp", unix.EPERM)}, seccomp.ErrRefused, seccomp.ErrRefused, seccomp.ErrRefused},
	"no_new_privs refused": {[]seccomp.Rule{replies("prctl", unix.EPERM, operation.Is(unix.PR_SET_NO_NEW_PRIVS))},
		seccomp.ErrRefused, seccomp.ErrRefused, seccomp.ErrRefused},
	"no_new_privs unknown": {[]seccomp.Rule{replies("prctl", unix.EINVAL, operation.Is(unix.PR_SET_NO_NEW_PRIVS))},
		errors.ErrUnsupported, errors.ErrUnsupported, errors.ErrUnsupported},
}

// everywhere puts a filter that permits all but some on the whole process.
func everywhere(rules []seccomp.Rule) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p, err := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Allow, Rules: rules}.Compile()
	must(err)
	must(seccomp.SetNoNewPrivs())
	return seccomp.SetFilter(p, seccomp.TSync)
}

// fails checks that an error is an InstallError of the kind, and nothing has changed.
func fails(before standing, err, want error, late bool) {
	var install *seccomp.InstallError
	if want == nil && err != nil || want != nil && (!errors.Is(err, want) || !errors.As(err, &install)) {
		testproc.Fail("%v is not %v", err, want)
	}
	if err != nil {
		unharmed(before, -1, late)
	}
}

func placeBeforeSetup() {
	p := places[testproc.Args()[0]]
	must(everywhere(p.rules))
	works() // the poller is there
	before := stand()
	for _, action := range []sandbox.SyscallSandboxAction{sandbox.ActionKillProcess, sandbox.ActionInvokeSignalHandler, sandbox.ActionDeny, sandbox.UnsafeActionLearn} {
		err := sandbox.SetupSyscallSandbox(sandbox.Config{Action: action})
		fails(before, err, p.setup, action > sandbox.ActionInvokeSignalHandler)
		if err == nil {
			testproc.Fail("setup succeeds")
		}
	}
}

func placeAfterSetup() {
	p := places[testproc.Args()[0]]
	setUp("log-and-deny")
	must(everywhere(p.rules))
	before := stand()
	for _, op := range []string{"go", "thread"} {
		on, err := operations[op](sandbox.Config{})
		fails(before, err, p.thread, false)
		if err == nil {
			on(func() { expectGetgroups("log-and-deny") })
			on(nil)
			break // the goroutine of the other could be on the main thread, which never ends
		}
	}
	eventually("threads are gone", func() bool { return len(kernelThreads()) == 1 })
	fails(before, sandbox.SetProcessPolicy(narrow), p.process, false)
	expectGetgroups("log-and-deny")
	works()
}

// Kernels and containers that lack something, before setup and after it.
func TestPlaces(t *testing.T) {
	for name := range places {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testproc.Run(t, "place before setup", name).ExpectExit(t, 0)
			testproc.Run(t, "place after setup", name).ExpectExit(t, 0)
		})
	}
}

// big is narrow with many instructions more, for a call that nobody makes.
var big = sandbox.NewPolicy("big", narrow.Builder().AllowIf("kexec_load", seccomp.Arg64(0).Is(everyOther(200)...)))

func everyOther(n uint64) (values []uint64) {
	for i := range n {
		values = append(values, 2*i+1)
	}
	return values
}

// fillChain leaves room for narrow and not for big, on every thread.
func fillChain(a sandbox.SyscallSandboxAction) {
	rules := []seccomp.Rule{replies("acct", unix.EPERM), replies("swapon", unix.EPERM), replies("reboot", unix.EPERM)}
	ballast := make([]bpf.RawInstruction, 2048) // BPF_LD|BPF_IMM
	ballast[len(ballast)-1] = bpf.RawInstruction{Op: 0x06, K: abi.RetAllow}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	must(seccomp.SetNoNewPrivs())
	fillWith(ballast)
	for room(big, a) {
		must(everywhere(rules))
	}
	if !room(narrow, a) {
		testproc.Fail("no room for narrow either")
	}
}

// fillWith puts a program on every thread until there is no room for it.
func fillWith(code []bpf.RawInstruction) {
	for errno := syscall.Errno(0); errno == 0; {
		_, errno = judge.Install(code, abi.FlagTSync)
	}
}

// room reports whether a policy finds room on a thread. Where the program is to go on, its
// filters are longer still, and need the handler.
func room(p sandbox.SyscallSandboxPolicy, a sandbox.SyscallSandboxAction) bool {
	f, err := p.Filter(sandbox.ScopeProcess, min(a, sandbox.ActionInvokeSignalHandler))
	must(err)
	program, err := f.Compile()
	must(err)
	installed := make(chan error)
	sandbox.GoOffMain(func() {
		must(seccomp.SetNoNewPrivs())
		installed <- seccomp.SetFilter(program, 0)
	})
	err = <-installed
	eventually("the thread is gone", func() bool { return len(kernelThreads()) == 1 })
	return err == nil
}

func chainFullBeforeSetup() {
	action := testproc.Args()[0]
	works()
	config := sandbox.Config{Initial: big}
	must(config.Action.UnmarshalText([]byte(action)))
	fillChain(config.Action)
	late := config.Action > sandbox.ActionInvokeSignalHandler
	before := stand()
	for range 3 { // setups that fail late take what room there is
		fails(before, sandbox.SetupSyscallSandbox(config), seccomp.ErrChainFull, late)
	}
	if late {
		// Now the first of its filters finds no room, and those of earlier setups still trap.
		fillWith([]bpf.RawInstruction{{Op: 0x06, K: abi.RetAllow}})
		fails(before, sandbox.SetupSyscallSandbox(config), seccomp.ErrChainFull, late)
	} else {
		config.Initial = narrow
		must(sandbox.SetupSyscallSandbox(config))
		calm()
		getgroups()
		testproc.Fail("lives on")
	}
}

func chainFullAfterSetup() {
	setUpWith("log-and-deny", sandbox.Config{Initial: big})
	fillChain(sandbox.ActionDeny)
	before := stand()
	fails(before, sandbox.SetProcessPolicy(big), seccomp.ErrChainFull, false)
	for range 3 {
		fails(before, sandbox.Go(big, "role", func() { testproc.Fail("it runs") }), seccomp.ErrChainFull, false)
		err := make(chan error)
		go func() { err <- sandbox.SetSyscallSandboxPolicy(big) }()
		fails(before, <-err, seccomp.ErrChainFull, false)
	}
	onThread(narrow, "narrow", func() { expectGetgroups("log-and-deny") })
	must(sandbox.SetProcessPolicy(narrow))
	expectGetgroups("log-and-deny")
}

// The kernel's limit on the filters of a thread, reached.
func TestChainFull(t *testing.T) {
	t.Parallel()
	testproc.Run(t, "chain full before setup", "abort").ExpectSignal(t, syscall.SIGSYS)
	testproc.Run(t, "chain full before setup", "log-and-abort").ExpectExit(t, 2)
	testproc.Run(t, "chain full before setup", "log-and-deny").ExpectExit(t, 0)
	testproc.Run(t, "chain full after setup").ExpectExit(t, 0)
}

// noPrivileges: prctl pretends to set no_new_privs, and the process gives up the
// capability that would do instead.
func noPrivileges() {
	if os.Geteuid() != 0 {
		fmt.Println("not root: what comes first needs no_new_privs itself")
		return
	}
	runtime.LockOSThread()
	code := []bpf.RawInstruction{
		{Op: 0x20, K: 0}, // the number
		{Op: 0x15, Jf: 3, K: unix.SYS_PRCTL},
		{Op: 0x20, K: 16}, // argument 0
		{Op: 0x15, Jf: 1, K: unix.PR_SET_NO_NEW_PRIVS},
		{Op: 0x06, K: abi.RetErrno}, // 0: success
		{Op: 0x06, K: abi.RetAllow},
	}
	if _, errno := judge.Install(code, abi.FlagTSync); errno != 0 {
		testproc.Fail("%v", errno)
	}
	runtime.UnlockOSThread()
	must(syscall.Setuid(65534))
	works()
	before := stand()
	for _, action := range []sandbox.SyscallSandboxAction{sandbox.ActionKillProcess, sandbox.ActionInvokeSignalHandler, sandbox.ActionDeny} {
		fails(before, sandbox.SetupSyscallSandbox(sandbox.Config{Action: action}), seccomp.ErrNoNewPrivs, action == sandbox.ActionDeny)
	}
}

// EACCES of the kernel itself.
func TestNoPrivileges(t *testing.T) {
	testproc.Run(t, "no privileges").ExpectExit(t, 0)
}

// strictThread: a thread in strict mode can have no filter, so nobody gets one. The runtime
// never learns that it ends: nothing may stop the world.
func strictThread() {
	calm()
	runtime.GOMAXPROCS(2)
	works() // the poller is there; and nothing of this later
	var pipe [2]int
	must(unix.Pipe(pipe[:]))
	tids, refused := make(chan int), make(chan error)
	var b [1]byte
	sandbox.GoOffMain(func() {
		tids <- unix.Gettid()
		if err := seccomp.SetStrict(); err != nil {
			refused <- err
			select {}
		}
		unix.RawSyscall(unix.SYS_READ, uintptr(pipe[0]), uintptr(unsafe.Pointer(&b)), 1)
		unix.RawSyscall(unix.SYS_EXIT, 0, 0, 0)
	})
	tid := <-tids
	for kernelThreads()["1 0"] == 0 {
		select {
		case err := <-refused: // under a container's filter there is no strict mode
			if !errors.Is(err, seccomp.ErrFiltered) {
				testproc.Fail("%v", err)
			}
			return
		default:
			runtime.Gosched()
		}
	}
	for _, action := range []sandbox.SyscallSandboxAction{sandbox.ActionKillProcess, sandbox.ActionInvokeSignalHandler} {
		before := stand()
		err := sandbox.SetupSyscallSandbox(sandbox.Config{Action: action})
		var e *seccomp.ThreadSyncError
		if !errors.As(err, &e) || e.TID != tid || kernelThreads()["1 0"] != 1 || len(kernelThreads()) != 2 || stand().handlers != before.handlers {
			testproc.Fail("%v, strict thread %d: %v", err, tid, kernelThreads())
		}
	}
	must(unix.Close(pipe[1]))
	eventually("the thread is gone", func() bool { return threadGone(tid) })
	setUp("abort")
}

func TestStrictThread(t *testing.T) {
	testproc.Run(t, "strict thread").ExpectExit(t, 0)
}
