// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func init() {
	children["every thread"] = everyThread
	children["thread born later"] = threadBornLater
	children["state"] = stateErrors
	children["off"] = off
	children["widen"] = widen
	children["foreign filter"] = foreignFilter
	children["diverged"] = diverged
	children["narrow after threads ended"] = narrowAfterThreadsEnded
	children["setup late"] = setupLate
	children["sealed"] = sealed
	children["warm"] = warm
	children["place refuses"] = placeRefuses
}

// everyThread: setup and narrowing reach threads born before and after.
func everyThread() {
	release := make(chan struct{})
	threads(8, release)
	setUp("abort")
	threads(8, release)
	if count := filters(); len(count) != 1 || count[1] < 17 {
		testproc.Fail("after setup: %v", count)
	}
	must(sandbox.SetProcessPolicy(sandbox.PolicyScheduler))
	threads(8, release)
	if count := filters(); len(count) != 1 || count[2] < 25 {
		testproc.Fail("after narrowing: %v", count)
	}
	close(release)
}

func TestProcessPolicyReachesEveryThread(t *testing.T) {
	testproc.Run(t, "every thread").ExpectExit(t, 0)
}

// The kernel agrees: no_new_privs is set by us, root or not.
func TestOrdinaryUser(t *testing.T) {
	for _, child := range []string{"every thread", "diverged"} {
		testproc.Cmd{Name: child, OrdinaryUser: true}.Run(t).ExpectExit(t, 0)
	}
	r := testproc.Cmd{Name: "violation", Args: []string{"log-and-abort", "thread"}, OrdinaryUser: true}.Run(t).ExpectExit(t, 2)
	if !strings.Contains(r.Stderr, reportLine) {
		t.Error(r.Stderr)
	}
}

func threadBornLater() {
	setUp("abort")
	done := make(chan struct{})
	go func() {
		defer close(done)
		refusedCall()
	}()
	<-done
}

func TestThreadBornLaterIsFiltered(t *testing.T) {
	testproc.Run(t, "thread born later").ExpectSignal(t, syscall.SIGSYS)
}

// stateErrors: not set up is an error, never silence; so is a second setup.
func stateErrors() {
	if err := sandbox.SetProcessPolicy(sandbox.PolicyNet); !errors.Is(err, sandbox.ErrNotSetUp) {
		testproc.Fail("SetProcessPolicy: %v", err)
	}
	if err := sandbox.SetSyscallSandboxPolicy(sandbox.PolicyNet); !errors.Is(err, sandbox.ErrNotSetUp) {
		testproc.Fail("SetSyscallSandboxPolicy: %v", err)
	}
	if err := sandbox.Go(sandbox.PolicyNet, "x", func() { testproc.Fail("it runs") }); !errors.Is(err, sandbox.ErrNotSetUp) {
		testproc.Fail("Go: %v", err)
	}
	if _, err := sandbox.Threads(); !errors.Is(err, sandbox.ErrNotSetUp) || sandbox.Enabled() {
		testproc.Fail("Threads: %v", err)
	}
	must(sandbox.Supported())
	bad := sandbox.NewPolicy("bad", sandbox.NewSeccompPolicyBuilder().Allow("opennat"))
	wide := sandbox.NewPolicy("wide", sandbox.PolicyNet.Builder().Allow("ptrace"))
	var policy *sandbox.PolicyError
	var transition *sandbox.TransitionError
	err := sandbox.SetupSyscallSandbox(sandbox.Config{Policies: []sandbox.SyscallSandboxPolicy{bad, wide, {}}})
	if !errors.As(err, &policy) || !errors.As(err, &transition) || strings.Count(err.Error(), "\n") != 2 {
		testproc.Fail("mistakes of own policies: %v", err)
	}
	if err := sandbox.SetupSyscallSandbox(sandbox.Config{Initial: bad}); !errors.As(err, &policy) {
		testproc.Fail("mistake of the initial policy: %v", err)
	}
	if got := kernelFilters(); got != "0" {
		testproc.Fail("a failed setup installed %s filters", got)
	}
	setUp("log-and-abort")
	if err := sandbox.SetupSyscallSandbox(sandbox.Config{}); !errors.Is(err, sandbox.ErrAlreadySetUp) || !sandbox.Enabled() {
		testproc.Fail("second setup: %v", err)
	}
	for _, name := range []string{"", "a\nb", strings.Repeat("x", 49)} {
		if err := sandbox.Go(sandbox.PolicyNet, name, func() {}); err == nil {
			testproc.Fail("thread name %q is taken", name)
		}
	}
	if sandbox.Go(sandbox.PolicyNet, "nil", nil) == nil || sandbox.Go(bad, "bad", func() {}) == nil {
		testproc.Fail("mistakes in Go")
	}
	if got := kernelFilters(); got != "1" {
		testproc.Fail("%s filters", got)
	}
}

// kernelFilters is the number of filters on the main thread.
func kernelFilters() string {
	status, err := os.ReadFile("/proc/self/status")
	must(err)
	_, after, _ := strings.Cut(string(status), "Seccomp_filters:\t")
	count, _, _ := strings.Cut(after, "\n")
	return count
}

func TestStateErrors(t *testing.T) {
	testproc.Run(t, "state").ExpectExit(t, 0)
}

// off installs nothing and still reports mistakes, those of narrowing too.
func off() {
	setUp("off")
	var policy *sandbox.PolicyError
	bad := sandbox.NewPolicy("bad", sandbox.NewSeccompPolicyBuilder().Allow("opennat"))
	if err := sandbox.SetSyscallSandboxPolicy(bad); !errors.As(err, &policy) {
		testproc.Fail("%v", err)
	}
	if err := sandbox.Go(bad, "bad", func() { testproc.Fail("it runs") }); !errors.As(err, &policy) {
		testproc.Fail("%v", err)
	}
	must(sandbox.SetProcessPolicy(sandbox.PolicyScheduler))
	var transition *sandbox.TransitionError
	if err := sandbox.Go(sandbox.PolicyNet, "net", func() { testproc.Fail("it runs") }); !errors.As(err, &transition) {
		testproc.Fail("%v", err)
	}
	must(sandbox.SetSyscallSandboxPolicy(sandbox.PolicyScheduler))
	onThread(sandbox.PolicyScheduler, "scheduler", func() {})
	if err := sandbox.TestDisallowedSandboxCall(); !errors.Is(err, sandbox.ErrExecuted) || sandbox.Enabled() {
		testproc.Fail("%v", err)
	}
	if got := kernelFilters(); got != "0" {
		testproc.Fail("%s filters", got)
	}
}

func TestOff(t *testing.T) {
	testproc.Run(t, "off").ExpectExit(t, 0)
}

// widen: a policy that allows more is an error that names the calls, and nothing
// is installed.
func widen() {
	setUp("abort")
	must(sandbox.SetProcessPolicy(sandbox.NewPolicy("scheduler", sandbox.PolicyScheduler.Builder().AllowProcessPolicies())))
	check := func(err error) {
		var e *sandbox.TransitionError
		if !errors.As(err, &e) || e.From != "initialization > scheduler" || e.To != "net" || len(e.Witnesses) != 10 ||
			!strings.Contains(err.Error(), "accept4") {
			testproc.Fail("%v", err)
		}
	}
	check(sandbox.SetProcessPolicy(sandbox.PolicyNet))
	check(sandbox.Go(sandbox.PolicyNet, "net", func() { testproc.Fail("it runs") }))
	check(sandbox.SetSyscallSandboxPolicy(sandbox.PolicyNet))
	if count := filters(); len(count) != 1 || count[2] == 0 {
		testproc.Fail("%v", count)
	}
	// The failed call left the goroutine free to go on.
	must(sandbox.SetProcessPolicy(sandbox.PolicyScheduler))
	// And that one lets only threads go on.
	if err := sandbox.SetProcessPolicy(sandbox.PolicyShutoff); !errors.Is(err, sandbox.ErrThreadsOnly) {
		testproc.Fail("%v", err)
	}
	onThread(sandbox.PolicyShutoff, "shutoff", func() {})
}

func TestWideningIsRefused(t *testing.T) {
	testproc.Run(t, "widen").ExpectExit(t, 0)
}

// foreignFilter: another package filtered one thread. TSYNC says so by a positive
// return, which is a failure.
func foreignFilter() {
	program, err := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Allow}.Compile()
	must(err)
	filtered, release := make(chan int), make(chan struct{})
	sandbox.GoOffMain(func() {
		must(seccomp.SetNoNewPrivs())
		must(seccomp.SetFilter(program, 0))
		filtered <- unix.Gettid()
		<-release
	})
	tid := <-filtered
	var e *seccomp.ThreadSyncError
	err = sandbox.SetupSyscallSandbox(sandbox.Config{Action: sandbox.ActionInvokeSignalHandler})
	if !errors.As(err, &e) || e.TID != tid || sandbox.Enabled() {
		testproc.Fail("%v, filtered thread %d", err, tid)
	}
	if got := kernelFilters(); got != "0" {
		testproc.Fail("%s filters", got)
	}
	close(release)
	eventually("the thread is gone", func() bool { return threadGone(tid) })
	setUp("log-and-abort")
}

func TestForeignFilterIsThreadSyncError(t *testing.T) {
	testproc.Run(t, "foreign filter").ExpectExit(t, 0)
}

// diverged: threads with a policy of their own stand in the way of narrowing the
// process, and are named; called from one of them it would spread its policy.
func diverged() {
	setUp("abort")
	release, ready := make(chan struct{}), make(chan error)
	for _, name := range []string{"net", "scheduler"} {
		policy := parse(name)
		must(sandbox.Go(policy, "role "+name, func() {
			ready <- sandbox.SetProcessPolicy(sandbox.PolicyScheduler)
			<-release
			ready <- nil
		}))
		checkDiverged(<-ready)
	}
	e := checkDiverged(sandbox.SetProcessPolicy(sandbox.PolicyScheduler))
	if len(e.Threads) != 2 || !strings.Contains(e.Error(), `"role net"`) || !strings.Contains(e.Error(), "initialization > scheduler") {
		testproc.Fail("%v", e)
	}
	if count := filters(); count[2] != 2 || count[1] == 0 || len(count) != 2 {
		testproc.Fail("%v", count)
	}
	close(release)
	<-ready
	<-ready
	// The functions are about to return: narrowing waits for their threads.
	eventually("narrowing", func() bool { return sandbox.SetProcessPolicy(sandbox.PolicyScheduler) == nil })
	if count := filters(); len(count) != 1 || count[2] == 0 {
		testproc.Fail("%v", count)
	}
}

func checkDiverged(err error) *sandbox.DivergedError {
	var e *sandbox.DivergedError
	if !errors.As(err, &e) {
		testproc.Fail("%v", err)
	}
	return e
}

func TestDivergedThreads(t *testing.T) {
	testproc.Run(t, "diverged").ExpectExit(t, 0)
}

// narrowAfterThreadsEnded: threads of Go that have returned do not count.
func narrowAfterThreadsEnded() {
	setUp("abort")
	for range 50 {
		onThread(sandbox.PolicyNet, "net", func() {})
	}
	again := sandbox.NewPolicy("net", sandbox.PolicyNet.Builder().AllowProcessPolicies())
	for range 3 {
		eventually("narrowing", func() bool { return sandbox.SetProcessPolicy(again) == nil })
		onThread(sandbox.PolicyNet, "net", func() {})
	}
}

func TestNarrowAfterThreadsEnded(t *testing.T) {
	testproc.Run(t, "narrow after threads ended").ExpectExit(t, 0)
}

// setupLate: the process has been busy before; setup still reaches all of it.
func setupLate() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				fmt.Fprintln(c, "hello")
				c.Close()
			}()
		}
	}()
	talk := func() {
		c, err := net.Dial("tcp", listener.Addr().String())
		must(err)
		var word string
		_, err = fmt.Fscanln(c, &word)
		must(err)
		c.Close()
	}
	talk()
	setUp("abort")
	talk()
	must(sandbox.SetProcessPolicy(sandbox.NewPolicy("talks", sandbox.PolicyNet.Builder().AllowPolicy(sandbox.PolicyNetOpenConnection))))
	talk()
}

func TestSetupLate(t *testing.T) {
	testproc.Run(t, "setup late").ExpectExit(t, 0)
}

// sealed: nothing follows shutoff.
func sealed() {
	setUp("abort")
	onThread(sandbox.PolicyShutoff, "shutoff", func() {
		if err := sandbox.SetSyscallSandboxPolicy(sandbox.PolicyValidationScriptCheck); !errors.Is(err, sandbox.ErrSealed) {
			testproc.Fail("%v", err)
		}
	})
	eventually("narrowing", func() bool { return sandbox.SetProcessPolicy(sandbox.PolicyShutoff) == nil })
	if err := sandbox.SetProcessPolicy(sandbox.PolicyShutoff); !errors.Is(err, sandbox.ErrSealed) {
		testproc.Fail("%v", err)
	}
	if err := sandbox.Go(sandbox.PolicyShutoff, "late", func() {}); !errors.Is(err, sandbox.ErrSealed) {
		testproc.Fail("%v", err)
	}
	testproc.Exit(0)
}

func TestShutoffIsSealed(t *testing.T) {
	testproc.Run(t, "sealed").ExpectExit(t, 0)
}

// warm: what setup warms up is there under the narrowest policy, which could
// neither open the zone file nor make a poller.
func warm() {
	setUp("abort")
	narrow := sandbox.NewPolicy("narrow", sandbox.NewSeccompPolicyBuilder().Deny("epoll_create1", "eventfd2", "pipe2", "umask"))
	must(sandbox.SetProcessPolicy(narrow))
	runtimeTimers()
	fmt.Println(zone())
}

func TestWarmUp(t *testing.T) {
	testproc.Run(t, "warm").ExpectExit(t, 0)
}

// placeRefuses: an outer filter, such as a container's, refuses a call that setup
// needs. Setup is an error that says so, and installs nothing.
func placeRefuses() {
	call, errno := testproc.Args()[0], unix.EPERM
	if testproc.Args()[1] == "ENOSYS" {
		errno = unix.ENOSYS
	}
	program, err := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Allow,
		Rules: []seccomp.Rule{{Call: call, Action: seccomp.Errno(uint16(errno))}}}.Compile()
	must(err)
	runtime.LockOSThread()
	must(seccomp.SetNoNewPrivs())
	must(seccomp.SetFilter(program, seccomp.TSync))
	runtime.UnlockOSThread()
	err = sandbox.SetupSyscallSandbox(sandbox.Config{Action: sandbox.ActionInvokeSignalHandler})
	if err == nil || sandbox.Enabled() || errors.Is(err, errors.ErrUnsupported) != (errno == unix.ENOSYS) {
		testproc.Fail("%v", err)
	}
	if call == "seccomp" && !errors.Is(sandbox.Supported(), errno) {
		testproc.Fail("Supported: %v", sandbox.Supported())
	}
	if got := kernelFilters(); got != "1" {
		testproc.Fail("%s filters", got)
	}
	fmt.Println(err)
}

func TestPlaceRefuses(t *testing.T) {
	for _, refused := range []string{"seccomp EPERM", "seccomp ENOSYS", "prctl EPERM", "rt_sigaction EPERM"} {
		call, errno, _ := strings.Cut(refused, " ")
		r := testproc.Run(t, "place refuses", call, errno).ExpectExit(t, 0)
		if call != "rt_sigaction" && !strings.Contains(r.Stdout, "container") && errno == "EPERM" {
			t.Errorf("%s: what to do is not said: %s", refused, r.Stdout)
		}
	}
}

func init() { children["many threads"] = manyThreads }

// manyThreads are more than glibc gives memory of their own without looking at the
// machine, in a program with cgo.
func manyThreads() {
	setUp("abort")
	must(sandbox.SetProcessPolicy(sandbox.PolicyValidationScriptCheck))
	for range 3 {
		release := make(chan struct{})
		threads(24, release)
		close(release)
	}
}

// Threads are born under a policy that opens no file, with cgo too: what glibc reads
// late it has read before the filter.
func TestManyThreadsWithoutFiles(t *testing.T) {
	testproc.Run(t, "many threads").ExpectExit(t, 0)
}
