// SPDX-License-Identifier: MIT

package main

import "fmt"

// A goal is a figure that this library's compiler is to reach on a policy; install
// times are to be below every peer's of the same run.
type goal struct {
	policy, figure string
	most           float64
	of             func(Row) (float64, bool)
}

func counted(of func(Row) float64) func(Row) (float64, bool) {
	return func(r Row) (float64, bool) {
		if r.Paths == nil {
			return 0, false
		}
		return of(r), true
	}
}

var (
	length    = counted(func(r Row) float64 { return float64(r.Paths.Length) })
	allowed   = counted(func(r Row) float64 { return r.Paths.Allowed })
	denied    = counted(func(r Row) float64 { return r.Paths.Denied })
	longest   = counted(func(r Row) float64 { return float64(r.Paths.Longest) })
	weighted  = counted(func(r Row) float64 { return r.Paths.Weighted })
	uniform   = counted(func(r Row) float64 { return r.Paths.Uniform })
	compileUS = func(r Row) (float64, bool) {
		if r.Cost == nil {
			return 0, false
		}
		return float64(r.Cost.NS) / 1000, true
	}
	allocs = func(r Row) (float64, bool) {
		if r.Cost == nil {
			return 0, false
		}
		return float64(r.Cost.Allocs), true
	}
	installUS = func(r Row) (float64, bool) {
		if r.Kernel == nil {
			return 0, false
		}
		return r.Kernel.InstallUS, true
	}
)

var goals = []goal{
	{"net", "length", 68, length}, {"net", "allowed", 9.4, allowed}, {"net", "denied", 10.3, denied}, {"net", "longest", 13, longest},
	{"net", "compile us", 30, compileUS}, {"net", "allocs", 60, allocs},
	{"args", "length", 136, length}, {"args", "args weighted", 10, weighted}, {"args", "args uniform", 13.5, uniform},
	{"args", "longest", 22, longest}, {"args", "compile us", 80, compileUS},
}

// reached says of each goal whether this run reached it.
func (r Report) reached() (lines []string) {
	for _, g := range goals {
		for _, row := range r.Rows {
			if v, ok := g.of(row); ok && row.Policy == g.policy && row.Peer == "sandbox" {
				lines = append(lines, verdict(v <= g.most, "%s: %s %.4g, at most %.4g", g.policy, g.figure, v, g.most))
			}
		}
	}
	for _, policy := range []string{"net", "args"} {
		if own, best, peer := r.installs(policy); own > 0 && best > 0 {
			lines = append(lines, verdict(own < best, "%s: install us %.1f, below every peer (%s %.1f)", policy, own, peer, best))
		}
	}
	return lines
}

func verdict(ok bool, format string, args ...any) string {
	word := "reached: "
	if !ok {
		word = "NOT reached: "
	}
	return word + fmt.Sprintf(format, args...)
}

// installs are this library's install time and the shortest of a peer's.
func (r Report) installs(policy string) (own, best float64, peer string) {
	for _, row := range r.Rows {
		us, ok := installUS(row)
		switch {
		case !ok || row.Policy != policy || us <= 0:
		case row.Peer == "sandbox":
			own = us
		case best == 0 || us < best:
			best, peer = us, row.Peer
		}
	}
	return own, best, peer
}
