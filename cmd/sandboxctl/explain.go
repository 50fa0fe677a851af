// SPDX-License-Identifier: MIT

package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

func explainCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "explain POLICY CALL",
		Short: "Say what a policy answers to a call, and why",
		Long: `Say what a policy answers to a call, by which rule and on which path through the
program. Exit status 0: permitted, 1: refused, 2: a mistake.`,
		Example: `  sandboxctl explain net 'openat(AT_FDCWD, "/x", O_RDWR|O_CREAT)'
  sandboxctl explain validation 'clone(flags=0x5111)'`,
		Args: cobra.ExactArgs(2), ValidArgsFunction: completePolicies(1),
	}
	scope := scopeFlag(cmd)
	output := outputFlag(cmd, "text", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s, err := load(args[0])
		if err != nil {
			return err
		}
		call, err := seccomp.ParseCall(args[1])
		if err != nil {
			return err
		}
		f, err := s.filter(*scope)
		if err != nil {
			return err
		}
		program, err := f.Compile()
		if err != nil {
			return err
		}
		if s.profile != nil {
			*scope = "container"
		}
		e := explanationOf(s.name, *scope, call, program)
		if *output == "json" {
			err = printJSON(cmd, e)
		} else {
			e.print(cmd)
		}
		if err == nil && !e.Permitted {
			err = errNo
		}
		return err
	}
	return cmd
}

type explanation struct {
	Policy    string   `json:"policy"`
	Scope     string   `json:"scope"`
	Call      string   `json:"call"`
	Permitted bool     `json:"permitted"`
	Action    string   `json:"action"`
	Rule      string   `json:"rule"`
	Share     string   `json:"share,omitempty"`
	Reason    string   `json:"reason,omitempty"`
	Cached    bool     `json:"cached"`
	Path      []string `json:"path"`
}

func explanationOf(policy, scope string, call seccomp.Call, program *seccomp.Program) explanation {
	d := program.Explain(call)
	e := explanation{Policy: policy, Scope: scope, Call: call.String(), Permitted: d.Action.Permits(), Action: d.Action.String(), Cached: d.Cached, Rule: "none: the default"}
	if d.Rule != nil {
		e.Rule = d.Rule.Call
		if when := conditions(d.Rule.When); when != "" {
			e.Rule += " if " + when
		}
		e.Share, e.Reason = shareOf(d.Rule.Reason)
	}
	lines := strings.Split(strings.TrimRight(program.String(), "\n"), "\n")
	for _, at := range d.Path {
		e.Path = append(e.Path, strings.TrimSpace(lines[at]))
	}
	return e
}

func (e explanation) print(cmd *cobra.Command) {
	verdict := "refused"
	if e.Permitted {
		verdict = "permitted"
	}
	where := map[string]string{"thread": "on a thread", "process": "on the process", "container": "in a container"}[e.Scope]
	cmd.Printf("%s by %q %s: %s\n", verdict, e.Policy, where, e.Action)
	cmd.Printf("  call:    %s\n", e.Call)
	cmd.Printf("  rule:    %s\n", e.Rule)
	if e.Reason != "" {
		cmd.Printf("  reason:  %s (share of the %s)\n", e.Reason, e.Share)
	}
	cached := "no: the program runs for this call"
	if e.Cached {
		cached = "yes: from Linux 5.11 on the kernel answers without running the program"
	}
	cmd.Printf("  cached:  %s\n", cached)
	cmd.Printf("  path:    %d instructions\n", len(e.Path))
	for _, line := range e.Path {
		cmd.Printf("           %s\n", line)
	}
}
