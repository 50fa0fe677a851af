// SPDX-License-Identifier: MIT

package main

import (
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
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
		layOut(t, rows, terminalWidth())
		printLosses(cmd, s.losses)
		cmd.Println(t.render())
		cmd.Printf("%d calls permitted; others: %s, unknown numbers: %s\n", countCalls(rows), f.Default, f.Unknown)
		return nil
	}
	return cmd
}

// terminalColours are those of the heat map.
var terminalColours = map[string]text.Color{"policy": text.FgBlue, "runtime": text.FgGreen, "setup": text.FgMagenta, "launcher": text.FgYellow}

func coloured(share any) string {
	s, _ := share.(string)
	if c, ok := terminalColours[s]; ok {
		return c.Sprint(s)
	}
	return s
}

// layOut fills the table: a column for each thing, wrapped to a terminal. On one that is
// narrow, conditions stand below the reasons. Width 0 is no terminal.
func layOut(t printer, rows []permission, width int) {
	const gaps, wide = 8, 150
	call, share := len("call"), len("share")
	for _, r := range rows {
		call, share = max(call, len(r.Call)), max(share, len(r.Share))
	}
	free := max(width-gaps-call-share, 24)
	if t.markdown || width == 0 || width >= wide {
		t.AppendHeader(table.Row{"call", "if", "share", "reason"})
		for _, r := range rows {
			t.AppendRow(table.Row{r.Call, r.If, r.Share, r.Reason})
		}
		configs := []table.ColumnConfig{{Number: 3, Transformer: coloured}}
		if width > 0 {
			configs = append(configs, wrapped(2, free*2/5), wrapped(4, free*3/5))
		}
		t.SetColumnConfigs(configs)
		return
	}
	t.AppendHeader(table.Row{"call", "share", "reason, condition"})
	for _, r := range rows {
		if r.If != "" {
			r.Reason += "\nif " + r.If
		}
		t.AppendRow(table.Row{r.Call, r.Share, strings.TrimPrefix(r.Reason, "\n")})
	}
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 2, Transformer: coloured}, wrapped(3, free)})
}

// wrapped breaks lines of a column at blanks, each line for itself.
func wrapped(column, width int) table.ColumnConfig {
	lines := func(s string, width int) string {
		lines := strings.Split(s, "\n")
		for i, line := range lines {
			lines[i] = text.WrapSoft(line, width)
		}
		return strings.Join(lines, "\n")
	}
	return table.ColumnConfig{Number: column, WidthMax: width, WidthMaxEnforcer: lines}
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
	return "policy", reason
}

func countCalls(rows []permission) int {
	calls := make(map[string]bool)
	for _, r := range rows {
		calls[r.Call] = true
	}
	return len(calls)
}
