// SPDX-License-Identifier: MIT

// Command places violates its policy in the places that its arguments name, after the
// action: user goroutines, threads with a policy of their own, timers, finalizers and
// so on. The test builds it in every way that Go programs are built.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/buildtest/testdata/places/early"
	"github.com/syscall-sandbox/sandbox/learn"
)

// A result is what the program says at its end, if it reaches it.
type result struct {
	Answers    map[string]map[string]int // by place: what came of its calls, how often
	Violations []sandbox.Violation
	Delivered  []sandbox.Violation // to Config.OnViolation
	Learned    *learn.Recording
}

var said = result{Answers: make(map[string]map[string]int)}

// places are where violations happen; cgo adds some.
var places = map[string]func(){
	"syscall":   inSyscall,
	"raw":       inRawSyscall,
	"thread":    inThread,
	"runtime":   inRuntime,
	"init":      func() {}, // has been
	"timer":     inTimer,
	"finalizer": inFinalizer,
	"memory":    inMemoryPressure,
	"end":       inThreadEnd,
	"goexit":    inGoexit,
	"free":      inFree,
	"exec":      inExec,
}

func init() {
	must(early.Err)
	if slices.Contains(os.Args[2:], "init") {
		inInit()
	}
}

func main() {
	for _, place := range os.Args[2:] {
		where, ok := places[place]
		if !ok {
			must(fmt.Errorf("unknown place %q", place))
		}
		where()
	}
	said.Violations = sandbox.Violations()
	for len(said.Delivered) < len(said.Violations) {
		select {
		case v := <-early.Delivered:
			said.Delivered = append(said.Delivered, v)
		case <-time.After(30 * time.Second):
			must(fmt.Errorf("of %d violations %d were delivered", len(said.Violations), len(said.Delivered)))
		}
	}
	said.Learned = sandbox.Learned()
	must(json.NewEncoder(os.Stdout).Encode(said))
}

// often is how many times a place makes its call.
const often = 1000

// violate makes a refused call often and counts what comes of it. Places use it one
// after the other.
func violate(place string, call func() error) {
	answers := make(map[string]int)
	said.Answers[place] = answers
	for range often {
		answers[answer(call())]++
	}
}

func answer(err error) string {
	var errno syscall.Errno
	switch {
	case err == nil:
		return "executed"
	case errors.As(err, &errno):
		return fmt.Sprintf("errno %d", int(errno))
	}
	return err.Error()
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "places:", err)
		os.Exit(1)
	}
}
