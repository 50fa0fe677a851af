// SPDX-License-Identifier: MIT

package judge

import (
	"encoding/binary"
	"sync/atomic"
	"unsafe" // rt_sigaction(2) takes a pointer to the structure built here

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// caught is what the handler has seen last; sigsys_linux_amd64.s fills it in.
var caught struct {
	count  uint64
	info   [32]byte // the first bytes of the siginfo_t
	rax    uint64   // as saved, which the handler replaces by answer
	rip    uint64
	answer uint64
}

func sigsysPC() uintptr
func restorerPC() uintptr

// CatchSIGSYS puts a handler in place of Go's for the process that lets every trapped
// call return the answer. It is assembly from end to end: any thread may be trapped
// anywhere.
func CatchSIGSYS(answer int64) error {
	caught.answer = uint64(answer)
	return action(sigsysPC())
}

// IgnoreSIGSYS sets the signal's disposition to SIG_IGN for the process; os/signal cannot.
func IgnoreSIGSYS() error { return action(1) }

func action(handler uintptr) error {
	// struct kernel_sigaction (arch/x86/include/asm/signal.h): SA_RESTORER is not optional on amd64.
	sa := struct{ handler, flags, restorer, mask uintptr }{handler, saSiginfo | saOnStack | saRestorer, restorerPC(), 0}
	if _, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, abi.SIGSYS, uintptr(unsafe.Pointer(&sa)), 0, unsafe.Sizeof(sa.mask), 0, 0); errno != 0 {
		return errno
	}
	return nil
}

const (
	saSiginfo  = 0x4
	saRestorer = 0x4000000
	saOnStack  = 0x8000000
)

// A Signal is a SIGSYS as the handler of CatchSIGSYS got it.
type Signal struct {
	Signo, Errno, Code int32
	CallAddr           uint64
	Syscall            int32
	Arch               uint32
	RAX, RIP           uint64 // saved, before the answer
}

// Caught returns how many signals there were, and the last. No thread may be trapped
// meanwhile.
func Caught() (uint64, Signal) {
	at := func(off int) uint32 { return binary.LittleEndian.Uint32(caught.info[off:]) }
	return atomic.LoadUint64(&caught.count), Signal{
		Signo:    int32(at(abi.OffSigno)),
		Errno:    int32(at(abi.OffErrno)),
		Code:     int32(at(abi.OffCode)),
		CallAddr: binary.LittleEndian.Uint64(caught.info[abi.OffCallAddr:]),
		Syscall:  int32(at(abi.OffSyscall)),
		Arch:     at(abi.OffSigArch),
		RAX:      caught.rax,
		RIP:      caught.rip,
	}
}

// BlockAll blocks every signal on the calling thread and returns what puts the mask back.
func BlockAll() (restore func(), err error) {
	all, old := unix.Sigset_t{}, unix.Sigset_t{}
	for i := range all.Val {
		all.Val[i] = ^uint64(0)
	}
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &all, &old); err != nil {
		return nil, err
	}
	return func() { _ = unix.PthreadSigmask(unix.SIG_SETMASK, &old, nil) }, nil
}
