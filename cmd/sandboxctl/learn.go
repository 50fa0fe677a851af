// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/syscall-sandbox/sandbox/learn"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func learnCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "learn",
		Short: "Read recordings of learning runs, and make policies of them",
	}
	cmd.AddCommand(learnShow(), learnMerge(), learnDiff(), learnRuns(), learnGo(), learnPolicy())
	return cmd
}

// readRecordings merges files.
func readRecordings(files []string) (*learn.Recording, error) {
	all := make([]*learn.Recording, len(files))
	for i, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if all[i], err = learn.Parse(text); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return learn.Merge(all...)
}

func phaseName(p learn.Phase) string { return strings.Join(p.Policies, " > ") }

// phaseOf finds the phase whose last policy has the name.
func phaseOf(r *learn.Recording, policy string) (*learn.Phase, error) {
	var found *learn.Phase
	var names []string
	for i, p := range r.Phases {
		names = append(names, phaseName(p))
		if len(p.Policies) > 0 && p.Policies[len(p.Policies)-1] == policy {
			if found != nil {
				return nil, fmt.Errorf("%q was in force in more than one chain: %s and %s", policy, phaseName(*found), phaseName(p))
			}
			found = &r.Phases[i]
		}
	}
	if found == nil {
		return nil, fmt.Errorf("the recording has no policy %q; it has %s", policy, strings.Join(names, "; "))
	}
	return found, nil
}

func learnShow() *cobra.Command {
	cmd := &cobra.Command{Use: "show FILE...", Short: "List what was called, by phase", Args: cobra.MinimumNArgs(1)}
	output := outputFlag(cmd, "table", "markdown", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		r, err := readRecordings(args)
		if err != nil {
			return err
		}
		if *output == "json" {
			return printJSON(cmd, r)
		}
		for _, p := range r.Phases {
			t := newTable(cmd, *output)
			t.SetTitle(phaseName(p))
			t.AppendHeader(table.Row{"call", "arguments", "count", "from"})
			for _, c := range p.Calls {
				t.AppendRow(table.Row{c.Syscall, argumentsOf(c), c.Count, firstFrame(c)})
			}
			cmd.Println(t.render())
		}
		if len(r.Lost) > 0 {
			cmd.PrintErrf("note: calls were lost (%s): the recording is incomplete, and so is what is made of it\n", lost(r.Lost))
		}
		return nil
	}
	return cmd
}

// lost has the calls and how often each was lost.
func lost(calls map[string]uint64) string {
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(calls)) {
		texts = append(texts, fmt.Sprintf("%s: %d", name, calls[name]))
	}
	return strings.Join(texts, ", ")
}

func argumentsOf(c learn.Call) string {
	if c.Mark != "" {
		return c.Mark
	}
	_, inside, _ := strings.Cut(c.Decoded, "(")
	return strings.TrimSuffix(inside, ")")
}

// firstFrame is the innermost function outside of the standard library's way to the
// kernel.
func firstFrame(c learn.Call) string {
	for _, s := range c.Stacks {
		for _, f := range s.Frames {
			if !strings.HasPrefix(f.Func, "syscall.") && !strings.HasPrefix(f.Func, "internal/") && !strings.HasPrefix(f.Func, "golang.org/x/sys/") {
				return f.Func
			}
		}
	}
	return ""
}

func learnMerge() *cobra.Command {
	return &cobra.Command{
		Use: "merge FILE...", Short: "Merge recordings of several runs into one", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := readRecordings(args)
			if err != nil {
				return err
			}
			text, err := r.JSON()
			if err == nil {
				_, err = cmd.OutOrStdout().Write(text)
			}
			return err
		},
	}
}

func learnDiff() *cobra.Command {
	cmd := &cobra.Command{
		Use: "diff POLICY FILE...", Short: "Say what a policy lacks of a recording, and what of it nobody used",
		Long: `Compare a policy with what was called while a policy of that name, or of --phase, was
in force: "+" the policy lacks the call, "?" it depends on what is not recorded, such as a
descriptor, whether it has it, "-" nobody used the rule, "<" the rule that would
permit just what was used of a wider one. Exit status 1: it lacks something.`,
		Args: cobra.MinimumNArgs(2), ValidArgsFunction: completePolicies(1),
	}
	scope := scopeFlag(cmd)
	phase := cmd.Flags().String("phase", "", "the name of the policy in the recording, if it is another")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s, err := load(args[0])
		if err != nil {
			return err
		}
		f, err := s.filter(*scope)
		if err != nil {
			return err
		}
		r, err := readRecordings(args[1:])
		if err != nil {
			return err
		}
		name := *phase
		if name == "" {
			name = s.name
		}
		p, err := phaseOf(r.Nested(), name)
		if err != nil {
			return err
		}
		d := p.Compare(f.ForPID(1))
		for _, c := range d.Missing {
			cmd.Println("+", c)
		}
		for _, c := range d.Undecided {
			cmd.Println("?", c)
		}
		printRules(cmd, "-", d.Unused)
		for _, w := range d.Wider {
			printRules(cmd, "<", w.Is)
		}
		if len(d.Missing) > 0 {
			return errNo
		}
		return nil
	}
	return cmd
}

func printRules(cmd *cobra.Command, sign string, rules []seccomp.Rule) {
	for _, r := range rules {
		line := r.Call
		if when := conditions(r.When); when != "" {
			line += " if " + when
		}
		cmd.Println(sign, line)
	}
}

func learnGo() *cobra.Command {
	cmd := &cobra.Command{Use: "go FILE...", Short: "Write the policies of a recording as Go source", Args: cobra.MinimumNArgs(1)}
	pkg := cmd.Flags().String("package", "main", "name of the package")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		r, err := readRecordings(args)
		if err != nil {
			return err
		}
		text, err := r.GoSource(*pkg) // it sees to nested phases by itself
		if err == nil {
			_, err = cmd.OutOrStdout().Write(text)
		}
		return err
	}
	return cmd
}

func learnPolicy() *cobra.Command {
	cmd := &cobra.Command{
		Use: "policy NAME FILE...", Short: "Write one policy of a recording as JSON, for all commands that take POLICY",
		Args: cobra.MinimumNArgs(2),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		r, err := readRecordings(args[1:])
		if err != nil {
			return err
		}
		p, err := phaseOf(r.Nested(), args[0])
		if err != nil {
			return err
		}
		if len(r.Lost) > 0 {
			return errors.New("the recording has lost calls: a policy of it would refuse them")
		}
		text, err := p.PolicyJSON(args[0])
		if err == nil {
			_, err = cmd.OutOrStdout().Write(text)
		}
		return err
	}
	return cmd
}
