// SPDX-License-Identifier: MIT

package judge

import (
	"runtime"
	"syscall"
	"testing"
	"unsafe" // seccomp(2) takes pointers to the structures built here

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Verdicts returns for each program what the kernel says to it: 0 if it would
// install it, or the errno. None of them is put in force.
//
// The child asks for the whole process while a thread of it has a filter of its own:
// the kernel checks the program first and the threads after that, so that a good
// program ends in the positive return of a failed TSYNC, and only that.
func Verdicts(t testing.TB, progs [][]bpf.RawInstruction) []syscall.Errno {
	t.Helper()
	var verdicts []syscall.Errno
	ask(t, childVerdict, progs, &verdicts)
	if len(verdicts) != len(progs) {
		t.Fatalf("judge: %d verdicts on %d programs", len(verdicts), len(progs))
	}
	return verdicts
}

func verdictChild() {
	var progs [][]bpf.RawInstruction
	receive(&progs)
	diverge()
	runtime.LockOSThread()
	if err := seccomp.SetNoNewPrivs(); err != nil {
		testproc.Fail("%v", err)
	}
	verdicts := make([]syscall.Errno, len(progs))
	for i, code := range progs {
		verdicts[i] = verdict(code)
	}
	reply(verdicts)
}

// diverge starts a thread with a filter of its own that allows everything.
func diverge() {
	ready := make(chan error)
	go func() {
		p, err := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Allow}.Compile()
		if err == nil {
			runtime.LockOSThread()
			err = seccomp.SetNoNewPrivs()
		}
		if err == nil {
			err = seccomp.SetFilter(p, 0)
		}
		ready <- err
		select {}
	}()
	if err := <-ready; err != nil {
		testproc.Fail("%v", err)
	}
}

func verdict(code []bpf.RawInstruction) syscall.Errno {
	prog := sockFprog(code)
	r1, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, abi.SetModeFilter, abi.FlagTSync, uintptr(unsafe.Pointer(prog)))
	runtime.KeepAlive(prog)
	if errno == 0 && r1 == 0 {
		testproc.Fail("a program was installed")
	}
	return errno
}
