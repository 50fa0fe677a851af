// SPDX-License-Identifier: MIT

package main

import (
	"os/exec"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
)

// getgroups is what no built-in policy permits and what fails for nobody.
func getgroups() error {
	_, _, errno := unix.RawSyscall(unix.SYS_GETGROUPS, 0, 0, 0)
	return errnoOf(errno)
}

func errnoOf(errno syscall.Errno) error {
	if errno != 0 {
		return errno
	}
	return nil
}

// inSyscall violates by syscall.Syscall, which gives the P away. Executed it is
// ENOENT for everybody: fs/open.c chroot looks for the directory first.
func inSyscall() {
	violate("syscall", func() error { return syscall.Chroot("/nonexistent") })
}

// inRawSyscall violates by a call that keeps its P, with all registers used. Executed
// it is EINVAL for everybody: mm/migrate.c kernel_move_pages looks at the flags first.
func inRawSyscall() {
	violate("raw", func() error {
		_, _, errno := unix.RawSyscall6(unix.SYS_MOVE_PAGES, 0x1111111111111111, 0x2222222222222222, 0x3333333333333333,
			0x4444444444444444, 0x5555555555555555, 0x6666666666666666)
		return errnoOf(errno)
	})
}

func inInit() { violate("init", getgroups) }

// onThread runs fn under a policy of its own thread and waits for the thread's last
// words: what fn leaves behind runs before.
func onThread(p sandbox.SyscallSandboxPolicy, name string, fn func()) {
	done := make(chan struct{})
	must(sandbox.Go(p, name, func() {
		defer close(done)
		fn()
	}))
	<-done
}

func inThread() {
	onThread(sandbox.PolicyNet, "worker", func() { violate("thread", getgroups) })
}

// noAffinity refuses what only the runtime's own code calls here.
var noAffinity = sandbox.NewPolicy("no-affinity", sandbox.PolicyNet.Builder().Deny("sched_getaffinity"))

// inRuntime has the runtime make the call, on the caller's thread. Refused by an errno
// it takes the machine for one with one CPU.
func inRuntime() {
	procs := runtime.GOMAXPROCS(0)
	onThread(noAffinity, "counts", func() {
		violate("runtime", func() error {
			runtime.SetDefaultGOMAXPROCS()
			return nil
		})
	})
	runtime.GOMAXPROCS(procs)
}

// inFree has the runtime make permitted calls on the system stack, for learning.
func inFree() {
	debug.FreeOSMemory()
}

func inTimer() {
	done := make(chan struct{})
	time.AfterFunc(time.Millisecond, func() {
		defer close(done)
		violate("timer", getgroups)
	})
	<-done
}

func inFinalizer() {
	done := make(chan struct{})
	func() {
		object := new([1 << 16]byte)
		runtime.SetFinalizer(object, func(*[1 << 16]byte) {
			defer close(done)
			violate("finalizer", getgroups)
		})
	}()
	for {
		runtime.GC()
		select { // while the world runs: a report needs it
		case <-done:
			return
		case <-time.After(5 * time.Second):
		}
	}
}

// inMemoryPressure violates while others allocate more than the limit: the collector
// runs all the time, stops the world and takes memory back.
func inMemoryPressure() {
	limit := debug.SetMemoryLimit(16 << 20)
	defer debug.SetMemoryLimit(limit)
	var stop atomic.Bool
	var allocating sync.WaitGroup
	for range 2 {
		allocating.Go(func() {
			var keep [64][]byte
			for i := 0; !stop.Load(); i++ {
				keep[i%len(keep)] = make([]byte, 1<<18)
				if i%64 == 0 {
					runtime.GC()
				}
			}
		})
	}
	violate("memory", getgroups)
	stop.Store(true)
	allocating.Wait()
}

// inThreadEnd violates when the function of the thread has returned.
func inThreadEnd() {
	onThread(sandbox.PolicyNet, "worker", func() {
		defer violate("end", getgroups)
	})
}

// inGoexit violates when the goroutine of the thread ends early.
func inGoexit() {
	onThread(sandbox.PolicyNet, "worker", func() {
		defer violate("goexit", getgroups)
		runtime.Goexit()
	})
}

// inExec violates in a child process, between fork and execve: the policy permits
// programs, but no process group of their own.
func inExec() {
	answers := make(map[string]int)
	said.Answers["exec"] = answers
	for range children {
		cmd := exec.Command("/bin/true")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		answers[answer(cmd.Run())]++
	}
}

// children is how many processes inExec starts.
const children = 10
