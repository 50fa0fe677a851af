// SPDX-License-Identifier: MIT

package seccomp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// A server is one run of Serve. One of its workers has the lead: it receives, and handles what it
// received itself, so that no other goroutine has to be woken while the caller
// waits. If the handler has not returned after a while, or others are at work, the lead
// goes to another worker.
type server struct {
	l       *Listener
	o       ServeOptions
	handler func(context.Context, *Request)
	ctx     context.Context

	mu       sync.Mutex
	gone     *sync.Cond  // workers has shrunk
	workers  int         // at most Concurrency
	late     int         // handlers that no longer count as workers
	jobs     []*job      // in handlers, late ones excepted, oldest first
	leading  *job        // its worker has the lead
	vacant   bool        // nobody has the lead, because there were too many workers
	watching bool        // the timer will look at the oldest job
	passing  bool        // the timer will look at the leading job
	pass     *time.Timer // calls passLead
	watch    *time.Timer // calls expire
	ended    error       // what ended the receiving
	failed   error       // the first HandlerError
	telling  sync.WaitGroup
}

// patience is how long the leading worker's handler may run before the lead is passed on. Waking
// another worker costs about as much as answering.
const patience = 50 * time.Microsecond

// A job is a request in a handler.
type job struct {
	r      *Request
	start  time.Time
	cancel context.CancelFunc
	late   bool
}

func newServer(ctx context.Context, l *Listener, o ServeOptions, handler func(context.Context, *Request)) *server {
	s := &server{l: l, o: o, handler: handler, ctx: ctx}
	s.gone = sync.NewCond(&s.mu)
	return s
}

func (s *server) serve() error {
	defer s.telling.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spawn()
	for s.workers > 0 {
		s.gone.Wait()
	}
	s.stopTimers()
	switch {
	case s.ended == io.EOF:
		return s.failed
	case s.failed == nil:
		return s.ended
	}
	return errors.Join(s.ended, s.failed)
}

func (s *server) stopTimers() {
	for _, t := range []*time.Timer{s.pass, s.watch} {
		if t != nil {
			t.Stop()
		}
	}
}

// spawn starts a worker, which has the lead. The caller holds mu, as for the methods down to begin.
func (s *server) spawn() {
	s.workers++
	go s.lead()
}

// giveLead lets another worker receive. At the limit that is whichever is ready first.
func (s *server) giveLead() {
	s.leading = nil
	if s.ended != nil {
		return
	}
	if s.vacant = s.workers >= s.o.Concurrency; !s.vacant {
		s.spawn()
	}
}

func (s *server) leave() {
	s.workers--
	s.gone.Broadcast()
}

// begin notes a request that the leading worker is to handle.
func (s *server) begin(j *job) {
	s.jobs = append(s.jobs, j)
	if !s.watching {
		s.watching = true
		s.watch = restart(s.watch, s.o.Timeout, s.expire)
	}
	if s.leading = j; len(s.jobs) > 1 {
		s.giveLead()
	} else if !s.passing {
		s.passing = true
		s.pass = restart(s.pass, patience, s.passLead)
	}
}

func restart(t *time.Timer, d time.Duration, fn func()) *time.Timer {
	if t == nil {
		return time.AfterFunc(d, fn)
	}
	t.Reset(d)
	return t
}

// passLead passes on the lead of a worker that is slow. It starts again for as long as there is
// one to watch, which costs less than to start and stop it with each request.
func (s *server) passLead() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.passing = s.leading != nil; !s.passing {
		return
	}
	if left := patience - time.Since(s.leading.start); left > 0 {
		s.pass.Reset(left)
		return
	}
	s.passing = false
	s.giveLead()
}

// expire fails the requests of handlers that are late.
func (s *server) expire() {
	for j := s.nextLate(); j != nil; j = s.nextLate() {
		s.answer(j.r, ErrLate, nil)
		j.cancel()
		s.mu.Lock()
		s.leave()
		if s.leading == j || s.vacant {
			s.giveLead()
		}
		s.mu.Unlock()
	}
}

// nextLate takes a request off the list whose handler is late.
func (s *server) nextLate() *job {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watching = len(s.jobs) > 0; !s.watching {
		return nil
	}
	j := s.jobs[0]
	if left := s.o.Timeout - time.Since(j.start); left > 0 {
		s.watch.Reset(left)
		return nil
	}
	s.jobs = slices.Delete(s.jobs, 0, 1)
	j.late = true
	s.late++
	return j
}

// lead is a worker's life: it receives and handles as long as it has the lead.
func (s *server) lead() {
	for {
		r, err := s.l.h.receive(s.ctx, s.l)
		s.mu.Lock()
		if err != nil {
			s.ended = err
			s.leave()
			s.mu.Unlock()
			return
		}
		crowded := s.late >= s.o.Concurrency
		j := &job{r: r, start: time.Now()}
		if !crowded {
			var ctx context.Context
			ctx, j.cancel = context.WithCancel(s.ctx)
			s.begin(j)
			s.mu.Unlock()
			if !s.run(ctx, j) {
				return
			}
			continue
		}
		s.mu.Unlock()
		s.answer(r, ErrLate, nil)
	}
}

// run handles a request and reports whether its worker has the lead, or may take it.
func (s *server) run(ctx context.Context, j *job) (leads bool) {
	returned := false
	defer func() {
		var reason error
		var stack []byte
		v := recover()
		switch {
		case v != nil:
			reason, stack = panicked(v), debug.Stack()
		case !j.r.settled():
			reason = ErrNotAnswered
		}
		j.cancel()
		if reason != nil {
			s.answer(j.r, reason, stack)
		}
		leads = s.finish(j)
		if leads && !returned && v == nil {
			go s.lead() // the handler has ended this goroutine (runtime.Goexit)
		}
	}()
	s.handler(ctx, j.r)
	returned = true
	return
}

// finish takes a request off the list. A worker that has lost the lead, and finds none to
// take, leaves.
func (s *server) finish(j *job) (leads bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if j.late {
		s.late--
		return false
	}
	s.jobs = slices.DeleteFunc(s.jobs, func(other *job) bool { return other == j })
	switch {
	case s.leading == j:
		s.leading = nil
		return true
	case s.vacant && s.ended == nil:
		s.vacant = false
		return true
	}
	s.leave()
	return false
}

// answer fails the request that a handler has not answered, and reports the handler, unless
// nobody waits for the answer any more.
func (s *server) answer(r *Request, reason error, stack []byte) {
	err := r.Fail(s.o.Errno)
	if err != nil && stack == nil {
		return
	}
	e := &HandlerError{Call: r.Call, Reason: reason, Stack: stack}
	s.mu.Lock()
	if s.failed == nil {
		s.failed = e
	}
	s.mu.Unlock()
	if s.o.Failed != nil {
		// On a goroutine of its own: one that takes long keeps nobody from being answered.
		s.telling.Go(func() { s.o.Failed(r, e) })
	}
}

// panicked makes an error of what a handler panicked with.
func panicked(v any) error {
	if err, ok := v.(error); ok {
		return fmt.Errorf("the handler panicked: %w", err)
	}
	return fmt.Errorf("the handler panicked: %v", v)
}

// settled reports whether the request needs no answer any more.
func (r *Request) settled() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.answered
}
