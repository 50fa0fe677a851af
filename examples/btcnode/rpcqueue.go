// SPDX-License-Identifier: MIT

package main

import (
	"runtime"
	"sync"
)

// rpcQueue is where calls wait for a worker. A channel would wake a worker's thread for each call; here calls that arrive
// together wake one of them together: see ../../docs/threads.md.
type rpcQueue struct {
	calls chan struct{} // holds one token at most: calls wait. Closed at the end, when nobody puts any

	mu      sync.Mutex
	waiting []*rpcCall
	waking  bool // somebody is about to wake a worker
}

func newRPCQueue() *rpcQueue { return &rpcQueue{calls: make(chan struct{}, 1)} }

// put queues a call. Before it wakes a worker it lets those run whose requests have arrived too, which then only queue theirs.
func (q *rpcQueue) put(call *rpcCall) {
	q.mu.Lock()
	q.waiting = append(q.waiting, call)
	waking := q.waking
	q.waking = true
	q.mu.Unlock()
	if waking {
		return
	}
	runtime.Gosched()
	q.mu.Lock()
	q.waking = false
	left := len(q.waiting)
	q.mu.Unlock()
	if left == 0 {
		return // a worker was awake and took them
	}
	select {
	case q.calls <- struct{}{}:
	default: // the next worker that has nothing to do looks again
	}
}

// work calls fn for each call, and sleeps only when none waits; it ends when the channel is closed.
func (q *rpcQueue) work(fn func(*rpcCall)) {
	for range q.calls {
		for call := q.take(); call != nil; call = q.take() {
			fn(call)
		}
	}
}

func (q *rpcQueue) take() *rpcCall {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return nil
	}
	call := q.waiting[0]
	q.waiting = q.waiting[1:]
	return call
}
