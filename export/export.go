// SPDX-License-Identifier: MIT

// Package export carries filters to where programs are run: profiles for runc, crun,
// Podman, Docker and Kubernetes, drop-ins for systemd; and reads such profiles back. Raw
// BPF for programs that take it, such as bubblewrap's --seccomp, is Program.Bytes of
// package seccomp.
//
// # Purpose
//
// A profile is in force before the program starts. So it is made of a filter for
// the container's scope, which permits the start of a Go program and the setup of its
// own sandbox, and of what the launcher itself calls after it has loaded the profile:
//
//	f, err := policy.Filter(sandbox.ScopeContainer, sandbox.ActionDeny)
//	f = export.ForLauncher(f, export.Runc)
//	text, losses, err := export.OCI(f, export.Options{})
//
// It refuses by errno: an outer filter that kills or traps takes the report of an inner
// one away.
//
// # What a format cannot hold
//
// An export means what the filter means, for every number and argument. What the format
// cannot say is a [Loss]: one that would permit more is an error, unless
// Options.AllowWider. The others are listed.
//
// The package is pure: it asks the kernel nothing and works on every operating system.
package export

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Options change what an export does.
type Options struct {
	// AllowWider permits losses by which the export permits more than the filter.
	AllowWider bool
}

// A Loss is something that a format cannot hold.
type Loss struct {
	Call  string // the call, or "" for all
	What  string // what becomes of it
	Wider bool   // the export permits what the filter refuses
}

func (l Loss) String() string {
	s := l.What
	if l.Call != "" {
		s = l.Call + ": " + s
	}
	if l.Wider {
		s += " (wider)"
	}
	return s
}

// ErrWider is what an error of an export wraps that Options.AllowWider would make a
// listed loss.
var ErrWider = errors.New("the format cannot hold the filter without permitting more")

// judge returns the losses, and an error of those that are wider and not wanted.
func (o Options) judge(format string, losses []Loss) ([]Loss, error) {
	if o.AllowWider {
		return losses, nil
	}
	var wider []string
	for _, l := range losses {
		if l.Wider {
			wider = append(wider, "\n\t"+l.String())
		}
	}
	if len(wider) > 0 {
		return losses, fmt.Errorf("export: %s: %w:%s", format, ErrWider, strings.Join(wider, ""))
	}
	return losses, nil
}

// calls returns the rules of each call that has any, in the order of the filter.
func calls(f seccomp.Filter) (names []string, rules map[string][]seccomp.Rule) {
	rules = make(map[string][]seccomp.Rule)
	for _, r := range f.Rules {
		if rules[r.Call] == nil {
			names = append(names, r.Call)
		}
		rules[r.Call] = append(rules[r.Call], r)
	}
	return names, rules
}

// A share is a part of an export that is listed apart.
type share struct{ prefix, text string }

// shares in the order in which they are listed; the last is everything else.
var shares = [...]share{
	{"", "the policy"},
	{"Go runtime: ", "what the Go runtime needs, from the start of the program on"},
	{"Sandbox setup: ", "what the program's own sandbox needs to be put on"},
	{"Launcher: ", "what the launcher calls after it has loaded the filter"},
}

// shareOf tells by the reason of a rule whose it is.
func shareOf(r seccomp.Rule) int {
	return max(0, slices.IndexFunc(shares[:], func(s share) bool { return s.prefix != "" && strings.HasPrefix(r.Reason, s.prefix) }))
}
