// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// What a kernel without one of the flags answers, said by an outer filter.

func init() { installChildren["oldKernel"] = oldKernelChild }

// flagged are installations by the flags that the kernel sees.
var flagged = []struct {
	flags   uint32
	install func() error
}{
	{abi.FlagTSync, func() error { return seccomp.SetFilter(refuseGetgroups(), seccomp.TSync) }},
	{abi.FlagTSync | abi.FlagTSyncESRCH, func() error { return seccomp.SetFilter(refuseGetgroups(), seccomp.TSync|seccomp.TSyncESRCH) }},
	{abi.FlagLog, func() error { return seccomp.SetFilter(refuseGetgroups(), seccomp.LogAll) }},
	{abi.FlagSpecAllow, func() error { return seccomp.SetFilter(refuseGetgroups(), seccomp.UnsafeSpecAllow) }},
	{abi.FlagNewListener, withListener(0)},
	{abi.FlagNewListener | abi.FlagTSync | abi.FlagTSyncESRCH, withListener(seccomp.TSync)},
	{abi.FlagNewListener | abi.FlagWaitKillableRecv, withListener(seccomp.WaitKillableRecv)},
}

func withListener(f seccomp.Flags) func() error {
	return func() error {
		l, err := seccomp.SetFilterWithListener(refusing(seccomp.UserNotif, "getpgrp"), f)
		check((l == nil) == (err != nil), "%v, %v", l, err)
		return err
	}
}

var unknown = map[string]uint32{
	"TSYNC": abi.FlagTSync, "LOG": abi.FlagLog, "SPEC_ALLOW": abi.FlagSpecAllow, "NEW_LISTENER": abi.FlagNewListener,
	"TSYNC_ESRCH": abi.FlagTSyncESRCH, "WAIT_KILLABLE_RECV": abi.FlagWaitKillableRecv,
}

// oldKernelChild: whoever asks for the flag gets a typed error, stays unlocked, and no thread has
// a filter more, nor the process a descriptor.
func oldKernelChild() {
	flag := unknown[testproc.Args()[0]]
	refusal := seccomp.Rule{Call: "seccomp", Action: seccomp.Errno(uint16(unix.EINVAL)),
		When: []seccomp.Cond{seccomp.Arg32(0).Is(abi.SetModeFilter), seccomp.Arg32(1).Masked(uint64(flag), uint64(flag))}}
	p, err := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Allow, Rules: []seccomp.Rule{refusal}}.Compile()
	must(err)
	runtime.LockOSThread()
	noNewPrivs()
	must(seccomp.SetFilter(p, seccomp.TSync))
	runtime.UnlockOSThread()
	before, open := filterCounts(), descriptors()
	check(len(before) == 1, "%v", before)
	asked := 0
	for _, q := range flagged {
		if q.flags&flag == 0 {
			continue
		}
		asked++
		done := make(chan bool)
		go func() {
			err := q.install()
			check(errors.Is(err, errors.ErrUnsupported) && installErrno(err) == syscall.EINVAL, "flags %#x: %v", q.flags, err)
			done <- locked()
		}()
		check(!<-done, "flags %#x: the goroutine is locked", q.flags)
		check(slices.Equal(before, filterCounts()) && descriptors() == open, "flags %#x: filters %v, before %v; %d descriptors, before %d",
			q.flags, filterCounts(), before, descriptors(), open)
	}
	check(asked > 0, "nobody asks for %#x", flag)
	onThread(func() {
		must(seccomp.SetFilter(refuseGetgroups(), 0))
		check(refused(), "the filter does nothing")
	})
}

// filterCounts are the numbers of filters that threads have.
func filterCounts() []string {
	counts := make(map[string]bool)
	tasks, err := filepath.Glob("/proc/self/task/*/status")
	must(err)
	for _, task := range tasks {
		if _, err := os.Stat(task); err == nil {
			counts[status(task, "Seccomp")+" "+status(task, "Seccomp_filters")] = true
		}
	}
	return slices.Sorted(maps.Keys(counts))
}

func TestOldKernels(t *testing.T) {
	testproc.Require(t, testproc.Seccomp)
	for flag := range unknown {
		t.Run(flag, func(t *testing.T) { testproc.Run(t, "oldKernel", flag).ExpectExit(t, 0) })
	}
}
