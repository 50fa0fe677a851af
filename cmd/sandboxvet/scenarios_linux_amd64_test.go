// SPDX-License-Identifier: MIT

package main

import (
	"strings"
	"sync"
	"testing"

	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/load"
	"github.com/syscall-sandbox/sandbox/internal/scenarios"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

// TestScenarios holds the analysis of a program that can run each scenario of the Go runtime
// against runs of all of them, on a thread and on a process.
func TestScenarios(t *testing.T) {
	a := analyse(t, load.Options{Dir: "testdata/scenarios", Patterns: []string{"."}})
	program := build(t, ".", "./testdata/scenarios")
	var mu sync.Mutex
	var runs []observation
	t.Run("runs", func(t *testing.T) {
		for _, s := range scenarios.All() {
			for _, scope := range []string{"thread", "process"} {
				t.Run(s.Name+"/"+scope, func(t *testing.T) {
					t.Parallel()
					o := runScenario(t, program, scope, s)
					mu.Lock()
					defer mu.Unlock()
					runs = append(runs, o)
				})
			}
		}
	})
	checkRuns(t, a.Programs["scenarios"], []string{"initialization", "scenario"}, runs...)
}

func runScenario(t *testing.T, program, scope string, s scenarios.Scenario) observation {
	t.Helper()
	w := watch(t, testproc.Cmd{Executable: program, Args: []string{scope, s.Name}})
	exit := s.End.Exit
	if s.End.Signal != 0 {
		exit = 128 + s.End.Signal
	}
	o, stderr := w.end(t, exit)
	if !strings.Contains(stderr, s.End.Text) {
		t.Errorf("it does not end with %q:\n%s", s.End.Text, stderr)
	}
	return o
}
