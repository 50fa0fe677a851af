// SPDX-License-Identifier: MIT

// Command notify measures what it costs to have a call answered by a listener: within a
// process and across processes, beside the call itself. ../README.md says what the
// columns mean.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"text/tabwriter"
)

// childArg and a setup make this program a child.
const childArg = "notify-child"

func main() {
	var err error
	if len(os.Args) == 3 && os.Args[1] == childArg {
		var s setup
		if err = json.Unmarshal([]byte(os.Args[2]), &s); err == nil {
			err = child(s)
		}
	} else {
		err = run(os.Args[1:], os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "notify:", err)
		os.Exit(1)
	}
}

// A row is one operation in one setup: nanoseconds by round, and of the direct open in
// the same rounds.
type row struct {
	setup      setup
	op         string
	ns, direct []float64
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("notify", flag.ContinueOnError)
	rounds := flags.Int("rounds", 31, "rounds of all ways to make a call")
	calls := flags.Int("calls", 300, "calls of one way in a round")
	if err := flags.Parse(args); err != nil {
		return err
	}
	file, err := os.CreateTemp("", "notify")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	if err := file.Close(); err != nil {
		return err
	}
	rows, err := measure(setups(file.Name()), *rounds, *calls)
	if err != nil {
		return err
	}
	return print(out, rows)
}

func setups(file string) (all []setup) {
	for _, cross := range []bool{false, true} {
		for _, procs := range slices.Compact([]int{1, runtime.NumCPU()}) {
			for _, sync := range []bool{false, true} {
				all = append(all, setup{Cross: cross, Sync: sync, Procs: procs, File: file})
				if procs > 1 {
					all = append(all, setup{Cross: cross, Sync: sync, Bare: true, Procs: procs, File: file})
				}
			}
		}
	}
	return all
}

// measure asks all setups in turns.
func measure(all []setup, rounds, calls int) (rows []row, err error) {
	var processes []*process
	defer func() {
		for _, p := range processes {
			err = errors.Join(err, p.end())
		}
	}()
	for _, s := range all {
		p, err := startProcess(s)
		if err != nil {
			return nil, err
		}
		processes = append(processes, p)
		for _, op := range s.operations() {
			rows = append(rows, row{setup: s, op: op})
		}
	}
	for range rounds {
		i := 0
		for n, s := range all {
			direct, err := processes[n].ask(job{"direct", calls})
			if err != nil {
				return nil, err
			}
			for _, op := range s.operations() {
				ns, err := processes[n].ask(job{op, calls})
				if err != nil {
					return nil, err
				}
				rows[i].ns, rows[i].direct = append(rows[i].ns, ns), append(rows[i].direct, direct)
				i++
			}
		}
	}
	return rows, nil
}

func (s setup) operations() []string {
	if s.Cross {
		return []string{"round trip", "open, fixed", "open"}
	}
	return []string{"round trip", "open, fixed", "open", "open, own"}
}

func print(out io.Writer, rows []row) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "listener\tGOMAXPROCS\twake-up\toperation\tus\tfastest us\tdirect us\tto direct\t")
	for _, r := range rows {
		where, wake := "in process", "-"
		if r.setup.Cross {
			where = "other process"
		}
		if r.setup.Sync {
			wake = "sync"
		}
		if r.setup.Bare {
			where += ", bare"
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%.1f\t%.1f\t%.1f\t%s\t\n", where, r.setup.Procs, wake, r.op,
			middle(r.ns, 0.5)/1000, slices.Min(r.ns)/1000, middle(r.direct, 0.5)/1000, r.ratio())
	}
	fmt.Fprintln(w)
	return w.Flush()
}

// ratio relates times to the direct open of the same rounds: the median, and the middle
// half.
func (r row) ratio() string {
	ratios := make([]float64, len(r.ns))
	for i := range r.ns {
		ratios[i] = r.ns[i] / r.direct[i]
	}
	return fmt.Sprintf("%.2f (%.2f-%.2f)", middle(ratios, 0.5), middle(ratios, 0.25), middle(ratios, 0.75))
}

// middle is a quantile.
func middle(v []float64, q float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[int(q*float64(len(s)-1)+0.5)]
}
