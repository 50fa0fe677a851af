// SPDX-License-Identifier: MIT

package judge

import (
	"runtime"
	"slices"
	"unsafe" // the assembly reads the structures built here

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A Forked is a process that makes a list of calls and nothing else. It has one thread
// and runs no Go, so that it can live, and die, in ways that no Go process can.
type Forked struct {
	PID   int
	calls []probeCall
	args  []seccomp.Call
}

func fork(calls *probeCall, n uint64) int64

// Fork starts a process that makes the calls one after the other and then ends with
// exit code 0. It is a copy of this one: pointers in the arguments and open files
// are its own too. Signals are blocked in it.
func Fork(calls ...seccomp.Call) (*Forked, error) {
	f := &Forked{args: slices.Clone(calls)}
	size := (len(calls) + 1) * int(unsafe.Sizeof(probeCall{}))
	shared, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, err
	}
	f.calls = unsafe.Slice((*probeCall)(unsafe.Pointer(&shared[0])), len(calls)+1)[:len(calls)]
	for i, c := range calls {
		f.calls[i] = probeCall{nr: uint64(c.Nr), args: c.Args, result: NotMade}
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	restore, err := BlockAll()
	if err != nil {
		return nil, err
	}
	defer restore()
	pid := fork(unsafe.SliceData(f.calls), uint64(len(calls)))
	if pid < 0 {
		return nil, unix.Errno(-pid)
	}
	f.PID = int(pid)
	return f, nil
}

// NotMade is the result of a call that has not been made, or has not returned.
const NotMade = -1 << 63

// Result is what the kernel left in RAX after call i.
func (f *Forked) Result(i int) int64 { return f.calls[i].result }

// Wait waits for the end of the process.
func (f *Forked) Wait() (unix.WaitStatus, error) {
	var status unix.WaitStatus
	for {
		if _, err := unix.Wait4(f.PID, &status, 0, nil); err != unix.EINTR {
			return status, err
		}
	}
}
