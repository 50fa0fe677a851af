// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

func showCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show POLICY",
		Short: "List what a policy permits: conditions, reasons, whose share it is",
		Args:  cobra.ExactArgs(1), ValidArgsFunction: completePolicies(1),
	}
	scope := scopeFlag(cmd)
	output := outputFlag(cmd, "table", "markdown", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s, err := load(args[0])
		if err != nil {
			return err
		}
		f, err := s.filter(*scope)
		if err != nil {
			return err
		}
		rows := permitted(f)
		if *output == "json" {
			return printJSON(cmd, rows)
		}
		t := newTable(cmd, *output)
		t.AppendHeader(table.Row{"call", "if", "share", "reason"})
		for _, r := range rows {
			t.AppendRow(table.Row{r.Call, r.If, r.Share, r.Reason})
		}
		printLosses(cmd, s.losses)
		cmd.Println(t.render())
		cmd.Printf("%d calls permitted; others: %s, unknown numbers: %s\n", countCalls(rows), f.Default, f.Unknown)
		return nil
	}
	return cmd
}

// A permission is a line of what a policy permits.
type permission struct {
	Call   string `json:"call"`
	If     string `json:"if,omitempty"`
	Action string `json:"action"`
	Share  string `json:"share"`
	Reason string `json:"reason,omitempty"`
}

// permitted are the rules that permit, in the order of the numbers.
func permitted(f seccomp.Filter) (rows []permission) {
	for _, r := range f.Rules {
		if r.Action.Permits() {
			share, reason := shareOf(r.Reason)
			rows = append(rows, permission{r.Call, conditions(r.When), r.Action.String(), share, reason})
		}
	}
	return rows
}

func conditions(when []seccomp.Cond) string {
	texts := make([]string, len(when))
	for i, c := range when {
		texts[i] = c.String()
	}
	return strings.Join(texts, " && ")
}

// shareOf tells by a rule's reason whose share it is: the library says so at its beginning.
func shareOf(reason string) (share, rest string) {
	for prefix, share := range map[string]string{"Go runtime: ": "runtime", "Sandbox setup: ": "setup", "Launcher: ": "launcher"} {
		if rest, ok := strings.CutPrefix(reason, prefix); ok {
			return share, rest
		}
	}
	if reason == "puts on the next policy" {
		return "setup", reason
	}
	return "policy", reason
}

func countCalls(rows []permission) int {
	calls := make(map[string]bool)
	for _, r := range rows {
		calls[r.Call] = true
	}
	return len(calls)
}

// witness is a call in words, with what answers it.
func witness(f seccomp.Filter, c seccomp.Call) string {
	action, _ := f.Decide(c)
	return fmt.Sprintf("%s: %s", c, action)
}
