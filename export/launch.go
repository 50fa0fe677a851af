// SPDX-License-Identifier: MIT

package export

import (
	"slices"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A Launcher is a program that loads a filter and then starts another under it.
type Launcher uint8

const (
	// Bubblewrap, with a PID namespace or without.
	Bubblewrap Launcher = iota
	// Runc is runc, alone or below Docker, Kubernetes or Podman, where the container
	// has no_new_privs (Kubernetes: allowPrivilegeEscalation: false).
	Runc
	// RuncPrivileged is runc without no_new_privs, Docker's default: it loads the
	// filter early, and changes user and capabilities under it.
	RuncPrivileged
	// Crun is crun, alone or below Podman or Kubernetes, where the container has
	// no_new_privs.
	Crun
	// CrunPrivileged is crun without no_new_privs, Podman's default.
	CrunPrivileged
	// Systemd is a service manager's unit.
	Systemd
)

// ForLauncher returns the filter with what the launcher itself calls after it has
// loaded it. It must permit that whatever the program's policy says, or the program never
// starts. The reasons of these rules begin with "Launcher: ".
func ForLauncher(f seccomp.Filter, l Launcher) seccomp.Filter {
	f.Rules = slices.Clone(f.Rules)
	for _, n := range launches[l] {
		r, ok := n.rule()
		if missing, undecided := seccomp.Uncovered(f, seccomp.Filter{Rules: []seccomp.Rule{r}}); !ok || len(missing)+len(undecided) == 0 {
			continue
		}
		at := slices.IndexFunc(f.Rules, func(other seccomp.Rule) bool { return other.Call == n.call })
		switch {
		case at < 0:
			f.Rules = append(f.Rules, r)
		case n.when != "":
			f.Rules = slices.Insert(f.Rules, at, r)
		default: // other rules of the call have nothing left to say
			f.Rules[at] = r
			f.Rules = append(f.Rules[:at+1], slices.DeleteFunc(f.Rules[at+1:], func(other seccomp.Rule) bool { return other.Call == n.call })...)
		}
	}
	return f
}

// rule is a need as a rule. The conditions of the table can be read: a test says so.
func (n need) rule() (seccomp.Rule, bool) {
	when, err := seccomp.ParseConds(n.when)
	return seccomp.Rule{Call: n.call, When: when, Action: seccomp.Allow, Reason: "Launcher: " + n.why}, err == nil
}
