// SPDX-License-Identifier: MIT

package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"runtime/pprof"
	"runtime/trace"
)

// readsMaps are what a profile's writer asks for: it lists the mappings of the process
// (runtime/pprof/proto_other.go readMapping) and looks for build ids in the files.
var readsMaps = []string{
	"openat(AT_FDCWD, _, O_RDONLY|O_CLOEXEC)",
	"fcntl(_, F_GETFL)", "fcntl(_, F_SETFL, 0x8800)", "fcntl(_, F_SETFL, 0x8000)", // O_LARGEFILE, with O_NONBLOCK and without
	"epoll_ctl", "fstat", "read", "pread64", "close",
}

// rounds is about how many rounds of deep take 30 ms, in which a profile at 100 Hz takes
// some samples.
const rounds = 60000

func profiles() []Scenario {
	return []Scenario{
		{Name: "CPU profile taken by another goroutine", Make: plain(profiledByOther), Others: readsMaps},
		{Name: "CPU profile", Make: plain(profiled), Others: readsMaps},
		{Name: "CPU profile that nobody writes", Make: always(profiledTimers)}, // after which no other can be taken
		{Name: "heap profile", Make: plain(heapProfile), Calls: readsMaps},
		{Name: "every profile", Make: plain(everyProfile), Calls: readsMaps},
		{Name: "every profile as text", Make: plain(everyText), Calls: []string{"getrusage(RUSAGE_SELF)"}},
		{Name: "heap dump", Make: makeHeapDump},
		{Name: "execution trace by another goroutine", Make: plain(tracedByOther)},
		{Name: "execution trace", Make: plain(traced)},
		{Name: "flight recorder", Make: plain(recorded)},
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

func everyProfile() error { return writeProfiles(0) }

// everyText is what net/http/pprof shows with debug=1.
func everyText() error { return writeProfiles(1) }

func writeProfiles(debug int) error {
	var errs []error
	for _, p := range pprof.Profiles() {
		var profile bytes.Buffer
		if err := errors.Join(p.WriteTo(&profile, debug), notEmpty(&profile)); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", p.Name(), err))
		}
	}
	return errors.Join(errs...)
}

// makeHeapDump: the runtime itself writes it (heapdump.go), with the world stopped.
func makeHeapDump() func() error {
	f, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		err = fmt.Errorf("before the policy: %w", err)
		return func() error { return err }
	}
	openFiles = append(openFiles, f)
	return func() error {
		debug.WriteHeapDump(f.Fd())
		return nil
	}
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

func recorded() error {
	var buf bytes.Buffer
	r := trace.NewFlightRecorder(trace.FlightRecorderConfig{})
	if err := r.Start(); err != nil {
		return err
	}
	startGoroutines()
	_, err := r.WriteTo(&buf)
	r.Stop()
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
