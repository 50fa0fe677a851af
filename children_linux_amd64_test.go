// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

// What child functions share.

func must(err error) {
	if err != nil {
		testproc.Fail("%v", err)
	}
}

func setUp(action string, policies ...sandbox.SyscallSandboxPolicy) {
	var c sandbox.Config
	must(c.Action.UnmarshalText([]byte(action)))
	c.Policies = policies
	must(sandbox.SetupSyscallSandbox(c))
}

// calm has no collection begin. One that waits for the thread of a deadly violation keeps
// the goroutine that tells the details waiting too: the report is a raw line then.
func calm() { debug.SetGCPercent(-1) }

func parse(name string) sandbox.SyscallSandboxPolicy {
	p, err := sandbox.ParsePolicy(name)
	must(err)
	return p
}

// onThread runs fn on a thread under a policy and waits for it.
func onThread(p sandbox.SyscallSandboxPolicy, name string, fn func()) {
	done := make(chan struct{})
	must(sandbox.Go(p, name, func() {
		defer close(done)
		fn()
	}))
	<-done
}

// call makes a syscall, arguments not given are zero, and prints what the kernel answered.
func call(name string, nr uintptr, args ...uintptr) {
	var a [3]uintptr
	copy(a[:], args)
	r, _, errno := unix.RawSyscall(nr, a[0], a[1], a[2])
	if errno != 0 {
		fmt.Printf("%s: errno %d\n", name, int(errno))
	} else {
		fmt.Printf("%s: result %d\n", name, r)
	}
}

// filters counts how many threads have how many filters.
func filters() map[int]int {
	threads, err := sandbox.Threads()
	must(err)
	count := make(map[int]int)
	for _, t := range threads {
		count[t.Filters]++
	}
	return count
}

// eventually polls until ok, or fails the child after a generous time.
func eventually(what string, ok func() bool) {
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			testproc.Fail("%s: not within 30 s", what)
		}
	}
}

func threadGone(tid int) bool {
	_, err := os.Stat("/proc/self/task/" + strconv.Itoa(tid))
	return os.IsNotExist(err)
}

// threads starts n goroutines that each hold a thread until release is closed.
func threads(n int, release chan struct{}) {
	ready := make(chan struct{})
	for range n {
		go func() {
			runtime.LockOSThread()
			ready <- struct{}{}
			<-release
		}()
		<-ready
	}
}

// runtimeTimers uses the poller through timers.
func runtimeTimers() {
	for range 10 {
		<-time.After(time.Millisecond)
	}
}

func zone() string {
	name, _ := time.Now().Zone()
	return name
}
