// SPDX-License-Identifier: MIT

package main

import (
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/bench/peer"
	"github.com/syscall-sandbox/sandbox/bench/policies"
	"github.com/syscall-sandbox/sandbox/bench/policy"
)

// The counted figures are the same everywhere, so a change of the compiler that loses
// one fails here. Times are left to a run of the benchmark.
func TestCountedFigures(t *testing.T) {
	var r Report
	for _, raw := range [][]byte{policies.Net, policies.Args} {
		row, err := measureOne(policy.MustParse(raw), peer.Peer{Name: "sandbox", Prepare: peer.Sandbox}, true)
		if err != nil || row.Verdict != right {
			t.Fatalf("%+v, %v", row, err)
		}
		r.Rows = append(r.Rows, row)
	}
	lines := r.reached()
	if len(lines) != 8 {
		t.Errorf("%d figures, not 8: %q", len(lines), lines)
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "reached: ") {
			t.Error(line)
		}
	}
}
