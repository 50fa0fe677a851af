// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/syscall-sandbox/sandbox/bench/measure"
	"github.com/syscall-sandbox/sandbox/bench/peer"
	"github.com/syscall-sandbox/sandbox/bench/policy"
)

// A Report is one run.
type Report struct {
	Machine string   `json:"machine"`
	Seed    uint64   `json:"seed"`
	Notes   []string `json:"notes,omitempty"`
	Rows    []Row    `json:"rows"`
	Reached []string `json:"reached,omitempty"` // one line for each goal
}

// A Row is one peer on one policy.
type Row struct {
	Policy  string          `json:"policy"`
	Peer    string          `json:"peer"`
	Verdict string          `json:"verdict"`          // right, wrong, x32, cannot, failed
	Reason  string          `json:"reason,omitempty"` // the witness, or why not
	Paths   *measure.Paths  `json:"paths,omitempty"`
	Cost    *measure.Cost   `json:"compile,omitempty"`
	Kernel  *measure.Kernel `json:"kernel,omitempty"`
}

// Verdicts. A program with one that is neither right nor x32 answers some native call
// differently from the policy: its figures are those of another policy.
const (
	right     = "right"
	wrong     = "wrong"
	onlyX32   = "x32"    // differs only on x32 numbers or foreign architectures
	cannot    = "cannot" // the peer has no words for the policy
	failed    = "failed" // the peer answered with an error, a hang or an invalid program
	unlimited = "no filter"
)

// measureAll is one policy under all peers, and under no filter. The times of the
// peers are taken in one go, so that they share the state of the machine.
func measureAll(p *policy.Policy, peers []peer.Peer, static bool) ([]Row, error) {
	var rows []Row
	for _, each := range peers {
		row, err := measureOne(p, each, static)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", each.Name, err)
		}
		rows = append(rows, row)
	}
	if static {
		return rows, nil
	}
	k, err := measure.Calls(nil, p)
	k.InstallUS = -1
	return append(rows, Row{Policy: p.Name, Peer: unlimited, Kernel: &k}), err
}

func measureOne(p *policy.Policy, each peer.Peer, static bool) (Row, error) {
	row := Row{Policy: p.Name, Peer: each.Name, Verdict: right}
	prog, err := each.Program(p)
	if err != nil {
		row.Verdict, row.Reason = failed, err.Error()
		if _, ok := errors.AsType[*policy.Inexpressible](err); ok {
			row.Verdict = cannot
		}
		return row, nil
	}
	first, n, probes, err := measure.Check(prog, p)
	if err != nil {
		row.Verdict, row.Reason = failed, err.Error()
		return row, nil
	}
	if first != nil {
		row.Verdict, row.Reason = wrong, fmt.Sprintf("%v (%d of %d probes)", first, n, probes)
		if !first.Call.Native() {
			row.Verdict = onlyX32
		}
	}
	paths := measure.Count(prog, p)
	row.Paths = &paths
	if static {
		return row, nil
	}
	cost, err := each.Cost(p)
	if err != nil {
		return row, err
	}
	row.Cost = &cost
	if row.Verdict == wrong {
		return row, nil // what the kernel would time is not what the policy says
	}
	k, err := measure.InKernel(prog, p)
	row.Kernel = &k
	return row, err
}

// Print writes the table, and under it a line for each row that is not right.
func (r Report) Print(w io.Writer) {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(table.Row{"policy", "peer", "answers", "length", "allowed", "denied", "longest", "args weighted", "args uniform",
		"compile us", "allocs", "install us", "cached ns", "args ns", "denied ns"})
	var columns []table.ColumnConfig
	for n := 4; n <= 15; n++ {
		columns = append(columns, table.ColumnConfig{Number: n, Align: text.AlignRight})
	}
	t.SetColumnConfigs(columns)
	var remarks []string
	for i, row := range r.Rows {
		if i > 0 && r.Rows[i-1].Policy != row.Policy {
			t.AppendSeparator()
		}
		t.AppendRow(row.cells())
		if row.Reason != "" {
			remarks = append(remarks, fmt.Sprintf("%s, %s: %s: %s", row.Policy, row.Peer, row.Verdict, row.Reason))
		}
	}
	fmt.Fprintf(w, "%s\n%s\n", r.Machine, t.Render())
	remarks = append(append(remarks, r.Notes...), r.Reached...)
	for _, line := range remarks {
		fmt.Fprintln(w, line)
	}
}

func (row Row) cells() table.Row {
	cells := table.Row{row.Policy, row.Peer, row.Verdict}
	if p := row.Paths; p != nil {
		cells = append(cells, p.Length, fixed(p.Allowed, 2), fixed(p.Denied, 2), p.Longest, fixed(p.Weighted, 2), fixed(p.Uniform, 2))
	} else {
		cells = append(cells, "-", "-", "-", "-", "-", "-")
	}
	if c := row.Cost; c != nil {
		cells = append(cells, fixed(float64(c.NS)/1000, 1), count(c.Allocs))
	} else {
		cells = append(cells, "-", "-")
	}
	if k := row.Kernel; k != nil {
		return append(cells, fixed(k.InstallUS, 1), fixed(k.CachedNS, 1), fixed(k.ArgsNS, 1), fixed(k.DeniedNS, 1))
	}
	return append(cells, "-", "-", "-", "-")
}

// fixed formats a figure; none is 0 or below.
func fixed(v float64, digits int) string {
	if v <= 0 {
		return "-"
	}
	return strconv.FormatFloat(v, 'f', digits, 64)
}

func count(n int64) string {
	if n < 0 {
		return "-"
	}
	return strconv.FormatInt(n, 10)
}
