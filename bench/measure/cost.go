// SPDX-License-Identifier: MIT

// Package measure takes the figures of the benchmark: executed instructions by an
// interpreter, compile cost by repetition, kernel times in child processes.
package measure

import (
	"runtime"
	"slices"
	"time"
)

// A Cost is that of one compilation. It is also what a command that speaks
// rawbpf's protocol prints when BENCH_COMPILE is 1.
type Cost struct {
	NS     int64 `json:"ns"`
	Allocs int64 `json:"allocs"` // -1: made outside Go's allocator, not counted
	Bytes  int64 `json:"bytes"`
}

const (
	batches   = 15
	batchTime = 8 * time.Millisecond
)

// Compile returns the median over 15 batches, each of as many compilations as fit into
// about 8 ms after a warm-up of two batches. Allocations are those of one batch
// by one, rounded down as testing.AllocsPerRun does. The collector runs as usual.
func Compile(compile func() error) (Cost, error) {
	n := 1
	for range 2 {
		start := time.Now()
		done := 0
		for time.Since(start) < batchTime {
			if err := compile(); err != nil {
				return Cost{}, err
			}
			done++
		}
		n = done
	}
	times := make([]int64, batches)
	for i := range times {
		start := time.Now()
		for range n {
			_ = compile() // has just succeeded; compilers are deterministic
		}
		times[i] = time.Since(start).Nanoseconds() / int64(n)
	}
	cost := Cost{NS: Median(times)}
	cost.Allocs, cost.Bytes = allocations(compile, n)
	return cost, nil
}

func allocations(compile func() error, n int) (allocs, size int64) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range n {
		_ = compile()
	}
	runtime.ReadMemStats(&after)
	return int64(after.Mallocs-before.Mallocs) / int64(n), int64(after.TotalAlloc-before.TotalAlloc) / int64(n)
}

// Median sorts v and returns its middle element.
func Median[T int64 | float64](v []T) T {
	slices.Sort(v)
	return v[len(v)/2]
}
