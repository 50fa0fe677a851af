// SPDX-License-Identifier: MIT

package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// figures are of one node in one round; a thing is a block or a request.
type figures struct {
	rate    float64         // things a second
	cpu     float64         // microseconds of the node's processor time a thing
	sleeps  float64         // of its threads, a thing
	latency []time.Duration // of the requests
}

// A sample is what a node has done and used until some moment.
type sample struct {
	at     time.Time
	things int
	cpu    time.Duration
	sleeps int
}

func (n *node) sample(things int) (s sample, err error) {
	s = sample{at: time.Now(), things: things}
	if s.cpu, err = n.processorTime(); err == nil {
		s.sleeps, err = n.sleeps()
	}
	return s, err
}

func (s sample) since(from sample) figures {
	things := float64(s.things - from.things)
	return figures{
		rate:   things / s.at.Sub(from.at).Seconds(),
		cpu:    float64((s.cpu - from.cpu).Nanoseconds()) / 1000 / things,
		sleeps: float64(s.sleeps-from.sleeps) / things,
	}
}

// processorTime is what all threads of the node have used so far, to the nanosecond: the clock of
// another process, as clock_getcpuclockid(3) names it (include/linux/posix-timers_types.h).
func (n *node) processorTime() (time.Duration, error) {
	const sched = 2 // CPUCLOCK_SCHED
	var t unix.Timespec
	err := unix.ClockGettime(int32(^n.cmd.Process.Pid)<<3|sched, &t)
	return time.Duration(t.Nano()), err
}
