// SPDX-License-Identifier: MIT

package main

import (
	"log/slog"
	"sync/atomic"
	"time"
)

const (
	tick        = 250 * time.Millisecond
	flushBlocks = 1000        // a flush takes tens of milliseconds, a thousand early blocks about as many
	flushAfter  = time.Second // at the tip, where blocks come slowly
)

// scheduler does what is done from time to time: it flushes the chain, so that a kill -9 loses little, reports progress, tells
// the service manager that the node lives, and reopens the log file.
type scheduler struct {
	chain    *chain
	operator *operator
	report   func()
	failed   func(error)
	wake     chan struct{} // holds one token at most
	flushes  atomic.Int64
}

// notify is called after each block; it wakes the scheduler when enough of them wait for a flush.
func (s *scheduler) notify() {
	if s.behind() < flushBlocks {
		return
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *scheduler) behind() int32 { return s.chain.height() - s.chain.flushed.Load() }

// run is the body of the scheduler role.
func (s *scheduler) run(quit <-chan struct{}) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-quit:
			return
		case <-s.wake:
		case <-s.operator.watchdog:
			s.operator.notify.Send("WATCHDOG=1")
		case <-s.operator.hangUp:
			s.operator.reopenLog()
		case <-ticker.C:
			s.report()
		}
		behind := s.behind()
		if behind < flushBlocks && (behind == 0 || time.Since(last) < flushAfter) {
			continue
		}
		if err := s.chain.flush(); err != nil {
			s.failed(err)
			return
		}
		s.flushes.Add(1)
		last = time.Now()
		slog.Debug("flushed", "height", s.chain.flushed.Load())
	}
}
