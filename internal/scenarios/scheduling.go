// SPDX-License-Identifier: MIT

package scenarios

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
)

func scheduling() []Scenario {
	return []Scenario{
		{Name: "new goroutines", Make: always(startGoroutines)},
		{Name: "new threads", Make: always(startThreads)},
		{Name: "channels", Make: plain(pingPong)},
		{Name: "contended mutex", Make: always(contend)},
		{Name: "preemption of a loop without calls", Make: always(preempt)},
		{Name: "stop the world", Make: always(stopTheWorld)},
		{Name: "GOMAXPROCS", Make: always(changeProcessors)},
		{Name: "default GOMAXPROCS", Make: always(defaultProcessors), Calls: []string{"sched_getaffinity(0)", "pread64"}},
		{Name: "stacks of all goroutines", Make: plain(allStacks)},
		{Name: "panic and recover", Make: plain(recovers)},
		{Name: "nil dereference and recover", Make: plain(recoversFault)},
	}
}

func startGoroutines() {
	for range 5 {
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() { deep(i) })
		}
		all.Wait()
	}
}

// startThreads has goroutines that hold a thread each, and whose threads end with them.
func startThreads() {
	var all sync.WaitGroup
	release := make(chan struct{})
	for range 8 {
		all.Go(func() {
			runtime.LockOSThread()
			<-release
		})
	}
	close(release)
	all.Wait()
}

func pingPong() error {
	there, back := make(chan int), make(chan int)
	go func() {
		for i := range there {
			back <- i + 1
		}
		close(back)
	}()
	for i := range 2000 {
		there <- i
		if got := <-back; got != i+1 {
			return fmt.Errorf("%d came back as %d", i, got)
		}
	}
	close(there)
	<-back
	return nil
}

// contend makes the mutex park and wake its waiters.
func contend() {
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 200 {
				mu.Lock()
				runtime.Gosched()
				mu.Unlock()
			}
		})
	}
	for range 200 {
		mu.Lock()
		runtime.Gosched()
		mu.Unlock()
	}
	all.Wait()
}

// preempt goes round without a function call until another goroutine has collected
// garbage: only a signal can stop it for that (os/linux: signalM, SIGURG).
func preempt() {
	var collected atomic.Bool
	go func() {
		for range 3 {
			runtime.GC()
		}
		collected.Store(true)
	}()
	for !collected.Load() {
	}
}

// stopTheWorld stops this goroutine's thread from others, and others from it.
func stopTheWorld() {
	done := make(chan struct{})
	var m runtime.MemStats
	go func() {
		defer close(done)
		var m runtime.MemStats
		for range 20 {
			runtime.ReadMemStats(&m)
		}
	}()
	for range 20 {
		runtime.ReadMemStats(&m)
		deep(10)
	}
	<-done
}

func changeProcessors() {
	before := runtime.GOMAXPROCS(0)
	for i := range 8 {
		runtime.GOMAXPROCS(1 + i%4)
		runtime.Gosched()
	}
	runtime.GOMAXPROCS(before)
}

// defaultProcessors does what the runtime does once a second where GOMAXPROCS was not set
// (proc.go sysmonUpdateGOMAXPROCS): it asks for processors and for the cgroup's limit.
func defaultProcessors() {
	before := runtime.GOMAXPROCS(0)
	for range 3 {
		runtime.SetDefaultGOMAXPROCS()
	}
	runtime.GOMAXPROCS(before)
}

func allStacks() error {
	release := make(chan struct{})
	defer close(release)
	for range 20 {
		go func() { <-release }()
	}
	buf := make([]byte, 1<<20)
	for range 5 {
		if text := string(buf[:runtime.Stack(buf, true)]); !strings.Contains(text, "allStacks") {
			return fmt.Errorf("the trace of all goroutines is %q", text)
		}
	}
	return nil
}

func recovers() error {
	for range 100 {
		if got := caught(func() { panic("thrown") }); got != "thrown" {
			return fmt.Errorf("recovered %v", got)
		}
	}
	return nil
}

// recoversFault needs the handler of SIGSEGV, which must be able to return.
func recoversFault() error {
	for range 100 {
		var nobody *node
		if _, ok := caught(func() { nobody.left = nil }).(runtime.Error); !ok {
			return errors.New("a write to nil is no run-time error")
		}
	}
	return nil
}

func caught(f func()) (reason any) {
	defer func() { reason = recover() }()
	f()
	return nil
}
