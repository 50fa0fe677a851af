// SPDX-License-Identifier: MIT

//go:build !race

package bpfgen

import (
	"math/rand/v2"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

const defaultPrograms = 3000

// The race detector allocates by itself, so this is not in its builds.
func TestAllocations(t *testing.T) {
	spans := randomSpans(rand.New(rand.NewPCG(5, 6)), 200, 3, 3)
	if n := testing.AllocsPerRun(100, func() { Compile(spans, abi.RetKillProcess) }); n > 20 {
		t.Errorf("%v allocations", n)
	}
}
