// SPDX-License-Identifier: MIT

package main

import (
	"os"
	"slices"
	"testing"

	"github.com/syscall-sandbox/sandbox/learn"
)

// TestLearn lets the nodes live while everything is recorded: what they did is in the recording, and the policy would have
// refused nothing of it, or they would say so when they end.
func TestLearn(t *testing.T) {
	t.Parallel()
	p := newPair(t, "learn")
	p.live()
	p.endAndStartAgain()
	var runs []*learn.Recording
	for _, n := range append(p.again, p.first, p.second) {
		text, err := os.ReadFile(n.learned)
		must(t, err)
		run, err := learn.Parse(text)
		must(t, err)
		runs = append(runs, run)
	}
	recording, err := learn.Merge(runs...)
	must(t, err)
	if len(recording.Lost) > 0 {
		t.Errorf("lost: %v", recording.Lost)
	}
	steady := slices.IndexFunc(recording.Phases, func(p learn.Phase) bool { return slices.Equal(p.Policies, []string{"initialization", "steady"}) })
	if steady < 0 {
		t.Fatalf("nothing is recorded under steady: %+v", recording)
	}
	for _, want := range []string{"accept4", "connect", "openat", "renameat", "flock"} {
		if !slices.ContainsFunc(recording.Phases[steady].Calls, func(c learn.Call) bool { return c.Syscall == want }) {
			t.Errorf("no %s is recorded", want)
		}
	}
}
