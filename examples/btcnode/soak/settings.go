// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"math/rand/v2"
)

// settings are what the Go runtime of a node is told.
type settings struct {
	procs int
	gogc  string
	limit string // of memory
}

var collections = []settings{
	{gogc: "off", limit: "256MiB"}, // collects when it has that much
	{gogc: "10", limit: "off"},
	{gogc: "100", limit: "off"},
	{gogc: "400", limit: "256MiB"},
}

func drawSettings(r *rand.Rand) settings {
	s := collections[r.IntN(len(collections))]
	s.procs = 1 + r.IntN(8)
	return s
}

func (s settings) environ() []string {
	return []string{fmt.Sprintf("GOMAXPROCS=%d", s.procs), "GOGC=" + s.gogc, "GOMEMLIMIT=" + s.limit}
}

func (s settings) String() string { return fmt.Sprintf("GOMAXPROCS=%d GOGC=%s", s.procs, s.gogc) }
