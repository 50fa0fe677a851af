// SPDX-License-Identifier: MIT

package main

import (
	"github.com/spf13/cobra"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

func diffCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare what two policies permit, with calls that show it",
		Long: `Compare what two policies or profiles permit, arguments included, with one call per
name that shows a difference: "+" only the second permits, "-" only the first,
"?" too many conditions to compare. Exit status 1: they differ.`,
		Args: cobra.ExactArgs(2), ValidArgsFunction: completePolicies(2),
	}
	scope := scopeFlag(cmd)
	output := outputFlag(cmd, "text", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var filters [2]seccomp.Filter
		for i, name := range args {
			s, err := load(name)
			if err != nil {
				return err
			}
			if filters[i], err = s.filter(*scope); err != nil {
				return err
			}
		}
		d := compare(filters[0], filters[1])
		if *output == "json" {
			if err := printJSON(cmd, d); err != nil {
				return err
			}
		} else {
			d.print(cmd)
		}
		if len(d.OnlyA)+len(d.OnlyB)+len(d.Undecided) > 0 {
			return errNo
		}
		return nil
	}
	return cmd
}

type difference struct {
	OnlyA     []string `json:"only_a"`
	OnlyB     []string `json:"only_b"`
	Undecided []string `json:"undecided"`
}

// compare binds the process id to 1 in both, so that what is for the own process is equal.
func compare(a, b seccomp.Filter) difference {
	a, b = a.ForPID(1), b.ForPID(1)
	onlyB, undecided := seccomp.Uncovered(a, b)
	onlyA, _ := seccomp.Uncovered(b, a)
	return difference{OnlyA: perCall(onlyA), OnlyB: perCall(onlyB), Undecided: undecided}
}

func perCall(witnesses []seccomp.Call) (texts []string) {
	seen := make(map[uint32]bool)
	for _, w := range witnesses {
		if !seen[w.Nr] {
			seen[w.Nr] = true
			texts = append(texts, w.String())
		}
	}
	return texts
}

func (d difference) print(cmd *cobra.Command) {
	for _, part := range []struct {
		sign  string
		calls []string
	}{{"-", d.OnlyA}, {"+", d.OnlyB}, {"?", d.Undecided}} {
		for _, c := range part.calls {
			cmd.Println(part.sign, c)
		}
	}
}
