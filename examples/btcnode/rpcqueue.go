// SPDX-License-Identifier: MIT

package main

import (
	"sync"
	"time"
)

// rpcLate is how long a call waits for others, or for the workers that are awake, before it wakes one more.
const rpcLate = time.Millisecond

// rpcQueue is where calls wait for a worker. On a channel each call would wake a worker's thread; here they wake one together, when
// all requests that connections have in hand wait for an answer: see ../../docs/threads.md.
type rpcQueue struct {
	calls chan struct{} // a token for each worker that is to wake. Closed at the end, when nobody calls any more

	mu      sync.Mutex
	waiting []*rpcCall
	inHand  int // requests between enter and leave, those that wait included
	awake   int // workers that have a token or look at the list before they sleep
}

func newRPCQueue() *rpcQueue { return &rpcQueue{calls: make(chan struct{}, rpcWorkers)} }

// enter and leave enclose what a connection's goroutine does about a request. do is called between.
func (q *rpcQueue) enter() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.inHand++
}

func (q *rpcQueue) leave() {
	q.mu.Lock()
	q.inHand--
	due := q.due()
	q.mu.Unlock()
	if due {
		q.calls <- struct{}{}
	}
}

// do has a worker answer a call.
func (q *rpcQueue) do(call *rpcCall) {
	if q.put(call) {
		q.calls <- struct{}{}
	}
	late := time.NewTimer(rpcLate)
	defer late.Stop()
	select {
	case <-call.done:
	case <-late.C: // a client is slow to send or to read, or a worker has long work
		if q.another() {
			q.calls <- struct{}{}
		}
		<-call.done
	}
}

// put says whether the caller has to wake a worker.
func (q *rpcQueue) put(call *rpcCall) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, call)
	return q.due()
}

// due counts one worker as awake if calls wait for it and nothing else will come at once.
func (q *rpcQueue) due() bool {
	if q.awake > 0 || len(q.waiting) == 0 || len(q.waiting) < q.inHand {
		return false
	}
	q.awake = 1
	return true
}

// another counts one more worker as awake if calls wait and there is one.
func (q *rpcQueue) another() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 || q.awake == rpcWorkers {
		return false
	}
	q.awake++
	return true
}

// work is the body of a worker: it answers all calls that wait, and sleeps only when there is none. It ends when the channel is
// closed.
func (q *rpcQueue) work(answer func(*rpcCall)) {
	for range q.calls {
		for call := q.take(); call != nil; call = q.take() {
			answer(call)
			close(call.done)
		}
	}
}

// take returns the next call. A worker that gets none sleeps.
func (q *rpcQueue) take() *rpcCall {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		q.awake--
		return nil
	}
	call := q.waiting[0]
	q.waiting = q.waiting[1:]
	return call
}
