// SPDX-License-Identifier: MIT

package sandbox

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// supported asks the kernel by calls that cannot succeed and change nothing.
func supported() error {
	for _, a := range []seccomp.Action{seccomp.KillProcess, seccomp.Trap(0), seccomp.Errno(1)} {
		err := seccomp.ActionAvailable(a)
		if errors.Is(err, seccomp.ErrRefused) {
			return fmt.Errorf("sandbox: let the container or unit allow seccomp(2): %w", err)
		}
		if err != nil {
			return fmt.Errorf("sandbox: the kernel or an outer filter does not offer the action %s (Linux 4.14 or later is needed): %w", a, err)
		}
	}
	// kernel/seccomp.c seccomp_set_mode_filter looks at the flags first, then
	// copies the program: EFAULT means that flags and operation are known.
	_, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, 0)
	if errno == unix.EFAULT {
		return nil
	}
	return fmt.Errorf("sandbox: TSYNC: %w", &seccomp.InstallError{Op: "seccomp(SECCOMP_SET_MODE_FILTER)", Errno: int(errno),
		Advice: "the kernel has it since Linux 3.17: let the container or unit allow it"})
}

// warmUp makes what the runtime and the standard library make once and late, and
// what a narrow policy would refuse by then. The template thread needs nothing
// here: installProcess locks its thread first, which starts it.
func warmUp() {
	if r, w, err := os.Pipe(); err == nil { // the network poller: epoll_create1, eventfd2
		r.Close()
		w.Close()
	}
	_ = time.Now().Local().String() // the zone file: openat, read, close
	warmUpC()
}

// installProcess puts a program on every thread (seccomp(2),
// SECCOMP_FILTER_FLAG_TSYNC). no_new_privs on the calling thread is enough: TSYNC
// passes it on (kernel/seccomp.c seccomp_sync_threads).
func installProcess(p *seccomp.Program) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := seccomp.SetNoNewPrivs(); err != nil {
		return err
	}
	return seccomp.SetFilter(p, seccomp.TSync)
}

// installThread puts a program on the calling thread, which the caller has
// locked, and names the thread. A name that cannot be set is no reason to go
// without filter: reports have it from elsewhere.
func installThread(p *seccomp.Program, name string) error {
	if err := seccomp.SetNoNewPrivs(); err != nil {
		return err
	}
	if name != "" {
		// comm holds 15 bytes and a NUL: PR_SET_NAME(2const).
		comm := append([]byte(name), 0)
		unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&comm[0])), 0, 0, 0)
	}
	return seccomp.SetFilter(p, 0)
}

func threadID() int { return unix.Gettid() }

func processID() int { return unix.Getpid() }

func onMainThread() bool { return unix.Gettid() == unix.Getpid() }

// threadExists asks by signal 0, which every policy permits as part of the
// runtime's share: kill(2). A place that refuses to say has not said that it is gone.
func threadExists(tid int) bool {
	return unix.Tgkill(unix.Getpid(), tid, 0) != unix.ESRCH
}

// callGetgroups reports whether getgroups(2) was executed. With size 0 the call
// cannot fail by itself.
func callGetgroups() (executed bool, err error) {
	_, _, errno := unix.RawSyscall(unix.SYS_GETGROUPS, 0, 0, 0)
	return errno == 0, nil
}
