// SPDX-License-Identifier: MIT

package scenarios

import (
	"errors"
	"runtime"
	"runtime/debug"
	"sync/atomic"
)

func memory() []Scenario {
	return []Scenario{
		{Name: "allocation", Make: always(allocate)},
		{Name: "large allocations", Make: always(allocateLarge)},
		{Name: "garbage collection", Make: always(collect)},
		{Name: "memory limit", Make: always(limit)},
		{Name: "memory back to the system", Make: always(giveBack)},
		{Name: "heap goal of more than a gigabyte", Make: always(hugeGoal)},
		{Name: "stack growth", Make: always(growStacks)},
		{Name: "finalizers and cleanups", Make: plain(finalize)},
	}
}

// kept keeps the compiler from leaving allocations out. Scenarios run one after the
// other, but their goroutines do not.
var kept atomic.Pointer[node]

type node struct {
	left, right *node
	block       []byte
}

func tree(depth, block int) *node {
	if depth == 0 {
		return &node{block: make([]byte, block)}
	}
	return &node{left: tree(depth-1, block), right: tree(depth-1, block)}
}

// allocate fills spans of every small size.
func allocate() {
	for size := 8; size <= 32<<10; size *= 2 {
		n := &node{}
		for range 64 {
			n = &node{left: n, block: make([]byte, size)}
		}
		kept.Store(n)
	}
	kept.Store(nil)
}

// allocateLarge lets the heap grow by new arenas and frees them in between.
func allocateLarge() {
	for i := range 6 {
		kept.Store(&node{left: kept.Load(), block: make([]byte, 8<<20)})
		if i == 3 {
			kept.Store(nil)
			runtime.GC()
		}
	}
	kept.Store(nil)
	runtime.GC()
}

// collect has the collector at work while two goroutines allocate, so that both assist.
func collect() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 20 {
			kept.Store(tree(9, 64))
		}
	}()
	for range 5 {
		kept.Store(tree(10, 32))
		runtime.GC()
	}
	<-done
	kept.Store(nil)
}

// limit has the collector and the scavenger work against a limit that allocation
// reaches at once.
func limit() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(int64(m.Sys-m.HeapReleased) + 4<<20))
	for range 40 {
		kept.Store(&node{block: make([]byte, 1<<20)})
	}
	kept.Store(nil)
}

func giveBack() {
	for range 3 {
		kept.Store(tree(8, 4<<10))
		kept.Store(nil)
		debug.FreeOSMemory()
	}
}

// hugeGoal: from a goal of 1 GiB on the runtime asks for huge pages for its own tables
// (mpagealloc.go enableChunkHugePages, malloc.go enableMetadataHugePages). The goal
// comes from the percentage, not from memory that is used.
func hugeGoal() {
	defer debug.SetGCPercent(debug.SetGCPercent(100000))
	kept.Store(&node{block: make([]byte, 8<<20)})
	runtime.GC()
	kept.Store(nil)
	runtime.GC()
}

// growStacks grows the stack of this goroutine and of new ones by copying.
func growStacks() {
	for range 3 {
		done := make(chan int)
		for range 2 {
			go func() { done <- deep(3000) }()
		}
		deep(3000)
		<-done
		<-done
	}
}

func deep(n int) int {
	var frame [512]byte
	frame[n%len(frame)] = byte(n)
	if n == 0 {
		return int(frame[0])
	}
	return deep(n-1) + int(frame[n%7])
}

// finalize waits for both kinds of functions that the collector starts.
func finalize() error {
	finalized, cleaned := make(chan struct{}, 1), make(chan struct{}, 1)
	signal := func(c chan struct{}) {
		select {
		case c <- struct{}{}:
		default:
		}
	}
	for range 100 {
		runtime.SetFinalizer(&node{}, func(*node) { signal(finalized) })
		runtime.AddCleanup(&node{}, signal, cleaned)
	}
	for range 100 {
		runtime.GC()
		runtime.Gosched()
		if len(finalized) > 0 && len(cleaned) > 0 {
			return nil
		}
	}
	// What has not run by now may be waiting for a processor.
	<-finalized
	<-cleaned
	if kept.Load() != nil {
		return errors.New("an earlier scenario kept its memory")
	}
	return nil
}
