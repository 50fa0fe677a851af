// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"errors"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/judge"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func init() {
	installChildren["self"] = selfChild
	installChildren["room"] = roomChild
}

// Random filters with conditions, asked of the kernel.
func TestRandomConditionsKernel(t *testing.T) {
	testproc.Require(t, testproc.KillProcess)
	for seed := range uint64(generated) {
		m := newMaker(seed).withoutIP()
		f := m.filter()
		calls := m.calls()
		f, p := compileSound(t, f, calls)
		f, p = f.ForPID(self), p.ForPID(self)
		for i, ret := range judge.Answers(t, p, calls) {
			if want, _ := f.Decide(calls[i]); ret != want.Value() {
				t.Fatalf("seed %d: %v: the kernel says %#x, the filter %v\n%v", seed, calls[i], ret, want, p)
			}
		}
	}
}

// selfChild: SetFilter puts the process id in.
func selfChild() {
	onThread(func() {
		noNewPrivs()
		p, err := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Allow, Rules: []seccomp.Rule{
			{Call: "kill", When: []seccomp.Cond{seccomp.Arg32(0).IsSelf()}, Action: seccomp.Allow},
			{Call: "kill", Action: seccomp.Errno(uint16(marker))},
			{Call: "tgkill", When: []seccomp.Cond{seccomp.Arg32(0).IsSelf()}, Action: seccomp.Allow},
			{Call: "tgkill", Action: seccomp.Errno(uint16(marker))},
		}}.Compile()
		check(err == nil, "%v", err)
		check(seccomp.SetFilter(p, 0) == nil, "SetFilter")
		check(unix.Kill(unix.Getpid(), 0) == nil, "a process may not signal itself")
		check(unix.Tgkill(unix.Getpid(), unix.Gettid(), 0) == nil, "a process may not signal its own thread")
		for _, pid := range []int{unix.Getppid(), 0, -1, 1, -unix.Getpid(), unix.Getpid() + 1} {
			err := unix.Kill(pid, 0)
			check(err == marker, "kill(%d): %v", pid, err)
			err = unix.Tgkill(pid, unix.Gettid(), 0)
			check(err == marker, "tgkill(%d): %v", pid, err)
		}
	})
}

func TestSelfIsBoundAtInstall(t *testing.T) {
	testproc.Require(t, testproc.Seccomp)
	testproc.Run(t, "self").ExpectExit(t, 0)
}

// roomChild stacks filters of several shapes until the kernel has no room, and
// compares with what Converted predicts.
func roomChild() {
	shapes := []seccomp.Filter{
		{Default: seccomp.Allow, Unknown: seccomp.Allow},
		{Default: seccomp.Allow, Unknown: seccomp.Allow, Rules: []seccomp.Rule{{Call: "ptrace", Action: seccomp.Errno(1)}}},
		newMaker(3).filter(), newMaker(8).filter(), newMaker(21).filter(),
	}
	for _, f := range shapes {
		_, p := compileSound(noTest{}, permitAll(f), nil)
		onThread(func() {
			noNewPrivs()
			used, n := 0, 0
			for {
				fits := used+p.Converted() <= 32768
				err := seccomp.SetFilter(p, 0)
				if err != nil {
					check(errors.Is(err, seccomp.ErrChainFull), "%v", err)
					check(!fits, "filter %d of %d instructions: no room, predicted %d of 32768", n, p.Len(), used+p.Converted())
					return
				}
				check(fits, "filter %d of %d instructions: room, predicted %d of 32768", n, p.Len(), used+p.Converted())
				used, n = used+p.Converted()+4, n+1
			}
		})
	}
}

// permitAll keeps a filter's shape and lets everything through: each action becomes
// one that permits, still distinct from its neighbours.
func permitAll(f seccomp.Filter) seccomp.Filter {
	permit := func(a seccomp.Action) seccomp.Action {
		if a == seccomp.Allow {
			return a
		}
		return seccomp.Log
	}
	f.Default, f.Unknown = permit(f.Default), seccomp.Allow
	f.Rules = slices.Clone(f.Rules)
	for i := range f.Rules {
		f.Rules[i].Action = permit(f.Rules[i].Action)
	}
	return f
}

// noTest is a testing.TB for children.
type noTest struct{ testing.TB }

func (noTest) Helper() {}

func (noTest) Fatal(args ...any) { testproc.Fail("%v", args) }

func (noTest) Fatalf(format string, args ...any) { testproc.Fail(format, args...) }

func TestConvertedIsWhatTheKernelCounts(t *testing.T) {
	testproc.Require(t, testproc.Log)
	testproc.Run(t, "room").ExpectExit(t, 0)
}
