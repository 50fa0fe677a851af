// SPDX-License-Identifier: MIT

package sandbox

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// A Thread is one thread of the process as the kernel and this package see it.
type Thread struct {
	TID      int
	Name     string   // as given to Go, else the kernel's name of it (15 bytes)
	Policies []string // in force, outermost first
	Mode     int      // the kernel's: 0 no seccomp, 1 strict, 2 filters
	Filters  int      // installed, as the kernel counts; -1 before Linux 5.9, which does not say
}

// threadState is what this package has put on one thread beside the process
// policies. A locked goroutine and its thread live and die together, so the
// goroutine's id, which the runtime never uses again, tells a thread from a
// later one with the same thread id.
type threadState struct {
	goroutine uint64
	name      string
	chain     chain
	instances []uint16
	ended     bool // the function given to Go has returned; the thread is about to exit
}

// SetSyscallSandboxPolicy puts a policy on the calling goroutine's thread and
// locks the goroutine to it, for good: a thread cannot lose a filter, so it must
// not go back to the runtime's pool. UnlockOSThread by the caller does not undo
// the lock. When the goroutine ends the thread ends with it.
//
// Policies only narrow; a thread may go through several. Goroutines that the
// function starts, or that packages start for it, run on other threads under the
// process policy. On the main thread the filter stays until the process ends, and
// [SetProcessPolicy] fails from then on; [Go] avoids that.
//
// Errors: [ErrNotSetUp], [ErrSealed], [ErrHandlerGone], [ErrNoInstance], *[PolicyError],
// *[TransitionError], *seccomp.InstallError. After an error the thread is as before, but
// no_new_privs may be set. With [UnsafeActionOff] the policy is checked and
// nothing else is done.
func SetSyscallSandboxPolicy(p SyscallSandboxPolicy) error {
	return enterThread(p, "")
}

// Go starts fn on a goroutine and a thread of its own under a policy and returns
// when the filter is in force; on an error fn does not run. The thread is never
// the process's main thread, and it ends when fn returns.
//
// name is 1 to 48 printable ASCII characters; reports carry all of it, the
// kernel's thread name (ps -L, top -H) its first 15 bytes. Errors are those of
// [SetSyscallSandboxPolicy]. With [UnsafeActionOff] it is a plain go statement.
func Go(p SyscallSandboxPolicy, name string, fn func()) error {
	if fn == nil {
		return errors.New("sandbox: Go of a nil function")
	}
	if !validName(name) {
		return fmt.Errorf("sandbox: Go: the thread name %q is not 1 to %d printable ASCII characters", name, maxPolicyName)
	}
	if err := checkThreadPolicy(p); err != nil {
		return err
	}
	if !installs() {
		go fn()
		return nil
	}
	started := make(chan error, 1)
	goOffMain(func() {
		err := enterThread(p, name)
		started <- err
		if err != nil {
			return
		}
		defer leaveThread()
		fn()
	})
	return <-started
}

// checkThreadPolicy fails early for Go, before a thread is made.
func checkThreadPolicy(p SyscallSandboxPolicy) error {
	state.mu.Lock()
	defer state.mu.Unlock()
	if !state.ready {
		return ErrNotSetUp
	}
	return state.process.check(p, ScopeThread)
}

// goOffMain runs fn on a goroutine that stays locked to a thread other than the
// main one. A goroutine that locks at once often sits on the main thread; if that
// were filtered it would stay so for ever, and take the process's name. So such a
// goroutine keeps the main thread busy until its replacement holds another.
func goOffMain(fn func()) {
	go func() {
		runtime.LockOSThread()
		if !onMainThread() {
			fn()
			return // still locked: the thread ends
		}
		replaced := make(chan struct{})
		go func() {
			runtime.LockOSThread()
			close(replaced)
			fn()
		}()
		<-replaced
		runtime.UnlockOSThread()
	}()
}

// enterThread puts p on the calling thread. The lock comes before the filter:
// the first LockOSThread of a process starts the template thread that makes the
// runtime's later threads, and it must be started from a thread without filter.
func enterThread(p SyscallSandboxPolicy, name string) error {
	state.mu.Lock()
	defer state.mu.Unlock()
	if !state.ready {
		return ErrNotSetUp
	}
	if state.action == UnsafeActionOff {
		return state.process.check(p, ScopeThread)
	}
	runtime.LockOSThread()
	if err := putOnThread(p, name); err != nil {
		runtime.UnlockOSThread()
		return err
	}
	lockForGood()
	return nil
}

// lockForGood nests the lock so deep that no balanced or stray UnlockOSThread of
// the caller's undoes it.
func lockForGood() {
	for range 1 << 10 {
		runtime.LockOSThread()
	}
}

func putOnThread(p SyscallSandboxPolicy, name string) error {
	sweepThreads()
	tid, goroutine := threadID(), goroutineID()
	t := state.threads[tid]
	if t == nil || t.goroutine != goroutine {
		t = &threadState{goroutine: goroutine, name: name, chain: state.process}
	}
	if err := t.chain.check(p, ScopeThread); err != nil {
		return err
	}
	if err := checkHandler(); err != nil {
		return err
	}
	instance, err := addInstance(t.chain.then(p, ScopeThread), t.name, guards(p, state.action))
	if err != nil {
		return err
	}
	program, err := compile(p, ScopeThread, state.action, instance)
	if err == nil {
		err = installThread(program, name)
	}
	if err != nil {
		removeInstance(instance)
		return err
	}
	if old := state.threads[tid]; old != nil && old != t {
		old.removeInstances()
	}
	t.chain = t.chain.then(p, ScopeThread)
	t.instances = append(t.instances, instance)
	state.threads[tid] = t
	return nil
}

func leaveThread() {
	state.mu.Lock()
	defer state.mu.Unlock()
	if t := state.threads[threadID()]; t != nil {
		t.ended = true
	}
}

// sweepThreads forgets threads that are gone. Instances are used again only then:
// until it is gone a thread can still make a call that its filter refuses.
func sweepThreads() {
	for tid, t := range state.threads {
		if !threadExists(tid) {
			t.removeInstances()
			delete(state.threads, tid)
		}
	}
}

func (t *threadState) removeInstances() {
	for _, i := range t.instances {
		removeInstance(i)
	}
}

// divergedThreads are those with a policy of their own, by thread id. Threads
// that are about to exit do not count: installProcess waits for them.
func divergedThreads() []Thread {
	sweepThreads()
	var ts []Thread
	for tid, t := range state.threads {
		if !t.ended {
			ts = append(ts, Thread{TID: tid, Name: t.name, Policies: slices.Clone(t.chain.names), Filters: -1})
		}
	}
	slices.SortFunc(ts, func(a, b Thread) int { return a.TID - b.TID })
	return ts
}

// goroutineID reads the number that every stack trace starts with,
// "goroutine 18 [running]:". The runtime never gives one out twice.
func goroutineID() uint64 {
	var buf [64]byte
	text := string(buf[:runtime.Stack(buf[:], false)])
	text, _, _ = strings.Cut(strings.TrimPrefix(text, "goroutine "), " ")
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0 // never seen; goroutines of one thread would then be taken for one, which only refuses more
	}
	return id
}
