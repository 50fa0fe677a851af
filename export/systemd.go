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
// alone; numbers that systemd does not know get it too. systemd's own @default set is
// always permitted. The filter's default must be an errno.
func SystemdUnit(f seccomp.Filter, o Options) ([]byte, []Loss, error) {
	if _, err := f.Compile(); err != nil {
		return nil, nil, err
	}
	if f.Default.Value()&abi.RetActionFull != abi.RetErrno {
		return nil, nil, fmt.Errorf("export: systemd: the filter's default is %s: only an errno lets a program's own sandbox report", f.Default)
	}
	u := unit{}
	names, rules := calls(f)
	for _, name := range names {
		u.add(name, rules[name], f.Default)
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

func (u *unit) add(name string, rules []seccomp.Rule, def seccomp.Action) {
	permits := slices.IndexFunc(rules, func(r seccomp.Rule) bool { return r.Action.Permits() })
	switch why := ownErrno[name]; {
	case permits >= 0 && len(rules[0].When) > 0:
		conds := make([]string, 0, len(rules))
		for _, r := range rules {
			if r.Action.Permits() {
				conds = append(conds, fmt.Sprint(r.When))
			}
		}
		u.losses = append(u.losses, Loss{Call: name, What: "permitted whatever its arguments, not only for " + strings.Join(conds, " or "), Wider: true})
	case permits < 0 && why != "":
		u.losses = append(u.losses, Loss{Call: name, What: fmt.Sprintf("permitted, not answered by %s: %s", rules[0].Action, why), Wider: true})
		permits = 0
	case permits < 0 && rules[0].Action != seccomp.Errno(abi.ENOSYS):
		u.losses = append(u.losses, Loss{Call: name, What: fmt.Sprintf("gets ENOSYS, not %s", rules[0].Action)})
	}
	if permits >= 0 {
		at := shareOf(rules[permits])
		u.names[at] = append(u.names[at], name)
	}
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
		if r := rules[s.call]; len(r) == 0 || len(r[0].When) > 0 || !r[0].Action.Permits() {
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
