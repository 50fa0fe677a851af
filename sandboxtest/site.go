// SPDX-License-Identifier: MIT

package sandboxtest

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
)

// childVar tells a child in which call it is to run the function.
const childVar = "SANDBOXTEST_CHILD"

// A site is one call of this package, the same in parent and child.
type site struct {
	Test  string // its name
	Place string // file and line
	Nth   int    // that the test has made at this place, from 1
	Task  string // what of several things the child is to do
}

// target is the call that this process was started for, if it is a child.
var target = sync.OnceValue(func() *site {
	text, ok := os.LookupEnv(childVar)
	if !ok {
		return nil
	}
	// A process that the child starts is none.
	os.Unsetenv(childVar)
	s := new(site)
	if err := json.Unmarshal([]byte(text), s); err != nil {
		fmt.Fprintf(os.Stderr, "sandboxtest: %s: %v\n", childVar, err)
	}
	return s
})

// caller is where the user calls a function of this package that calls it.
func caller() string {
	_, file, line, _ := runtime.Caller(2)
	return fmt.Sprintf("%s:%d", file, line)
}

// calls counts, by test and place.
var calls = struct {
	mu     sync.Mutex
	counts map[string]map[string]int
}{counts: make(map[string]map[string]int)}

// newSite counts a call. When a test ends its counts go: -count and -cpu run it again.
func newSite(t testing.TB, place string) site {
	calls.mu.Lock()
	defer calls.mu.Unlock()
	name := t.Name()
	if calls.counts[name] == nil {
		calls.counts[name] = make(map[string]int)
		t.Cleanup(func() {
			calls.mu.Lock()
			defer calls.mu.Unlock()
			delete(calls.counts, name)
		})
	}
	calls.counts[name][place]++
	return site{Test: name, Place: place, Nth: calls.counts[name][place]}
}

// passedBy reports whether t is a test of a child on its way to the target: then
// functions of this package do nothing.
func passedBy(t testing.TB) bool {
	_, inFunction := t.(*childTB)
	return target() != nil && !inFunction
}
