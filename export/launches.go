// SPDX-License-Identifier: MIT

package export

// A need is a call that a launcher makes under the filter that it has loaded.
type need struct{ call, why string }

var launches = map[Launcher][]need{
	Bubblewrap:     {},
	Runc:           {},
	RuncPrivileged: {},
	Systemd:        {},
}
