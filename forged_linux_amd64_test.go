// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"encoding/binary"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

func init() { children["forged"] = forged }

// forged sends this thread a SIGSYS that says it is seccomp's. Every policy
// refuses rt_tgsigqueueinfo, so the handler is taken over without a filter here:
// that is what a program looks like to code that got around the filter.
func forged() {
	runtime.LockOSThread()
	if _, err := sandbox.HookSIGSYS(sandbox.ActionInvokeSignalHandler); err != nil {
		testproc.Fail("%v", err)
	}
	index, err := sandbox.AddInstance(sandbox.PolicyNet, "forged")
	must(err)
	var info [128]byte // siginfo_t: include/uapi/asm-generic/siginfo.h
	put := func(offset int, v uint32) { binary.LittleEndian.PutUint32(info[offset:], v) }
	put(0, uint32(unix.SIGSYS))
	put(4, uint32(index))
	put(8, 1) // SYS_SECCOMP
	put(24, unix.SYS_GETGROUPS)
	put(28, abi.AuditArchX86_64)
	switch testproc.Args()[0] {
	case "address": // of the call: not where the thread goes on
		put(16, 0x1234)
	case "code":
		put(8, 0xffffffff) // SI_QUEUE
	case "architecture":
		put(28, abi.AuditArchI386)
	}
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_TGSIGQUEUEINFO, uintptr(unix.Getpid()), uintptr(unix.Gettid()),
		uintptr(unix.SIGSYS), uintptr(unsafe.Pointer(&info)), 0, 0)
	testproc.Fail("survived: %v", errno)
}

// A forged signal is the runtime's to handle: no report claims a violation.
func TestForgedSIGSYSGoesToGo(t *testing.T) {
	for _, lie := range []string{"address", "code", "architecture"} {
		t.Run(lie, func(t *testing.T) {
			t.Parallel()
			r := testproc.Run(t, "forged", lie).ExpectExit(t, 2)
			if strings.Contains(r.Stderr, "ERROR:") || !strings.Contains(r.Stderr, "SIGSYS: bad system call") {
				t.Error(r.Stderr)
			}
		})
	}
}
