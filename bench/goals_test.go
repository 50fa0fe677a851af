// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/bench/measure"
)

// TestReached gives each goal a report just at its limit and just beyond.
func TestReached(t *testing.T) {
	at := Row{Policy: "args", Peer: "sandbox",
		Paths:  &measure.Paths{Length: 136, Weighted: 10, Uniform: 13.5, Longest: 22},
		Cost:   &measure.Cost{NS: 80000},
		Kernel: &measure.Kernel{InstallUS: 40}}
	beyond := at
	beyond.Paths = &measure.Paths{Length: 137, Weighted: 10.1, Uniform: 13.6, Longest: 23}
	beyond.Cost, beyond.Kernel = &measure.Cost{NS: 80100}, &measure.Kernel{InstallUS: 41}
	peers := []Row{
		{Policy: "args", Peer: "quick", Kernel: &measure.Kernel{InstallUS: 41}},
		{Policy: "args", Peer: "slow", Kernel: &measure.Kernel{InstallUS: 60}},
		{Policy: "args", Peer: unlimited, Kernel: &measure.Kernel{InstallUS: -1}},
		{Policy: "net", Peer: "quick", Kernel: &measure.Kernel{InstallUS: 1}},
	}
	for row, word := range map[*Row]string{&at: "reached: ", &beyond: "NOT reached: "} {
		lines := Report{Rows: append(slices.Clone(peers), *row)}.reached()
		if len(lines) != 6 {
			t.Errorf("%d lines: %q", len(lines), lines)
		}
		for _, line := range lines {
			if !strings.HasPrefix(line, word+"args: ") {
				t.Errorf("%q, want %q", line, word)
			}
		}
	}
}

// TestCountedGoals is what this compiler reaches whatever the machine does.
func TestCountedGoals(t *testing.T) {
	var out, progress strings.Builder
	if err := run([]string{"-static", "-only", "net", "policies/net.json"}, &out, &progress); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{"-static", "policies/args.json"}, &out, &progress); err != nil {
		t.Fatal(err)
	}
	for _, g := range goals {
		timed := g.figure == "compile us" || g.figure == "allocs"
		want := fmt.Sprintf("\nreached: %s: %s ", g.policy, g.figure)
		if !timed && !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}
