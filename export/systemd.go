// SPDX-License-Identifier: MIT

package export

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// SystemdUnit writes a filter as a drop-in for a service, for
// /etc/systemd/system/NAME.service.d/. Units list calls by name (systemd.exec(5),
// "SystemCallFilter="), so every condition on an argument is a wider loss; other settings
// of a unit give a part of the most important ones back: RestrictAddressFamilies,
// MemoryDenyWriteExecute, RestrictNamespaces, LockPersonality.
//
// Refused calls get ENOSYS, which libraries take best where a call is refused by name
// alone (a list of permitted calls takes no errno per call); numbers that systemd does
// not know get it too, named or not. systemd's own
// @default set is always permitted. The filter's default must be an errno.
func SystemdUnit(f seccomp.Filter, o Options) ([]byte, []Loss, error) {
	if _, err := f.Compile(); err != nil {
		return nil, nil, err
	}
	if f.Default.Value()&abi.RetActionFull != abi.RetErrno {
		return nil, nil, fmt.Errorf("export: systemd: the filter's default is %s: only an errno lets a program's own sandbox report", f.Default)
	}
	u := unit{losses: []Loss{
		{What: "systemd permits its own set @default as well, whatever a unit lists (systemd-analyze syscall-filter @default)", Wider: true},
		{What: "a systemd that does not know a call's name skips it, says so in its log, and refuses the call"},
	}}
	names, rules := calls(f)
	for _, name := range names {
		u.add(name, rules, f.Default)
	}
	losses, err := o.judge("systemd", u.losses)
	if err != nil {
		return nil, losses, err
	}
	return u.text(rules), losses, nil
}

type unit struct {
	names  [len(shares)][]string
	losses []Loss
}

// ownErrno are calls whose callers take no other errno than their own.
var ownErrno = map[string]string{"splice": "io.Copy between TCP connections falls back on EINVAL only"}

func (u *unit) add(name string, all map[string][]seccomp.Rule, def seccomp.Action) {
	rules := all[name]
	permits := slices.IndexFunc(rules, func(r seccomp.Rule) bool { return r.Action.Permits() })
	switch why := ownErrno[name]; {
	case name == "personality" && conditional(rules):
		// LockPersonality refuses the question for the present one, so nothing is left to permit.
		u.losses = append(u.losses, Loss{Call: name, What: "refused even for " + permitted(rules)})
		return
	case conditional(rules):
		u.losses = append(u.losses, Loss{Call: name, What: "permitted " + extent(name, all) + ", not only for " + permitted(rules), Wider: true})
	case permits < 0 && why != "":
		u.losses = append(u.losses, Loss{Call: name, What: fmt.Sprintf("permitted, not answered by %s: %s", rules[0].Action, why), Wider: true})
		permits = 0
	case permits < 0 && rules[0].Action != seccomp.Errno(abi.ENOSYS):
		u.losses = append(u.losses, Loss{Call: name, What: fmt.Sprintf("gets ENOSYS, not %s", rules[0].Action)})
	}
	for _, r := range rules {
		if r.Action.Permits() && r.Action != seccomp.Allow {
			u.losses = append(u.losses, Loss{Call: name, What: fmt.Sprintf("permitted, not answered by %s", r.Action), Wider: r.Action != seccomp.Log})
		}
	}
	if permits >= 0 {
		at := shareOf(rules[permits])
		u.names[at] = append(u.names[at], name)
	}
}

// conditional reports whether rules of a call permit it for some arguments only.
func conditional(rules []seccomp.Rule) bool {
	permits := func(r seccomp.Rule) bool { return r.Action.Permits() }
	return slices.ContainsFunc(rules, permits) && len(rules[0].When) > 0
}

// permitted are the conditions of the rules that permit.
func permitted(rules []seccomp.Rule) string {
	var any []string
	for _, r := range rules {
		if !r.Action.Permits() {
			continue
		}
		all := make([]string, len(r.When))
		for i, c := range r.When {
			all[i] = c.String()
		}
		any = append(any, strings.Join(all, " && "))
	}
	return strings.Join(any, " or ")
}

// extent says for what arguments a call is permitted that is listed by name.
func extent(name string, rules map[string][]seccomp.Rule) string {
	switch {
	case name == "socket" && familiesOf(rules[name]) != nil:
		return "for whole families (RestrictAddressFamilies)"
	case (name == "mmap" || name == "mprotect") && !whole(rules["mmap"]):
		return "for all but executable memory that is or was writable (MemoryDenyWriteExecute)"
	case name == "clone":
		return "for all but new namespaces (RestrictNamespaces)"
	}
	return "whatever its arguments"
}

// whole reports whether a call is permitted whatever its arguments.
func whole(rules []seccomp.Rule) bool {
	return len(rules) > 0 && len(rules[0].When) == 0 && rules[0].Action.Permits()
}

func (u *unit) text(rules map[string][]seccomp.Rule) []byte {
	var b bytes.Buffer
	b.WriteString("[Service]\nNoNewPrivileges=yes\nSystemCallArchitectures=native\nSystemCallErrorNumber=ENOSYS\n")
	for i, names := range u.names {
		if len(names) > 0 {
			fmt.Fprintf(&b, "# %s\n", shares[i].text)
			for part := range slices.Chunk(names, 10) {
				fmt.Fprintf(&b, "SystemCallFilter=%s\n", strings.Join(part, " "))
			}
		}
	}
	if families := familiesOf(rules["socket"]); families != nil {
		fmt.Fprintf(&b, "# kinds of sockets\nRestrictAddressFamilies=%s\n", strings.Join(families, " "))
	}
	for _, s := range [...]struct{ call, setting, why string }{
		{"mmap", "MemoryDenyWriteExecute", "no memory that is written and executed"},
		{"clone", "RestrictNamespaces", "no namespaces"},
		{"personality", "LockPersonality", "no other personality"},
	} {
		if !whole(rules[s.call]) {
			fmt.Fprintf(&b, "# %s\n%s=yes\n", s.why, s.setting)
		}
	}
	return b.Bytes()
}

// families are the names that RestrictAddressFamilies takes for AF_UNIX and so on.
var families = map[uint64]string{1: "AF_UNIX", 2: "AF_INET", 10: "AF_INET6", 16: "AF_NETLINK", 17: "AF_PACKET"}

// familiesOf are the address families of sockets that may be made: "none", or nil if all
// or some that have no name here.
func familiesOf(rules []seccomp.Rule) (names []string) {
	permit := slices.DeleteFunc(slices.Clone(rules), func(r seccomp.Rule) bool { return !r.Action.Permits() })
	cubes, err := cubesOf(permit, seccomp.Errno(abi.EPERM))
	if err != nil {
		return nil
	}
	for _, c := range cubes {
		name := families[c.cube[0].Value]
		if c.cube[0].Mask&math.MaxUint32 != math.MaxUint32 || name == "" {
			return nil
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if names == nil {
		return []string{"none"}
	}
	return names
}
