// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"errors"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

func init() {
	children["lock order"] = lockOrder
	children["unlock by caller"] = unlockByCaller
	children["own thread ends"] = ownThreadEnds
	children["thousand"] = thousand
	children["names"] = names
	children["chain on a thread"] = chainOnThread
	children["go escapes"] = goEscapes
	children["goexit and panic"] = goexitAndPanic
	children["many at once"] = manyAtOnce
	children["threads without files"] = threadsWithoutFiles
}

// lockOrder: the first lock of the process comes before the filter, so that the
// runtime's template thread, and every thread it makes later, is clean.
func lockOrder() {
	setUp("abort")
	release := make(chan struct{})
	onThread(sandbox.PolicyScheduler, "scheduler", func() {
		threads(40, release) // born while this thread waits
		if count := filters(); count[2] != 1 || count[1] < 40 || len(count) != 2 {
			testproc.Fail("%v", count)
		}
	})
	close(release)
}

func TestLockComesBeforeFilter(t *testing.T) {
	testproc.Run(t, "lock order").ExpectExit(t, 0)
}

// unlockByCaller: stray UnlockOSThread calls do not free a filtered thread.
func unlockByCaller() {
	setUp("abort")
	done := make(chan struct{})
	sandbox.GoOffMain(func() {
		defer close(done)
		must(sandbox.SetSyscallSandboxPolicy(sandbox.PolicyScheduler))
		tid := unix.Gettid()
		for range 100 {
			runtime.UnlockOSThread()
		}
		for range 100 {
			var others [8]chan int
			for i := range others {
				others[i] = make(chan int)
				go func() { runtime.Gosched(); others[i] <- unix.Gettid() }()
			}
			for _, other := range others {
				if <-other == tid {
					testproc.Fail("another goroutine ran on the filtered thread")
				}
			}
			if unix.Gettid() != tid {
				testproc.Fail("the goroutine left its thread")
			}
		}
	})
	<-done
}

func TestUnlockOSThreadByCaller(t *testing.T) {
	testproc.Run(t, "unlock by caller").ExpectExit(t, 0)
}

// ownThreadEnds: a goroutine that put a policy on itself takes its thread along.
func ownThreadEnds() {
	setUp("abort")
	tids := make(chan int)
	sandbox.GoOffMain(func() {
		must(sandbox.SetSyscallSandboxPolicy(sandbox.PolicyScheduler))
		tids <- unix.Gettid()
	})
	tid := <-tids
	eventually("the thread is gone", func() bool { return threadGone(tid) })
	eventually("narrowing", func() bool { return sandbox.SetProcessPolicy(sandbox.PolicyScheduler) == nil })
}

func TestGoroutineExitEndsThread(t *testing.T) {
	testproc.Run(t, "own thread ends").ExpectExit(t, 0)
}

// thousand: threads come and go, none stays filtered, none was the main thread.
func thousand() {
	setUp("log-and-abort")
	for range 1000 {
		onThread(sandbox.PolicyNet, "short", func() {
			if unix.Gettid() == unix.Getpid() {
				testproc.Fail("on the main thread")
			}
		})
	}
	eventually("no filtered thread is left", func() bool {
		count := filters()
		return len(count) == 1 && count[1] > 0
	})
}

func TestThousandGoLeaveNoFilteredThread(t *testing.T) {
	testproc.Run(t, "thousand").ExpectExit(t, 0)
}

// names: the kernel has 15 bytes of a name, reports and Threads all of it.
func names() {
	setUp("abort")
	const long = "scriptch.0 of the pool for the mempool"
	onThread(sandbox.PolicyScheduler, long, func() {
		comm, err := os.ReadFile("/proc/thread-self/comm")
		must(err)
		if string(comm) != long[:15]+"\n" {
			testproc.Fail("comm is %q", comm)
		}
		list, err := sandbox.Threads()
		must(err)
		i := slices.IndexFunc(list, func(t sandbox.Thread) bool { return t.TID == unix.Gettid() })
		if i < 0 || list[i].Name != long || strings.Join(list[i].Policies, " ") != "initialization scheduler" || list[i].Filters != 2 || list[i].Mode != 2 {
			testproc.Fail("%+v", list)
		}
		main, err := os.ReadFile("/proc/self/comm")
		must(err)
		if strings.HasPrefix(string(main), "scriptch") {
			testproc.Fail("the process was renamed")
		}
	})
}

func TestThreadNames(t *testing.T) {
	testproc.Run(t, "names").ExpectExit(t, 0)
}

// chainOnThread: a thread goes through several policies; each only narrows, and
// what counts is all of them.
func chainOnThread() {
	setUp("abort")
	quiet := sandbox.NewPolicy("quiet", sandbox.PolicyNetAddConnection.Builder().Deny("connect"))
	onThread(sandbox.PolicyNetAddConnection, "net", func() {
		must(sandbox.SetSyscallSandboxPolicy(quiet))
		must(sandbox.SetSyscallSandboxPolicy(sandbox.NewPolicy("worker", sandbox.PolicyNetHTTPServerWorker.Builder().Deny("lseek"))))
		var e *sandbox.TransitionError
		if err := sandbox.SetSyscallSandboxPolicy(quiet); !errors.As(err, &e) || e.From != "initialization > net-add-connection > quiet > worker" {
			testproc.Fail("%v", err)
		}
		if err := sandbox.SetSyscallSandboxPolicy(sandbox.PolicyNetHTTPServerWorker); !errors.As(err, &e) || len(e.Witnesses) != 1 {
			testproc.Fail("%v", err)
		}
		if count := filters(); count[4] != 1 {
			testproc.Fail("%v", count)
		}
	})
	// A later thread begins with the process policy, whatever its id was before.
	for range 100 {
		onThread(sandbox.PolicyNet, "net", func() {})
	}
}

func TestChainOnThread(t *testing.T) {
	testproc.Run(t, "chain on a thread").ExpectExit(t, 0)
}

// goEscapes shows the limit that the documentation names: a go statement leaves
// the thread policy for the process policy.
func goEscapes() {
	setUp("abort")
	onThread(sandbox.PolicyValidationScriptCheck, "scriptch.0", func() {
		opened := make(chan error)
		go func() {
			_, err := os.ReadFile("/proc/self/comm")
			opened <- err
		}()
		must(<-opened)
		if len(testproc.Args()) > 0 {
			os.ReadFile("/proc/self/comm")
		}
	})
}

func TestGoStatementRunsUnderProcessPolicy(t *testing.T) {
	testproc.Run(t, "go escapes").ExpectExit(t, 0)
	testproc.Run(t, "go escapes", "open").ExpectSignal(t, syscall.SIGSYS)
}

// goexitAndPanic: other ways for a function to end.
func goexitAndPanic() {
	setUp("log-and-abort")
	tids := make(chan int)
	must(sandbox.Go(sandbox.PolicyNet, "goexit", func() {
		tids <- unix.Gettid()
		runtime.Goexit()
	}))
	tid := <-tids
	eventually("the thread is gone", func() bool { return threadGone(tid) })
	eventually("narrowing", func() bool { return sandbox.SetProcessPolicy(sandbox.PolicyNet) == nil })
	onThread(sandbox.PolicyNet, "recovers", func() {
		defer func() { recover() }()
		panic("caught")
	})
	must(sandbox.Go(sandbox.PolicyNet, "panics", func() { panic("uncaught " + strconv.Itoa(1)) }))
	select {}
}

func TestGoexitAndPanic(t *testing.T) {
	r := testproc.Run(t, "goexit and panic").ExpectExit(t, 2)
	if !strings.Contains(r.Stderr, "panic: uncaught 1") {
		t.Error(r.Stderr)
	}
}

// manyAtOnce: the state holds while threads come, go and ask at the same time.
func manyAtOnce() {
	setUp("log-and-abort")
	done := make(chan struct{})
	const workers = 16
	for range workers {
		go func() {
			for range 5 { // each success leaves a filter on every thread, and there is room for some 200
				onThread(sandbox.PolicyNet, "net", func() {
					must(sandbox.SetSyscallSandboxPolicy(sandbox.PolicyValidationScriptCheck))
				})
				if _, err := sandbox.Threads(); err != nil {
					testproc.Fail("%v", err)
				}
				var e *sandbox.DivergedError
				if err := sandbox.SetProcessPolicy(sandbox.PolicyInitialization); err != nil && !errors.As(err, &e) {
					testproc.Fail("%v", err)
				}
			}
			done <- struct{}{}
		}()
	}
	for range workers {
		<-done
	}
}

func TestManyAtOnce(t *testing.T) {
	testproc.Run(t, "many at once").ExpectExit(t, 0)
}

// threadsWithoutFiles: Threads is an error, not a violation, where the process
// may not read /proc.
func threadsWithoutFiles() {
	setUp("abort")
	must(sandbox.SetProcessPolicy(sandbox.PolicyValidationScriptCheck))
	if _, err := sandbox.Threads(); err == nil || !strings.Contains(err.Error(), "Threads needs openat") {
		testproc.Fail("%v", err)
	}
}

func TestThreadsWithoutFiles(t *testing.T) {
	testproc.Run(t, "threads without files").ExpectExit(t, 0)
}
