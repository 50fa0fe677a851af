// SPDX-License-Identifier: MIT

package scenarios

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
)

// sigabrt is SIGABRT, by which the runtime ends a process that is to leave a core dump.
const sigabrt = 6

func ends() []Scenario {
	return []Scenario{
		{Name: "runtime.Goexit", Make: always(runtime.Goexit), End: End{Leaves: true}},
		{Name: "os.Exit", Make: always(func() { os.Exit(3) }), End: End{Exit: 3}},
		{Name: "unrecovered panic", Make: always(func() { panic("nobody recovers") }), End: End{Exit: 2, Text: "panic: nobody recovers"}},
		{Name: "unrecovered panic of another goroutine", Make: always(panicsElsewhere), End: End{Exit: 2, Text: "panic: elsewhere"}},
		{Name: "nil dereference", Make: plain(dereferences), End: End{Exit: 2, Text: "signal SIGSEGV: segmentation violation"}},
		{Name: "fatal error", Make: always(fatal), End: End{Exit: 2, Text: "fatal error: sync: unlock of unlocked mutex"}},
		{Name: "stack overflow", Make: always(overflow), End: End{Exit: 2, Text: "stack overflow"}},
		{Name: "crash output", Make: makeCrashOutput, End: End{Exit: 2, Text: "panic: panic: twice"}},
		{Name: "crash trace", Make: makeCrash, End: End{Signal: sigabrt, Text: "panic: traced"}},
	}
}

func panicsElsewhere() {
	go panic("elsewhere")
	for {
		deep(20)
	}
}

func dereferences() error {
	var nobody *node
	nobody.left = nobody
	return errors.New("a write to nil goes on")
}

// fatal is an error that nothing can recover.
func fatal() {
	var mu sync.Mutex
	mu.Unlock()
}

func overflow() {
	debug.SetMaxStack(1 << 20)
	deep(1 << 30)
}

// makeCrashOutput has the runtime write what it prints to a second file as well (panic and
// text by one write(2) each), which here is standard error again.
func makeCrashOutput() func() error {
	err := debug.SetCrashOutput(os.Stderr, debug.CrashOptions{})
	return func() error {
		if err != nil {
			return fmt.Errorf("before the policy: %w", err)
		}
		panic("twice")
	}
}

// makeCrash is GOTRACEBACK=crash: after the trace the process ends by a signal that leaves
// a core dump (signal_unix.go dieFromSignal), for which the runtime takes its handler away.
func makeCrash() func() error {
	debug.SetTraceback("crash")
	return func() error { panic("traced") }
}
