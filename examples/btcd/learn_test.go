// SPDX-License-Identifier: MIT

package main

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/learn"
	"github.com/syscall-sandbox/sandbox/seccomp"
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
	if d := recording.Phases[steady].Compare(steadyFilter(t)); len(d.Missing) > 0 {
		t.Errorf("the policy lacks what was called: %v", d.Missing)
	}
	for _, want := range []string{"accept4", "connect", "openat", "renameat", "flock"} {
		if !slices.ContainsFunc(recording.Phases[steady].Calls, func(c learn.Call) bool { return c.Syscall == want }) {
			t.Errorf("no %s is recorded", want)
		}
	}
}

// steadyFilter is that of daemon's policy, which a test there keeps in steady.json.
func steadyFilter(t *testing.T) seccomp.Filter {
	text, err := os.ReadFile("daemon/steady.json")
	must(t, err)
	var steady sandbox.SyscallSandboxPolicy
	must(t, json.Unmarshal(text, &steady))
	f, err := steady.Filter(sandbox.ScopeProcess, sandbox.ActionKillProcess)
	must(t, err)
	return f.ForPID(1)
}
