// SPDX-License-Identifier: MIT

package main

import (
	"sync"
	"sync/atomic"
	"testing"
)

// Calls that wait together are one token, and a worker that has it takes all of them.
func TestRPCQueueTogether(t *testing.T) {
	q := newRPCQueue()
	for range 3 {
		q.put(&rpcCall{})
	}
	if len(q.calls) != 1 {
		t.Errorf("%d tokens", len(q.calls))
	}
	close(q.calls)
	var taken int
	q.work(func(*rpcCall) { taken++ })
	if taken != 3 {
		t.Errorf("%d calls taken", taken)
	}
}

// Each call is answered once, whoever was awake when it came.
func TestRPCQueueAll(t *testing.T) {
	const callers, each = 16, 500
	q := newRPCQueue()
	var workers, done sync.WaitGroup
	var answered atomic.Int64
	for range 3 {
		workers.Go(func() {
			q.work(func(c *rpcCall) {
				answered.Add(1)
				close(c.done)
			})
		})
	}
	for range callers {
		done.Go(func() {
			for range each {
				c := &rpcCall{done: make(chan struct{})}
				q.put(c)
				<-c.done
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

// A call that takes long does not hold up those that come after it while another worker sleeps.
func TestRPCQueueSlow(t *testing.T) {
	q := newRPCQueue()
	slow, other := &rpcCall{done: make(chan struct{})}, &rpcCall{done: make(chan struct{})}
	working := make(chan struct{})
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			q.work(func(c *rpcCall) {
				if c == slow {
					close(working)
					<-other.done
				}
				close(c.done)
			})
		})
	}
	q.put(slow)
	<-working
	q.put(other)
	<-other.done
	<-slow.done
	close(q.calls)
	workers.Wait()
}
