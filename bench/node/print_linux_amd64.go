// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// goals are the least ratios of the whole sandbox.
const (
	syncGoal = 0.98
	rpcGoal  = 0.97
)

func (b *bench) print(out io.Writer) {
	if b.only != "rpc" {
		fmt.Fprintf(out, "sync: %d blocks in each mode, %d rounds\n", b.height, b.rounds)
		table(out, "block", b.syncs)
	}
	if b.only != "sync" {
		fmt.Fprintf(out, "rpc: %d requests over %d connections to each mode, %d rounds\n", b.requests, b.connections, b.rounds)
		table(out, "request", b.loads)
		b.printLatency(out)
	}
	if b.only != "rpc" {
		conclude(out, "sync", b.syncs, syncGoal)
	}
	if b.only != "sync" {
		conclude(out, "rpc", b.loads, rpcGoal)
	}
}

// table has a row for each mode: medians of the rounds, and ratios to the same round without
// sandbox.
func table(out io.Writer, thing string, all [len(modes)][]figures) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "sandbox\t%ss/s\tto off\tcpu us/%s\tto off\tsleeps/%s\t\n", thing, thing, thing)
	for m, rounds := range all {
		fmt.Fprintf(w, "%s\t%.0f\t%s\t%.1f\t%s\t%.2f\t\n", modes[m].name,
			quantile(each(rounds, figures.rate), 0.5), spread(ratios(rounds, all[off], figures.rate)),
			quantile(each(rounds, figures.cpuEach), 0.5), spread(ratios(rounds, all[off], figures.cpuEach)),
			quantile(each(rounds, figures.sleepsEach), 0.5))
	}
	w.Flush()
	fmt.Fprintln(out)
}

// printLatency is of the requests of all rounds.
func (b *bench) printLatency(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "sandbox\tp50 us\tp90 us\tp99 us\tp99.9 us\tlongest us\t")
	for m, rounds := range b.loads {
		var all []time.Duration
		for _, f := range rounds {
			all = append(all, f.latency...)
		}
		fmt.Fprintf(w, "%s\t", modes[m].name)
		for _, q := range []float64{0.5, 0.9, 0.99, 0.999, 1} {
			fmt.Fprintf(w, "%d\t", quantile(all, q).Microseconds())
		}
		fmt.Fprintln(w)
	}
	w.Flush()
	fmt.Fprintln(out)
}

// conclude prints the figures that the rest is for.
func conclude(out io.Writer, what string, all [len(modes)][]figures, goal float64) {
	on := ratios(all[threads], all[off], figures.rate)
	fmt.Fprintf(out, "%s ratio process/off = %.3f\n", what, quantile(ratios(all[process], all[off], figures.rate), 0.5))
	fmt.Fprintf(out, "%s ratio on/off = %.3f\n", what, quantile(on, 0.5))
	word := "reached"
	if quantile(on, 0.5) < goal {
		word = "NOT reached"
	}
	fmt.Fprintf(out, "%s: at least %.2f (all rounds: %.3f to %.3f)\n", word, goal, slices.Min(on), slices.Max(on))
}

func each(rounds []figures, figure func(figures) float64) (v []float64) {
	for _, f := range rounds {
		v = append(v, figure(f))
	}
	return v
}

// ratios are round by round: what the machine did beside in a round slowed both.
func ratios(rounds, to []figures, figure func(figures) float64) (v []float64) {
	for i := range rounds {
		v = append(v, figure(rounds[i])/figure(to[i]))
	}
	return v
}

// spread is the median and the quartiles.
func spread(v []float64) string {
	return fmt.Sprintf("%.3f (%.3f-%.3f)", quantile(v, 0.5), quantile(v, 0.25), quantile(v, 0.75))
}

func quantile[T float64 | time.Duration](v []T, q float64) T {
	s := slices.Sorted(slices.Values(v))
	return s[int(q*float64(len(s)-1)+0.5)]
}
