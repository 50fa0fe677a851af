// SPDX-License-Identifier: MIT

package export

import (
	"slices"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A Launcher is a program that loads a filter and then starts another under it.
type Launcher uint8

const (
	// Bubblewrap, and whatever executes the program at once.
	Bubblewrap Launcher = iota
	// Runc is runc, alone or below Docker, Kubernetes and Podman, where the container
	// has no_new_privs (Kubernetes: allowPrivilegeEscalation: false).
	Runc
	// RuncPrivileged is runc without no_new_privs, Docker's default: it loads the
	// filter early, and changes user and capabilities under it.
	RuncPrivileged
	// Systemd is a service manager's unit.
	Systemd
)

// ForLauncher returns the filter with what the launcher itself calls after it has
// loaded it. It must permit that whatever the program's policy says, or the program never
// starts.
func ForLauncher(f seccomp.Filter, l Launcher) seccomp.Filter {
	var more []seccomp.Rule
	for _, need := range launches[l] {
		permitted := slices.ContainsFunc(f.Rules, func(r seccomp.Rule) bool {
			return r.Call == need.call && len(r.When) == 0 && r.Action.Permits()
		})
		if !permitted {
			more = append(more, seccomp.Rule{Call: need.call, Action: seccomp.Allow, Reason: "Launcher: " + need.why})
			// Conditions of the same call would say nothing more.
			f.Rules = slices.DeleteFunc(slices.Clone(f.Rules), func(r seccomp.Rule) bool { return r.Call == need.call })
		}
	}
	f.Rules = append(more, f.Rules...)
	return f
}
