// SPDX-License-Identifier: MIT

package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// figures are what one node did in one round, and what that took; a thing is a block or a request.
type figures struct {
	things  int
	time    time.Duration
	cpu     time.Duration   // of the node's process
	sleeps  int             // of its threads
	latency []time.Duration // of the requests
}

func (f figures) rate() float64       { return float64(f.things) / f.time.Seconds() }
func (f figures) cpuEach() float64    { return float64(f.cpu.Nanoseconds()) / 1000 / float64(f.things) } // microseconds
func (f figures) sleepsEach() float64 { return float64(f.sleeps) / float64(f.things) }

// A sample is what a node has used until some moment.
type sample struct {
	at     time.Time
	cpu    time.Duration
	sleeps int
}

func (n *node) sample() (s sample, err error) {
	s.at = time.Now()
	if s.cpu, err = n.processorTime(); err == nil {
		s.sleeps, err = n.sleeps()
	}
	return s, err
}

// add is for things that were done between two samples.
func (f *figures) add(things int, from, to sample) {
	f.things += things
	f.time += to.at.Sub(from.at)
	f.cpu += to.cpu - from.cpu
	f.sleeps += to.sleeps - from.sleeps
}

// processorTime is what all threads of the node have used so far, to the nanosecond: the clock of
// another process, as clock_getcpuclockid(3) names it (include/linux/posix-timers_types.h).
func (n *node) processorTime() (time.Duration, error) {
	const sched = 2 // CPUCLOCK_SCHED
	var t unix.Timespec
	err := unix.ClockGettime(int32(^n.cmd.Process.Pid)<<3|sched, &t)
	return time.Duration(t.Nano()), err
}
