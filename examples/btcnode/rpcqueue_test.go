// SPDX-License-Identifier: MIT

package main

import (
	"sync"
	"sync/atomic"
	"testing"
)

// The last of the requests in hand to wait wakes a worker for all, and so does one that needs no answer more.
func TestRPCQueueTogether(t *testing.T) {
	q := newRPCQueue()
	for range 4 {
		q.enter()
	}
	for range 3 {
		if q.put(&rpcCall{done: make(chan struct{})}) {
			t.Error("woken for a part of the requests in hand")
		}
	}
	q.leave()
	if len(q.calls) != 1 {
		t.Errorf("%d workers woken", len(q.calls))
	}
	if q.put(&rpcCall{done: make(chan struct{})}) {
		t.Error("woken while one is awake")
	}
	close(q.calls)
	var taken int
	q.work(func(*rpcCall) { taken++ })
	if taken != 4 || q.awake != 0 {
		t.Errorf("%d calls taken, %d workers awake", taken, q.awake)
	}
}

// Each call is answered once, whoever was awake when it came.
func TestRPCQueueAll(t *testing.T) {
	const callers, each = 16, 500
	q := newRPCQueue()
	var workers, done sync.WaitGroup
	var answered atomic.Int64
	for range rpcWorkers {
		workers.Go(func() { q.work(func(*rpcCall) { answered.Add(1) }) })
	}
	for range callers {
		done.Go(func() {
			for range each {
				q.enter()
				q.do(&rpcCall{done: make(chan struct{})})
				q.leave()
			}
		})
	}
	done.Wait()
	close(q.calls)
	workers.Wait()
	if n := answered.Load(); n != callers*each {
		t.Errorf("%d of %d calls answered", n, callers*each)
	}
}

// Neither a call that takes long nor a request that never becomes one holds up those that come after it.
func TestRPCQueueSlow(t *testing.T) {
	q := newRPCQueue()
	slow, other := &rpcCall{done: make(chan struct{})}, &rpcCall{done: make(chan struct{})}
	var workers sync.WaitGroup
	for range rpcWorkers {
		workers.Go(func() {
			q.work(func(c *rpcCall) {
				if c == slow {
					<-other.done
				}
			})
		})
	}
	q.enter() // and nothing comes
	var first sync.WaitGroup
	first.Go(func() { q.do(slow) })
	q.do(other)
	first.Wait()
	close(q.calls)
	workers.Wait()
}
