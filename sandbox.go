// SPDX-License-Identifier: MIT

package sandbox

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Config is what [SetupSyscallSandbox] is told. The zero value kills on every
// violation and starts with [PolicyInitialization].
type Config struct {
	// Action is what happens to a refused call, for every policy.
	Action SyscallSandboxAction
	// Initial is put on the whole process; the zero value is PolicyInitialization.
	Initial SyscallSandboxPolicy
	// Policies are the own policies that the program will use later. They are
	// compiled, checked against Initial and against the kernel's limit on the
	// filters of a thread now, not at 3 a.m.
	Policies []SyscallSandboxPolicy
	// Report is where violations are reported, while dying too; nil: standard error.
	// A pod gives /dev/termination-log. The file may be closed after setup. The first
	// line of a report that ends the process goes to standard error in any case, and so
	// does the runtime's goroutine trace.
	Report *os.File
	// OnViolation is called with each distinct violation, if the action lets the
	// program go on, one after the other on a goroutine of its own, under the process
	// policy. Violations of its own are counted, reported and not passed to it. While
	// 256 wait for a slow one, further ones are left to [Violations].
	OnViolation func(Violation)
}

// state is the one process state: what this package has put on which thread.
// It changes only after the kernel said yes.
var state struct {
	mu      sync.Mutex
	ready   bool
	late    bool // a setup whose program is to go on after violations has put on filters
	action  SyscallSandboxAction
	process chain
	refusal refusal              // what filters of this process do with refused calls
	threads map[int]*threadState // by thread id: threads with a policy of their own
}

// Supported reports whether filters can be installed here: nil; an error that
// wraps [errors.ErrUnsupported] where operating system, architecture or kernel
// cannot (Linux 4.14 on amd64 is the least); or why this place refuses, as when
// a container's own filter denies seccomp(2). It changes nothing.
// After setup it is nil without asking again, for a policy may refuse the question.
func Supported() error {
	if installs() {
		return nil
	}
	return supported()
}

// SetupSyscallSandbox puts the initial policy on every thread of the process,
// those to come included, and sets no_new_privs on them. It can be called once;
// call it early in main, before goroutines that need more than the policy allows.
//
// Before the filter it warms up what must exist by then: the network poller, the
// runtime's template thread, the local time zone. With every action but
// [ActionKillProcess] it takes over SIGSYS; signals that are not seccomp's go on to
// the runtime's handler. Where the program goes on after a violation, SIGSYS is not
// blocked from then on, whatever rt_sigprocmask(2) and rt_sigaction(2) ask for; the masks
// that C code may give to ppoll(2), pselect(2), epoll_pwait(2) and sigsuspend(2) are its
// own.
//
// Errors: [ErrAlreadySetUp]; what [Supported] returns; mistakes in the policies
// (*[PolicyError], *[TransitionError]), all joined; *seccomp.ThreadSyncError if a
// thread brought a filter of its own; *seccomp.InstallError; one that wraps the errno of
// another call that the place refuses: rt_sigaction(2), a pipe for reports, and where the
// program goes on after a violation the reading of /proc. After an error
// nothing is installed, though no_new_privs may be set, and setup can be called again.
// What succeeds cannot be
// undone: see seccomp(2), "SECCOMP_SET_MODE_FILTER". Only with the actions after which
// the program goes on can an error come so late that something stays: the handler, and
// filters by which no thread blocks SIGSYS and which refuse nothing. After that
// [ActionInvokeSignalHandler] is an error.
func SetupSyscallSandbox(c Config) error {
	state.mu.Lock()
	defer state.mu.Unlock()
	if state.ready {
		return ErrAlreadySetUp
	}
	initial := c.Initial
	if initial == (SyscallSandboxPolicy{}) {
		initial = PolicyInitialization
	}
	if int(c.Action) >= len(actionNames) {
		return fmt.Errorf("sandbox: unknown action %s", c.Action)
	}
	if c.Action == ActionInvokeSignalHandler && state.late {
		return errors.New("sandbox: an earlier setup that failed has changed how signals are blocked: start the program again to use log-and-abort")
	}
	if c.Action != UnsafeActionOff {
		if err := supported(); err != nil {
			return err
		}
		var err error
		if state.refusal, err = findSite(c.Action); err != nil {
			return err
		}
	}
	if err := c.check(initial); err != nil {
		return err
	}
	if c.Action != UnsafeActionOff {
		if err := setUp(c, initial); err != nil {
			return err
		}
	}
	state.ready, state.action = true, c.Action
	state.process = chain{}.then(initial, ScopeProcess)
	state.threads = make(map[int]*threadState)
	return nil
}

// setUp takes over SIGSYS where the action wants it, and gives it back if the
// filter cannot be installed.
func setUp(c Config, initial SyscallSandboxPolicy) error {
	warmUp()
	release := func() {}
	if c.Action != ActionKillProcess {
		var err error
		if release, err = takeSIGSYS(c, chain{}.then(initial, ScopeProcess), state.refusal); err != nil {
			release()
			return err
		}
	}
	err := putOnProcess(initial, c.Action)
	if err != nil {
		release()
	}
	return err
}

func (c Config) check(initial SyscallSandboxPolicy) error {
	if err := initial.errFor(ScopeProcess); err != nil {
		return err
	}
	if err := (chain{}).fits(initial, ScopeProcess, c.Action); err != nil {
		return err
	}
	from := chain{}.then(initial, ScopeProcess)
	errs := make([]error, 0, len(c.Policies))
	for _, p := range c.Policies {
		err := from.check(p, ScopeThread)
		if err == nil {
			err = from.fits(p, ScopeThread, c.Action)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// SetProcessPolicy narrows every thread of the process, those to come included,
// for good. Call it when start-up is done, with the union of what all later
// phases and all goroutines of all packages need, and before the first policy of
// a single thread: the kernel spreads filters only to threads that have the
// caller's own.
//
// Errors: [ErrNotSetUp], [ErrSealed], [ErrThreadsOnly], [ErrHandlerGone], [ErrNoInstance],
// *[PolicyError], *[TransitionError], *[DivergedError] with the threads that have a policy of their own, and those of
// installing, as for [SetupSyscallSandbox]. After an error nothing has changed.
func SetProcessPolicy(p SyscallSandboxPolicy) error {
	// The last thing that a role does is to tell its end, and only then it ends: so
	// threads in the way get a moment.
	err := narrowProcess(p)
	for range 20 {
		var diverged *DivergedError
		if !errors.As(err, &diverged) {
			break
		}
		time.Sleep(5 * time.Millisecond)
		err = narrowProcess(p)
	}
	return err
}

func narrowProcess(p SyscallSandboxPolicy) error {
	if err := p.errFor(ScopeProcess); err != nil {
		return err
	}
	state.mu.Lock()
	defer state.mu.Unlock()
	if !state.ready {
		return ErrNotSetUp
	}
	if err := state.process.check(p, ScopeProcess); err != nil {
		return err
	}
	if state.action != UnsafeActionOff {
		if err := checkHandler(); err != nil {
			return err
		}
		if diverged := divergedThreads(); len(diverged) > 0 {
			return &DivergedError{Policy: p.String(), Threads: diverged}
		}
		if err := putOnProcess(p, state.action); err != nil {
			return err
		}
	}
	state.process = state.process.then(p, ScopeProcess)
	return nil
}

// putOnProcess compiles and installs a policy on every thread.
func putOnProcess(p SyscallSandboxPolicy, a SyscallSandboxAction) error {
	instance, err := addInstance(state.process.then(p, ScopeProcess), "", guards(p, a))
	if err != nil {
		return err
	}
	program, err := compile(p, ScopeProcess, a, instance)
	if err == nil {
		err = installEverywhere(program)
	}
	if err != nil {
		removeInstance(instance)
	}
	return err
}

// installEverywhere is installProcess, but waits for threads that are about to exit.
func installEverywhere(p *seccomp.Program) error {
	err := installProcess(p)
	for range exitPatience {
		if !blockedByExit(err) {
			break
		}
		time.Sleep(time.Millisecond)
		err = installProcess(p)
	}
	return err
}

// exitPatience is how many milliseconds SetProcessPolicy waits for threads of Go
// that have nothing left to do but exit.
const exitPatience = 1000

// blockedByExit reports whether the kernel passed no filter on because of a
// thread that is about to exit, or by now has.
func blockedByExit(err error) bool {
	var sync *seccomp.ThreadSyncError
	if !errors.As(err, &sync) {
		return false
	}
	t := state.threads[sync.TID]
	return t != nil && t.ended || !threadExists(sync.TID)
}

// compile binds a policy to the instance that reports of its violations name.
func compile(p SyscallSandboxPolicy, s Scope, a SyscallSandboxAction, instance uint16) (*seccomp.Program, error) {
	r := state.refusal
	r.trap = seccomp.Trap(instance)
	f, err := p.filter(s, a, r)
	if err != nil {
		return nil, err
	}
	return f.Compile()
}

// guards reports whether the handler of SIGSYS answers attempts to replace it with
// EPERM: where the policy permits a vfork, whose child resets all handlers, it cannot,
// and the program goes on.
func guards(p SyscallSandboxPolicy, a SyscallSandboxAction) bool {
	return a == ActionDeny && !p.makesProcesses()
}

// checkHandler notices if SIGSYS has been taken away since setup.
func checkHandler() error {
	if state.action == ActionKillProcess {
		return nil
	}
	there, err := hooked()
	if err == nil && !there {
		return ErrHandlerGone
	}
	return err
}

// Enabled reports whether a refused call is really refused: false before
// [SetupSyscallSandbox] and with the actions called Unsafe.
func Enabled() bool {
	state.mu.Lock()
	defer state.mu.Unlock()
	return state.ready && state.action < UnsafeActionAllow
}

// installs reports whether policies become filters.
func installs() bool {
	state.mu.Lock()
	defer state.mu.Unlock()
	return state.ready && state.action != UnsafeActionOff
}

// TestDisallowedSandboxCall makes a call that every built-in policy refuses,
// getgroups(2), on the calling thread: to see in a running program what a
// violation looks like. With the killing actions it does not return. It returns
// nil if the call was answered by an errno, and an error that wraps
// [ErrExecuted] if it was executed.
func TestDisallowedSandboxCall() error {
	executed, err := callGetgroups()
	switch {
	case err != nil:
		return err
	case !executed:
		return nil
	case !Enabled():
		return fmt.Errorf("%w: the sandbox is not set up, or its action refuses nothing", ErrExecuted)
	default:
		return fmt.Errorf("%w: the policies in force allow it", ErrExecuted)
	}
}
