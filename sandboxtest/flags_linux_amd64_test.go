// SPDX-License-Identifier: MIT

package sandboxtest_test

import (
	"flag"
	"os"
	"slices"
	"testing"

	"github.com/syscall-sandbox/sandbox/sandboxtest"
)

var given = flag.String("given", "", "what TestFlags is to find in the child")

// The child has its parent's flags and arguments.
func TestFlags(t *testing.T) {
	sandboxtest.RunThread(t, small, func(t testing.TB) {
		want := os.Getenv("SANDBOXTEST_GIVEN")
		if *given != want || want != "" && !slices.Equal(flag.Args(), []string{"-test.v", "b"}) {
			t.Errorf("-given is %q, the arguments are %q", *given, flag.Args())
		}
	})
}

// TestExits has children that end by os.Exit, which writes coverage where it can.
func TestExits(t *testing.T) {
	sandboxtest.Runtime(t, small)
}

// A data race in a child fails the test, though the child does not end as the race
// detector has it.
func plantedRace(t *testing.T) {
	sandboxtest.RunThread(t, small, func(testing.TB) {
		n, done := 0, make(chan bool)
		go func() { n++; close(done) }()
		n++
		<-done
	})
}
