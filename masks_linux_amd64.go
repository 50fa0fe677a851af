// SPDX-License-Identifier: MIT

package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A trap on a thread that blocks SIGSYS kills the process without a word
// (kernel/signal.c force_sig_info_to_task), and the Go runtime blocks all signals while
// it makes a thread, ends one or forks; so does a C library. Where the program is to go on after a trap, no thread may block SIGSYS,
// from the first filter on. But the call by which a thread ends its blocking must not
// trap either, if it had blocked all before the filter came. So:
//
//  1. On a thread of its own, under a filter that traps rt_sigprocmask, see which sets
//     the runtime blocks by: their addresses.
//  2. On all threads, trap what blocks by these sets, and what asks for the old mask,
//     as code does that will restore it: the handler leaves SIGSYS out.
//  3. Wait until no thread blocks SIGSYS. Those that would for ever get a signal whose
//     handler takes it out of their mask.
//  4. Trap SIG_BLOCK too, by which the C library blocks once more inside of 2. Wait
//     again.
//
// From then on every call that can block SIGSYS traps: refusal.sigprocmask.

// blockers are the addresses of sets by which the Go runtime wanted to block SIGSYS, as
// the handler saw them. Those of a C library are on stacks, and mean nothing later.
var (
	blockers [8]uint64
	//lint:ignore U1000 read by answer_linux_amd64.s
	goCode codeRange
)

// unblockerEntry is the address of a signal handler that takes SIGSYS out of the
// thread's mask.
func unblockerEntry() uintptr

// neverBlockSIGSYS sees to it that no thread blocks SIGSYS, from now on. The handler
// is in place, and observeBlocking has been here. What it installs stays, and changes
// nothing but that.
func neverBlockSIGSYS(trap seccomp.Action, r refusal) error {
	sets := observedSets()
	const sigBlock, sigSetmask = 0, 2
	how, set, old := seccomp.Arg32(0), seccomp.Arg64(1), seccomp.Arg64(2)
	for _, when := range [][][]seccomp.Cond{
		{{how.Is(sigSetmask), set.Is(sets...)}, {how.Is(sigSetmask), set.Not(0), old.Not(0)}},
		{{how.Is(sigBlock), set.Not(0)}},
	} {
		if err := trapBlocking(trap, r, when); err != nil {
			return err
		}
		if err := unblockThreads(); err != nil {
			return err
		}
	}
	return nil
}

// trapBlocking traps rt_sigprocmask under any of the conditions, on every thread.
func trapBlocking(trap seccomp.Action, r refusal, when [][]seccomp.Cond) error {
	ip := seccomp.UnsafeIP()
	rules := []seccomp.Rule{{Call: "rt_sigprocmask", When: []seccomp.Cond{ip.Is(r.gate)}, Action: seccomp.Allow}}
	for _, c := range r.code {
		for _, conds := range when {
			conds = append([]seccomp.Cond{ip.Between(c.lo+1, c.hi)}, conds...)
			rules = append(rules, seccomp.Rule{Call: "rt_sigprocmask", When: conds, Action: trap})
		}
	}
	program, err := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Allow, Rules: rules}.Compile()
	if err != nil {
		return err
	}
	return installEverywhere(program)
}

func observedSets() (sets []uint64) {
	for i := range blockers {
		if set := atomic.LoadUint64(&blockers[i]); set != 0 {
			sets = append(sets, set)
		}
	}
	return sets
}

// observeBlocking has a thread fork, which its filter refuses, and end.
func observeBlocking(trap seccomp.Action, r refusal) error {
	program, err := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Allow, Rules: []seccomp.Rule{
		{Call: "rt_sigprocmask", When: []seccomp.Cond{seccomp.UnsafeIP().Is(r.gate)}, Action: seccomp.Allow},
		{Call: "rt_sigprocmask", When: []seccomp.Cond{seccomp.Arg64(1).Not(0)}, Action: trap},
		{Call: "clone", When: []seccomp.Cond{seccomp.Arg64(0).Masked(cloneThread, 0)}, Action: seccomp.Errno(abi.EPERM)},
	}}.Compile()
	if err != nil {
		return err
	}
	goCode = r.text // a C library blocks by sets on stacks, whose addresses come again
	done := make(chan error, 1)
	tid := 0
	goOffMain(func() {
		tid = threadID()
		err := installThread(program, "")
		if err == nil {
			_, err = syscall.ForkExec("/proc/self/exe", nil, nil)
			if errors.Is(err, unix.EPERM) {
				err = nil
			}
		}
		done <- err
	})
	// After an error too: the thread has a filter, which would be in the way of the next setup.
	err = <-done
	if gone := waitUntil(func() bool { return !threadExists(tid) }, "a thread of setup does not end"); err == nil {
		err = gone
	}
	if err != nil {
		return fmt.Errorf("sandbox: trying how the runtime blocks signals: %w", err)
	}
	if len(observedSets()) == 0 {
		return errors.New("sandbox: the Go runtime of this program blocks signals in a way that is not known: use ActionInvokeSignalHandler")
	}
	return nil
}

// unblockThreads waits until no thread blocks SIGSYS, and helps.
func unblockThreads() (err error) {
	var old sigactiont
	if err := sigaction(unix.SIGPROF, nil, &old); err != nil {
		return err
	}
	// Of the signals that the runtime never blocks for good, SIGPROF is the one whose
	// loss costs least: a profile misses some ticks.
	unblocker := old
	unblocker.handler = unblockerEntry()
	unblocker.mask = 0
	if old.handler <= 1 {
		return errors.New("sandbox: the Go runtime does not handle SIGPROF in this program: start it again with ActionInvokeSignalHandler")
	}
	if err := sigaction(unix.SIGPROF, &unblocker, nil); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sigaction(unix.SIGPROF, &old, nil)) }()
	clean := 0
	var unread error
	waited := waitUntil(func() bool {
		var blocking []int
		if blocking, unread = threadsBlocking(unix.SIGSYS); unread != nil {
			return true
		}
		for _, tid := range blocking {
			_ = unix.Tgkill(processID(), tid, unix.SIGPROF)
		}
		// One look can miss a thread that was born while it lasted, to a parent that it
		// found unblocked by then.
		clean++
		if len(blocking) > 0 {
			clean = 0
		}
		return clean == 2
	}, "a thread blocks SIGSYS, and SIGPROF too: unblock it before setup, or start the program again with ActionInvokeSignalHandler")
	if unread != nil {
		return fmt.Errorf("%w: start the program again with ActionInvokeSignalHandler, which does without /proc", unread)
	}
	return waited
}

// threadsBlocking lists the threads whose mask has the signal: proc_pid_status(5), SigBlk.
// Workers of io_uring, which block all for good, make no calls.
func threadsBlocking(s unix.Signal) (tids []int, err error) {
	names, err := taskNames()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		status, err := readFile("/proc/self/task/" + name + "/status")
		if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if bytes.HasPrefix(status, []byte("Name:\tiou-")) {
			continue
		}
		_, after, _ := bytes.Cut(status, []byte("SigBlk:\t"))
		digits, _, _ := bytes.Cut(after, []byte("\n"))
		mask, _ := strconv.ParseUint(string(digits), 16, 64)
		if tid, err := strconv.Atoi(name); err == nil && mask>>(s-1)&1 != 0 {
			tids = append(tids, tid)
		}
	}
	return tids, nil
}

// waitUntil asks every millisecond, for ten seconds.
func waitUntil(ok func() bool, complaint string) error {
	for range 10_000 {
		if ok() {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return errors.New("sandbox: " + complaint)
}
