// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"errors"
	"maps"
	"runtime"
	"slices"
	"syscall"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/judge"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A kernelBehaviour is something that the kernel does and that this package, or who
// uses it, relies on. TestKernelBehaviour/NAME shows it.
type kernelBehaviour struct {
	name  string
	since testproc.Version // of Linux that does so; {} is older than what this library supports
	what  string           // the kernel does
	child func()           // shows it: a child process that exits with 0
	end   syscall.Signal   // or is ended by this
	user  bool             // as an ordinary user too
	test  func(*testing.T) // if one child is not enough
}

// kernelBehaviours is what package seccomp's documents say of the kernel, by what it does.
var kernelBehaviours = slices.Concat(filterBehaviours, notifyBehaviours)

var filterBehaviours = []kernelBehaviour{
	// Who may install a filter, and what no_new_privs is.
	{name: "no-new-privs-required", what: "refuses a filter with EACCES where neither no_new_privs is set nor the thread has CAP_SYS_ADMIN", test: requiredOfUsers},
	{name: "no-new-privs-stays", what: "never clears no_new_privs, and threads, forked and executed processes inherit it", child: noNewPrivsStays, user: true},
	{name: "no-new-privs-of-one-thread", what: "sets no_new_privs on the calling thread alone", child: noNewPrivsOfOneThread, user: true},
	{name: "tsync-no-new-privs", what: "gives no_new_privs to every thread that TSYNC brings a filter to", child: tsyncNoNewPrivs, user: true},

	// What is a filter.
	{name: "program-length", what: "takes 1 to 4096 instructions, EINVAL else", child: programLength},
	{name: "program-null", what: "answers EFAULT to an address that is none", child: programNull},
	{name: "program-refused", what: "refuses instructions that reach outside of struct seccomp_data, jump out of the program, divide by 0, use words never written, or do not end", child: programRefused},
	{name: "chain-limit", what: "takes filters of a thread up to 32768 instructions as it converts them, 4 more for each that is there; ENOMEM beyond", child: chainLimit},
	{name: "prctl", what: "takes a filter by prctl(PR_SET_SECCOMP) as well, on one thread", child: byPrctl, user: true},
	{name: "get-filter", since: testproc.Version{Major: 4, Minor: 4}, what: "gives a filter back as it was installed to a tracer with CAP_SYS_ADMIN (where it can checkpoint processes), and to no other", child: getFilter, user: true},

	// What a filter sees.
	{name: "arguments", what: "shows all six arguments, 64 bits each, the low word first", child: argumentsSeen},
	{name: "arguments-copied", what: "does not follow pointers: what they point to decides nothing", child: pointersSeen},
	{name: "instruction-pointer", what: "shows the address after the call instruction", child: pointerSeen},
	{name: "i386", what: "shows a call by int 0x80 as i386's, with i386's number; a Filter kills", test: compatSeen},
	{name: "x32", what: "shows an x32 call as amd64's with bit 30 set, whether it has x32 or not; a Filter kills", test: x32Seen},
	{name: "minus-one", since: testproc.Version{Major: 5, Minor: 9}, what: "asks about number -1 too, which is no call: ENOSYS if allowed; a Filter kills", test: minusOneSeen},
	{name: "unknown-number", what: "asks about numbers that are no calls, and answers ENOSYS where they are allowed", child: unknownNumber},
	{name: "vsyscall", what: "asks about the calls that it emulates at a fixed address, time(2) among them; the address shown is that", test: vsyscallSeen},
	{name: "restart", what: "asks about restart_syscall(2), by which it resumes a sleep after a stop signal", test: restartSeen},

	// What it does then.
	{name: "errno", what: "lets the call fail without executing it", child: errnoAnswers, user: true},
	{name: "errno-zero", what: "lets the call seem to succeed with result 0 for an errno of 0", child: errnoZero},
	{name: "errno-clamped", what: "takes 4095 for errnos above it, not a result", child: errnoClamped},
	{name: "allow-data", what: "ignores the data of an Allow", child: allowData},
	{name: "log", since: testproc.Log.Since, what: "executes what is answered Log", child: logExecutes},
	{name: "unknown-action", since: testproc.KillProcess.Since, what: "kills the process for an answer that it does not know", child: unknownAction, end: unix.SIGSYS},
	{name: "kill-process", since: testproc.KillProcess.Since, what: "ends all threads, handler or not", child: killWithHandler, end: unix.SIGSYS},
	{name: "kill-thread", what: "ends one thread and leaves the others, without a word", child: killOneThread},
	{name: "kill-last-thread", what: "ends a process by SIGSYS whose only thread is killed", child: killLastThread},
	{name: "trap-siginfo", what: "raises SIGSYS with si_code SYS_SECCOMP, the data, the address, the number and the architecture", child: trapSiginfo, user: true},
	{name: "trap-result", what: "restores RAX to the number before the handler, and returns to the program what the handler leaves there", child: trapResult},
	{name: "trap-blocked", what: "kills a thread that has SIGSYS blocked by the signal, handler or not", child: trapBlocked, end: unix.SIGSYS},
	{name: "trap-ignored", what: "kills a process that ignores SIGSYS", child: trapIgnored, end: unix.SIGSYS},
	{name: "trace-without-tracer", what: "answers ENOSYS where nobody traces", child: traceWithoutTracer},
	{name: "trace", since: testproc.Version{Major: 4, Minor: 8}, what: "stops for the tracer, tells it the data, lets it skip the call, set its result and change its number, and asks the filters again then", child: traced},
	{name: "notification-without-listener", since: testproc.UserNotif.Since, what: "answers ENOSYS where the filter has no listener", child: notifiedWithoutListener},

	// Several filters.
	{name: "precedence", since: testproc.UserNotif.Since, what: "takes the strictest answer of all filters, in whatever order they were installed", child: precedence},
	{name: "precedence-kill-process", since: testproc.UserNotif.Since, what: "puts KillProcess above all", test: precedenceOfKilling},
	{name: "newest-data", what: "takes the data of the filter installed last where several answer alike", child: newestData},
	{name: "status", since: testproc.SeccompFiltersField.Since, what: "shows mode and number of filters in /proc/PID/status", child: statusShown},

	// Threads and processes.
	{name: "one-thread", what: "filters the calling thread alone", child: threadChild, user: true},
	{name: "fork-inherits", what: "filters the processes that a filtered thread forks", child: forkInherits, user: true},
	{name: "execve-inherits", what: "keeps filters over execve(2)", child: execInherits, user: true},
	{name: "tsync", what: "filters all threads at once, and those started later", child: tsyncChild, user: true},
	{name: "tsync-chain", what: "brings all filters of the calling thread along, to threads whose own are among them", child: tsyncChain},
	{name: "tsync-diverged", what: "returns the id of a thread with filters of its own, with no errno, and installs nothing", child: divergedChild, user: true},
	{name: "tsync-esrch", since: testproc.TSyncESRCH.Since, what: "says ESRCH instead where asked to", child: divergedESRCH},
	{name: "tsync-diverged-ended", what: "minds a thread no more that has ended", child: tsyncAfterEnd},
	{name: "tsync-strict", what: "cannot bring a filter to a thread in strict mode", child: tsyncStrict},

	// Strict mode.
	{name: "strict", what: "lets a thread in strict mode read, write and exit", child: strictAllows, user: true},
	{name: "strict-kills", what: "ends the thread by SIGKILL for any other call, exit_group(2) and getpid(2) too", child: strictKills},
	{name: "strict-then-filter", what: "kills a thread in strict mode that asks for a filter", child: strictThenFilter},
	{name: "filter-then-strict", what: "refuses strict mode to a filtered thread with EINVAL", child: filterThenStrict},
	{name: "strict-thread", what: "ends the thread and not the process", child: strictThread},

	// Questions and flags.
	{name: "action-available", since: testproc.ActionAvail.Since, what: "says of each action whether it has it, and EOPNOTSUPP to one that nobody has", child: actionsAvailable},
	{name: "action-data", since: testproc.ActionAvail.Since, what: "does not know an action with data in it, so the question is put without", child: actionsWithData},
	{name: "unknown-operation", what: "answers EINVAL to an operation or flag that it does not know, and to flags where none belong", child: unknownOperations},
	{name: "unknown-flags", what: "answers EINVAL to unknown flags of a filter, and installs nothing", child: unknownFlags},
	{name: "log-flag", since: testproc.Log.Since, what: "takes FILTER_FLAG_LOG and answers as without it", child: logFlag},
	{name: "spec-allow", since: testproc.SpecAllow.Since, what: "leaves the mitigation of speculative store bypass as it is with FILTER_FLAG_SPEC_ALLOW", child: specAllow},
	{name: "notification-sizes", since: testproc.UserNotif.Since, what: "says how long a listener's structures are; they only grow", child: notificationSizes},
	{name: "sealed", what: "filters seccomp(2) itself: a filter can be the last", child: refusedChild},
}

func TestKernelBehaviour(t *testing.T) {
	seen := make(map[string]bool)
	for _, b := range kernelBehaviours {
		if seen[b.name] || b.what == "" || (b.child == nil) == (b.test == nil) {
			t.Errorf("row %q: a name that is taken, no text, or not one of child and test", b.name)
		}
		seen[b.name] = true
		t.Run(b.name, func(t *testing.T) {
			testproc.Require(t, testproc.Seccomp)
			testproc.Require(t, testproc.Feature{Name: b.name, Since: b.since})
			if b.test != nil {
				b.test(t)
				return
			}
			b.run(t, false)
			if b.user {
				b.run(t, true)
			}
		})
	}
}

func (b kernelBehaviour) run(t *testing.T, ordinary bool) {
	t.Helper()
	r := testproc.Cmd{Name: behaviourChild + b.name, OrdinaryUser: ordinary, Env: quiet}.Run(t)
	if b.end != 0 {
		r.ExpectSignal(t, b.end)
	} else {
		r.ExpectExit(t, 0)
	}
	if r.Stdout != "" {
		t.Log(r.Stdout)
	}
}

// behaviourChild begins the name of a row's child.
const behaviourChild = "kernel/"

// quiet is the environment of a child whose threads Go must not interrupt: what a
// thread in strict mode, or one that is killed, does last is its test's to say.
var quiet = []string{"GODEBUG=asyncpreemptoff=1"}

func behaviourChildren() map[string]func() {
	children := make(map[string]func())
	for _, b := range kernelBehaviours {
		if b.child != nil {
			children[behaviourChild+b.name] = b.child
		}
	}
	maps.Copy(children, moreChildren)
	return children
}

// moreChildren are those of rows with more than one, and children of children.
var moreChildren = map[string]func(){
	"kernel.required":   noNewPrivsChild,
	"kernel.executed":   executedChild,
	"kernel.tracee":     tracee,
	"kernel.i386":       compatChild,
	"kernel.killI386":   killCompatChild,
	"kernel.x32":        x32Child,
	"kernel.killX32":    killX32Child,
	"kernel.minusOne":   minusOneChild,
	"kernel.killMinus":  killMinusOneChild,
	"kernel.vsyscall":   vsyscallChild,
	"kernel.sleep":      sleepChild,
	"kernel.precedence": precedenceOfKillingChild,
}

// raw programs have what no Filter compiles to.
type raw = bpf.RawInstruction

func ret(answer uint32) raw { return raw{Op: 0x06, K: answer} }

// load is BPF_LD | BPF_W | BPF_ABS, and unless BPF_JMP | BPF_JEQ | BPF_K that goes on to the next
// instruction if the word loaded is k, and else over n.
func load(off uint32) raw          { return raw{Op: 0x20, K: off} }
func unless(k uint32, n uint8) raw { return raw{Op: 0x15, Jf: n, K: k} }
func only(nr, answer uint32) []raw {
	return []raw{load(abi.OffNr), unless(nr, 1), ret(answer), ret(abi.RetAllow)}
}
func asked(answer uint32) []raw     { return only(unix.SYS_GETPGRP, answer) }
func ask() (uintptr, syscall.Errno) { return rawCall(unix.SYS_GETPGRP) }
func rawCall(nr uintptr) (uintptr, syscall.Errno) {
	r, _, errno := unix.RawSyscall6(nr, 0, 0, 0, 0, 0, 0)
	return r, errno
}

// onFiltered runs fn on a thread of its own, after putting the programs on it, the
// first one first.
func onFiltered(fn func(), programs ...[]raw) {
	onThread(func() {
		noNewPrivs()
		for _, code := range programs {
			install(code, 0)
		}
		fn()
	})
}

func install(code []raw, flags uintptr) uintptr {
	r, errno := judge.Install(code, flags)
	check(errno == 0, "the kernel refuses %d instructions, the first %v: %v", len(code), code[:min(len(code), 8)], errno)
	return r
}

// answers checks what getpgrp(2) does on a thread with the programs.
func answers(want syscall.Errno, programs ...[]raw) {
	onFiltered(func() {
		_, errno := ask()
		check(errno == want, "getpgrp: %v, want %v", errno, want)
	}, programs...)
}

// ends waits until a thread of this process is no more.
func ends(tid int) {
	for unix.Tgkill(unix.Getpid(), tid, 0) == nil {
		runtime.Gosched()
	}
}

// fork runs calls in a process of their own and returns how it ended.
func fork(calls ...seccomp.Call) (*judge.Forked, unix.WaitStatus) {
	f, err := judge.Fork(calls...)
	check(err == nil, "fork: %v", err)
	status, err := f.Wait()
	check(err == nil, "wait: %v", err)
	return f, status
}

func nrCall(nr uint32, args ...uint64) seccomp.Call {
	c := seccomp.Call{Arch: abi.AuditArchX86_64, Nr: nr}
	copy(c.Args[:], args)
	return c
}

func isErrno(result int64, errno syscall.Errno) bool { return result == -int64(errno) }

func installErrno(err error) syscall.Errno {
	var e *seccomp.InstallError
	check(errors.As(err, &e), "%v is no InstallError", err)
	return syscall.Errno(e.Errno)
}
