// SPDX-License-Identifier: MIT

package main

import (
	"slices"
	"strconv"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/syscall-sandbox/sandbox"
)

func policiesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policies [POLICY...]",
		Short: "Show policies and their groups: the built-in ones, or those that are named",
		Long: `Show policies and the groups of calls that they hold whole, with the number of calls that
they permit on a thread and on the process, the Go runtime's share included. As html or svg:
every call under every policy, with the reason of each entry on hover.`,
		ValidArgsFunction: completePolicies(100),
	}
	output := outputFlag(cmd, "table", "json", "markdown", "html", "svg")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			args = builtinNames()
		}
		rows := make([]overview, len(args))
		for i, name := range args {
			s, err := load(name)
			if err == nil {
				rows[i], err = overviewOf(s)
			}
			if err != nil {
				return err
			}
		}
		switch *output {
		case "json":
			return printJSON(cmd, rows)
		case "html":
			return heatMapHTML(cmd.OutOrStdout(), rows)
		case "svg":
			return heatMapSVG(cmd.OutOrStdout(), rows)
		}
		cmd.Println(counts(cmd, rows, *output).render() + "\n")
		cmd.Println(matrix(cmd, rows, *output).render())
		return nil
	}
	return cmd
}

// An overview is a policy in a line.
type overview struct {
	Policy    string       `json:"policy"`
	Thread    int          `json:"calls_on_thread"`
	Process   int          `json:"calls_on_process,omitempty"`
	Groups    []string     `json:"groups"`
	Permitted []permission `json:"permitted"` // on the process, or on a thread where it fits only that
}

func overviewOf(s source) (overview, error) {
	o := overview{Policy: s.name, Groups: []string{}}
	thread, err := s.filter("thread")
	if err != nil {
		return o, err
	}
	o.Permitted = permitted(thread)
	o.Thread = countCalls(o.Permitted)
	if process, err := s.filter("process"); err == nil {
		o.Permitted = permitted(process)
		o.Process = countCalls(o.Permitted)
	}
	if s.profile == nil {
		o.Groups = append(o.Groups, s.policy.Groups()...)
	}
	return o, nil
}

// counts has a row per policy.
func counts(cmd *cobra.Command, rows []overview, output string) printer {
	t := newTable(cmd, output)
	t.AppendHeader(table.Row{"", "policy", "calls on a thread", "on the process"})
	for i, o := range rows {
		process := strconv.Itoa(o.Process)
		if o.Process == 0 {
			process = "-" // it fits a thread only
		}
		t.AppendRow(table.Row{i + 1, o.Policy, o.Thread, process})
	}
	return t
}

// matrix has a row per group and a column per policy, by its number in counts.
func matrix(cmd *cobra.Command, rows []overview, output string) printer {
	t := newTable(cmd, output)
	t.Style().Box.PaddingRight = " " // all of it fits a terminal of 80 columns
	header := table.Row{"group"}
	for i := range rows {
		header = append(header, i+1)
	}
	t.AppendHeader(header)
	for _, g := range sandbox.Groups() {
		row, any := table.Row{g.Name}, false
		for _, o := range rows {
			held := slices.Contains(o.Groups, g.Name)
			any = any || held
			row = append(row, mark(held))
		}
		if any {
			t.AppendRow(row)
		}
	}
	return t
}

func mark(held bool) string {
	if !held {
		return "."
	}
	return text.FgGreen.Sprint("x")
}
