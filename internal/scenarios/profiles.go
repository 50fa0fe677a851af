// SPDX-License-Identifier: MIT

package scenarios

import (
	"bytes"
	"errors"
	"runtime"
	"runtime/metrics"
	"runtime/pprof"
	"runtime/trace"
)

// readsMaps are what a profile's writer asks for: it lists the mappings of the process
// (runtime/pprof/proto_other.go readMapping).
var readsMaps = []string{"openat(AT_FDCWD, _, O_RDONLY|O_CLOEXEC)", "fstat", "read", "close", "fcntl", "epoll_ctl"}

// rounds is about how many rounds of deep take 30 ms, in which a profile at 100 Hz takes
// some samples.
const rounds = 60000

func profiles() []Scenario {
	return []Scenario{
		{Name: "CPU profile taken by another goroutine", Make: plain(profiledByOther), Others: readsMaps},
		{Name: "CPU profile", Make: plain(profiled), Others: readsMaps},
		{Name: "CPU profile that nobody writes", Make: always(profiledTimers)}, // after which no other can be taken
		{Name: "heap profile", Make: plain(heapProfile), Calls: readsMaps},
		{Name: "execution trace by another goroutine", Make: plain(tracedByOther)},
		{Name: "execution trace", Make: plain(traced)},
		{Name: "metrics", Make: plain(readMetrics)},
	}
}

func work() {
	for i := range rounds {
		deep(i % 50)
	}
}

// profiledByOther: the runtime makes a timer on each thread that runs goroutines, this
// one included (os_linux.go setThreadCPUProfiler).
func profiledByOther() error {
	var profile bytes.Buffer
	started, done := make(chan error), make(chan struct{})
	go func() {
		started <- pprof.StartCPUProfile(&profile)
		<-done
		pprof.StopCPUProfile()
		close(started)
	}()
	if err := <-started; err != nil {
		return err
	}
	work()
	done <- struct{}{}
	<-started
	return notEmpty(&profile)
}

func profiled() error {
	var profile bytes.Buffer
	if err := pprof.StartCPUProfile(&profile); err != nil {
		return err
	}
	work()
	pprof.StopCPUProfile()
	return notEmpty(&profile)
}

// profiledTimers is the part of a CPU profile that the runtime does, which needs no file.
func profiledTimers() {
	runtime.SetCPUProfileRate(100)
	work()
	runtime.SetCPUProfileRate(0)
}

func notEmpty(b *bytes.Buffer) error {
	if b.Len() == 0 {
		return errors.New("it holds nothing")
	}
	return nil
}

func heapProfile() error {
	var profile bytes.Buffer
	if err := pprof.WriteHeapProfile(&profile); err != nil {
		return err
	}
	return notEmpty(&profile)
}

func tracedByOther() error {
	var buf bytes.Buffer
	started, done := make(chan error), make(chan struct{})
	go func() {
		started <- trace.Start(&buf)
		<-done
		trace.Stop()
		close(started)
	}()
	if err := <-started; err != nil {
		return err
	}
	startGoroutines()
	collect()
	done <- struct{}{}
	<-started
	return notEmpty(&buf)
}

func traced() error {
	var buf bytes.Buffer
	if err := trace.Start(&buf); err != nil {
		return err
	}
	startGoroutines()
	err := pingPong()
	trace.Stop()
	return errors.Join(err, notEmpty(&buf))
}

func readMetrics() error {
	var samples []metrics.Sample
	for _, d := range metrics.All() {
		samples = append(samples, metrics.Sample{Name: d.Name})
	}
	for range 5 {
		metrics.Read(samples)
	}
	for _, s := range samples {
		if s.Name == "/sched/goroutines:goroutines" && s.Value.Uint64() == 0 {
			return errors.New("no goroutine is counted")
		}
	}
	return nil
}
