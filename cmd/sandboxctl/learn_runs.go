// SPDX-License-Identifier: MIT

package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/syscall-sandbox/sandbox/learn"
)

func learnRuns() *cobra.Command {
	return &cobra.Command{
		Use: "runs A B", Short: "Compare two recordings: what only one of them called",
		Long: `Compare two recordings phase by phase: "-" only the first made the call, "+" only the
second. What an upgrade, or a day in production, calls that the tests did not. Exit status 1:
they differ.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			var all [2]map[string][]string
			for i, name := range args {
				r, err := readRecordings([]string{name})
				if err != nil {
					return err
				}
				all[i] = callsByPhase(r)
			}
			differ := false
			for _, phase := range phasesOf(all) {
				onlyA, onlyB := minus(all[0][phase], all[1][phase]), minus(all[1][phase], all[0][phase])
				if len(onlyA)+len(onlyB) == 0 {
					continue
				}
				differ = true
				cmd.Println(phase)
				for _, c := range onlyA {
					cmd.Println("  -", c)
				}
				for _, c := range onlyB {
					cmd.Println("  +", c)
				}
			}
			if differ {
				return errNo
			}
			return nil
		},
	}
}

// callsByPhase has the calls as people read them; counts and stacks do not matter.
func callsByPhase(r *learn.Recording) map[string][]string {
	calls := make(map[string][]string)
	for _, p := range r.Phases {
		name := phaseName(p)
		if p.Thread {
			name += " (thread)"
		}
		for _, c := range p.Calls {
			calls[name] = append(calls[name], strings.TrimSpace(c.Decoded+" "+c.Mark))
		}
	}
	return calls
}

func phasesOf(all [2]map[string][]string) (names []string) {
	for _, calls := range all {
		for name := range calls {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

func minus(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(c string) bool { return slices.Contains(b, c) })
}
