// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"
)

// A symptom is one thing that doctor looked at.
type symptom struct {
	What  string `json:"what"`
	Value string `json:"value"`
	// Bad is what does not work because of it, Remedy what to do; empty: nothing is wrong.
	Bad    string `json:"bad,omitempty"`
	Remedy string `json:"remedy,omitempty"`
	Fatal  bool   `json:"fatal,omitempty"` // no sandbox is possible
}

func doctorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor [BINARY]",
		Short: "Say whether the sandbox works here, for a binary or in a process",
		Long: `Look at what the sandbox needs of this kernel and this place; with BINARY also at how the
program was built, with --pid at what is in force in a process. The last line is the verdict.
Exit status 1: something is wrong.`,
		Args: cobra.MaximumNArgs(1),
	}
	output := outputFlag(cmd, "table", "markdown", "json")
	pid := cmd.Flags().Int("pid", 0, "a process to look at")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		all := kernelSymptoms()
		if len(args) == 1 {
			of, err := binarySymptoms(args[0])
			if err != nil {
				return err
			}
			all = append(all, of...)
		}
		if *pid != 0 {
			of, err := processSymptoms(*pid)
			if err != nil {
				return err
			}
			all = append(all, of...)
		}
		if *output == "json" {
			if err := printJSON(cmd, all); err != nil {
				return err
			}
		} else {
			printSymptoms(cmd, *output, all)
		}
		if _, bad := verdict(all); bad {
			return errNo
		}
		return nil
	}
	return cmd
}

func printSymptoms(cmd *cobra.Command, output string, all []symptom) {
	t := newTable(cmd, output)
	for _, s := range all {
		sign := text.FgGreen.Sprint("ok")
		if s.Fatal {
			sign = text.FgRed.Sprint("no")
		} else if s.Bad != "" {
			sign = text.FgYellow.Sprint("!!")
		}
		t.AppendRow(table.Row{sign, s.What, s.Value})
	}
	cmd.Println(t.render())
	for _, s := range all {
		if s.Bad != "" {
			cmd.Println(strings.TrimSpace(fmt.Sprintf("%s: %s. %s", s.What, s.Bad, s.Remedy)))
		}
	}
	text, _ := verdict(all)
	cmd.Println(text)
}

// verdict is one plain line.
func verdict(all []symptom) (text string, bad bool) {
	warned := false
	for _, s := range all {
		if s.Fatal {
			return "verdict: no sandbox is possible here: " + s.Bad, true
		}
		if s.Bad != "" {
			warned = true
		}
	}
	if warned {
		return "verdict: the sandbox works here; see what is marked \"!!\"", true
	}
	return "verdict: the sandbox works here", false
}
