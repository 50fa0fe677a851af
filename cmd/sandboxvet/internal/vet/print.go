// SPDX-License-Identifier: MIT

package vet

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/flow"
)

// Options say how much is printed.
type Options struct {
	Verbose bool   // what is refused for some arguments, errnos, escapes; all calls
	Unused  bool   // what policies allow and nothing reaches
	Why     string // only the ways to this call
}

// Print writes a report for people.
func (r *Report) Print(w io.Writer, o Options) {
	for i := range r.Roles {
		r.Roles[i].print(w, o)
	}
	if o.Why == "" {
		for _, line := range r.Useless {
			fmt.Fprintln(w, line)
		}
		fmt.Fprintf(w, "%s: %d places with a policy, %d failures, %d ignored by comments\n", r.Program, len(r.Roles), r.Failures(), r.Ignored)
	}
}

func (r *Role) print(w io.Writer, o Options) {
	fmt.Fprintf(w, "%s at %s: %s", r.Call, r.Where, strings.Join(r.Policies, " or "))
	if len(r.Policies) == 0 {
		fmt.Fprint(w, "policy not known")
	}
	if r.Name != "" {
		fmt.Fprintf(w, ", thread %q", r.Name)
	}
	fmt.Fprintln(w)
	if o.Why != "" {
		r.why(w, o.Why)
		return
	}
	for _, f := range r.Findings {
		switch {
		case f.Kind == Refused && f.Ignored == "":
			f.print(w)
		case (f.Kind == Partly || f.Kind == Earlier) && f.Ignored == "" && o.Verbose:
			f.print(w)
		case f.Kind == Answered && o.Verbose:
			fmt.Fprintf(w, "  %s: %s\n", f.Kind, f.Call.Text)
		}
	}
	if !o.Verbose {
		r.summary(w)
	}
	r.lists(w, o)
}

// summary counts what is only shown on demand.
func (r *Role) summary(w io.Writer) {
	count := make(map[string]int)
	for _, f := range r.Findings {
		count[f.Kind]++
	}
	fmt.Fprintf(w, "  %d calls reachable; %d escapes", len(r.Syscalls()), len(r.Escapes))
	for _, kind := range []string{Earlier, Partly, Answered} {
		if count[kind] > 0 {
			fmt.Fprintf(w, "; %d %s", count[kind], kind)
		}
	}
	fmt.Fprintln(w, " (-v shows them)")
}

// Syscalls are the names of the calls that are reachable.
func (r *Role) Syscalls() (names []string) {
	for _, c := range r.Calls {
		if len(names) == 0 || names[len(names)-1] != c.Syscall {
			names = append(names, c.Syscall)
		}
	}
	return names
}

func (r *Role) lists(w io.Writer, o Options) {
	hooks := 0
	for _, u := range r.Unknown {
		if strings.Contains(u, flow.NoTarget) && !o.Verbose {
			hooks++ // most are hooks that this program does not use
			continue
		}
		fmt.Fprintf(w, "  not known: %s\n", u)
	}
	if hooks > 0 {
		fmt.Fprintf(w, "  not known: %d dynamic calls of which no target is found (-v lists them)\n", hooks)
	}
	if o.Verbose {
		for _, e := range r.Escapes {
			fmt.Fprintf(w, "  runs on another goroutine: %s\n", e)
		}
		for _, c := range r.Calls {
			fmt.Fprintf(w, "  reachable: %s\n", c.Text)
		}
	}
	if o.Unused && len(r.Unused) > 0 {
		fmt.Fprintf(w, "  allowed but unreachable: %s\n", strings.Join(r.Unused, ", "))
	}
}

func (f *Finding) print(w io.Writer) {
	fmt.Fprintf(w, "  %s, but reachable: %s\n", f.Kind, f.Call.Text)
	for _, line := range f.Call.Path {
		fmt.Fprintf(w, "    %s\n", line)
	}
	if len(f.Others) > 0 {
		fmt.Fprintf(w, "    also: %s\n", strings.Join(f.Others, ", "))
	}
	if f.Kind == Partly {
		fmt.Fprintf(w, "    for example %s\n", f.Example)
	}
	if len(f.When) > 0 {
		fmt.Fprintf(w, "    where the policy is made with: %s\n", times(f.When))
	}
	fmt.Fprintf(w, "    remedy for policy %q: %s\n", f.Policy, f.Remedy)
}

// why prints the ways to a call.
func (r *Role) why(w io.Writer, call string) {
	found := false
	for _, c := range r.Calls {
		if c.Syscall == call {
			found = true
			fmt.Fprintf(w, "  %s\n", c.Text)
			for _, line := range c.Path {
				fmt.Fprintf(w, "    %s\n", line)
			}
		}
	}
	if !found {
		fmt.Fprintf(w, "  %s is not reachable\n", call)
	}
}

// times joins texts; what is there several times is counted.
func times(texts []string) string {
	var out []string
	for i, text := range texts {
		if slices.Index(texts, text) < i {
			continue
		}
		n := 0
		for _, other := range texts {
			if other == text {
				n++
			}
		}
		if n > 1 {
			text += fmt.Sprintf(" (%d times)", n)
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}
