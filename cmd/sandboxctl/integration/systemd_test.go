// SPDX-License-Identifier: MIT

//go:build integration

package integration

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/export"
	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A unit is an export that services run under.
type unit struct {
	name     string
	f        seccomp.Filter
	text     string
	losses   []export.Loss
	calls    []seccomp.Call // asked inside
	skipped  []string       // names that this systemd does not know
	defaults []string       // its set @default
}

func newUnit(t *testing.T, p sandbox.SyscallSandboxPolicy) *unit {
	t.Helper()
	f := filter(t, p, export.Systemd)
	text, losses, err := export.SystemdUnit(f, export.Options{AllowWider: true})
	must(t, err)
	u := &unit{name: p.String(), f: f, text: string(text), losses: losses, calls: samples(f), defaults: defaults(t)}
	for _, g := range given {
		u.calls = append(u.calls, g.call)
	}
	return u
}

// given are calls that other settings of a unit refuse, where SystemCallFilter lists the name.
var given = []struct {
	setting string
	call    seccomp.Call
	errno   unix.Errno
}{
	{"RestrictAddressFamilies=", native(sysno.Socket, unix.AF_VSOCK, unix.SOCK_STREAM), unix.EAFNOSUPPORT},
	{"MemoryDenyWriteExecute=yes", native(sysno.Mmap, 0, 4096, unix.PROT_WRITE|unix.PROT_EXEC), unix.EPERM},
	{"MemoryDenyWriteExecute=yes", native(sysno.Mprotect, 0, 4096, unix.PROT_READ|unix.PROT_EXEC), unix.EPERM},
	{"RestrictNamespaces=yes", native(sysno.Clone, unix.CLONE_NEWUSER), unix.EPERM},
}

func native(nr uint32, args ...uint64) seccomp.Call {
	c := seccomp.Call{Arch: abi.AuditArchX86_64, Nr: nr}
	copy(c.Args[:], args)
	return c
}

func defaults(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("systemd-analyze", "syscall-filter", "@default").Output()
	must(t, err)
	return strings.Fields(string(out))
}

// lists reports whether the unit permits a call by its name.
func (u *unit) lists(name string) bool {
	return regexp.MustCompile(`(?m)^SystemCallFilter=.*\b` + name + `\b`).MatchString(u.text)
}

// Refused calls get ENOSYS, which cannot be told from what a permitted one gets that the
// probe does not let happen. So one of the services gets another number.
const (
	measuring   = "[Service]\nSystemCallErrorNumber=EUCLEAN\n"
	asOther     = "[Service]\nUser=node\n"
	refusedByIt = -int64(unix.EUCLEAN)
)

// TestSystemd boots a real systemd, whose services run under the exported drop-ins.
func TestSystemd(t *testing.T) {
	need(t, "systemd-analyze", "scmp_sys_resolver")
	m := newMachine(t)
	units := make([]*unit, len(policies))
	for i, p := range policies {
		u := newUnit(t, p)
		units[i] = u
		var in bytes.Buffer
		must(t, gob.NewEncoder(&in).Encode(u.calls))
		m.service(t, u.name+"-measure", "measure", in.Bytes(), u.text, measuring)
		m.service(t, u.name+"-hello", "hello", nil, u.text)
		m.service(t, u.name+"-other", "hello", nil, u.text, asOther)
		for action := range ends {
			m.service(t, u.name+"-"+action, "setup "+action, nil, u.text)
		}
	}
	u := units[slices.Index(policies, sandbox.PolicyInitializationMapPort)]
	m.transient(t, u)
	m.run(t)
	if m.end("transient") != "success" || m.read(t, "transient.out") != m.read(t, u.name+"-measure.out") {
		t.Errorf("a transient unit is not what the same service is: %s\n%s\n%s", m.end("transient"), m.read(t, "transient.err"), m.log)
	}
	skipped := m.skipped(t)
	for _, u := range units {
		t.Run(u.name, func(t *testing.T) {
			u.skipped = skipped
			u.hello(t, m)
			u.measured(t, m)
			u.reports(t, m)
		})
	}
}

// transient is a service that starts another under an export, by systemd-run, which takes
// the lines of a drop-in as properties; but no names that it does not know, and in version
// 252 no RestrictAddressFamilies=none, so it is a unit with some families. It measures
// what the service with the drop-in does.
func (m *machine) transient(t *testing.T, u *unit) {
	t.Helper()
	args := "/usr/bin/systemd-run --quiet --collect --property=Type=oneshot"
	known := regexp.MustCompile(` uretprobe| uprobe`).ReplaceAllString(u.text+measuring, "")
	for line := range strings.Lines(known) {
		if line = strings.TrimSpace(line); strings.Contains(line, "=") && !strings.HasPrefix(line, "#") {
			args += fmt.Sprintf(" %q", "--property="+line)
		}
	}
	args += fmt.Sprintf(" --property=StandardInput=file:/share/%s-measure.in --property=StandardOutput=append:/share/transient.out", u.name)
	m.execute(t, "transient", args+" /share/probe measure", nil)
}

// skipped are the names that systemd has skipped; that is all it may complain of.
func (m *machine) skipped(t *testing.T) (names []string) {
	t.Helper()
	for _, line := range regexp.MustCompile(`/etc/systemd/system/\S+:\d+: (.*)`).FindAllStringSubmatch(m.log, -1) {
		call, ok := strings.CutPrefix(line[1], "Failed to parse system call, ignoring: ")
		if !ok || !unknownTo(t, call) {
			t.Error(line[0])
		}
		names = append(names, call)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (u *unit) hello(t *testing.T, m *machine) {
	t.Helper()
	for _, name := range []string{u.name + "-hello", u.name + "-other"} {
		if out, end := m.read(t, name+".out"), m.end(name); out != "hello true\n" || end != "success" {
			t.Errorf("%s: %s: %q\n%s", name, end, out, m.read(t, name+".err"))
		}
	}
}

// measured compares what a service has measured inside: permitted numbers are the
// policy, the launcher's and systemd's share; arguments, what the losses say.
func (u *unit) measured(t *testing.T, m *machine) {
	t.Helper()
	var results []int64
	must(t, gob.NewDecoder(strings.NewReader(m.read(t, u.name+"-measure.out"))).Decode(&results))
	more := make(map[string]bool)
	for i, c := range u.calls[:len(u.calls)-len(given)] {
		name, _ := sysno.Name(c.Nr)
		action, _ := u.f.Decide(c)
		permitted := results[i] == -int64(abi.ENOSYS)
		switch {
		case action.Permits() && !permitted && !u.loses(name, false) && !slices.Contains(u.skipped, name):
			t.Errorf("%s: %d, the filter permits it", c, results[i])
		case !action.Permits() && permitted && slices.Contains(u.defaults, name):
			more[name] = true
		case !action.Permits() && permitted && !u.loses(name, true):
			t.Errorf("%s: permitted, the filter says %s", c, action)
		case !action.Permits() && !permitted && !u.lists(name) && results[i] != refusedByIt:
			t.Errorf("%s: %d, not refused by SystemCallFilter", c, results[i])
		}
	}
	t.Logf("permitted by @default: %s", slices.Sorted(maps.Keys(more)))
	t.Logf("unknown to this systemd: %s", u.skipped)
	for i, g := range given {
		name, _ := sysno.Name(g.call.Nr)
		if got := results[len(u.calls)-len(given)+i]; strings.Contains(u.text, g.setting) && u.lists(name) && got != -int64(g.errno) {
			t.Errorf("%s: %d in spite of %s", g.call, got, g.setting)
		}
	}
}

// loses reports whether the export lists a loss of a call.
func (u *unit) loses(name string, wider bool) bool {
	return slices.ContainsFunc(u.losses, func(l export.Loss) bool { return l.Call == name && l.Wider == wider })
}

// ends are how systemd says that the probe's setup ends by an action.
var ends = map[string]string{"abort": "code=killed, status=31", "log-and-abort": "code=exited, status=2", "log-and-deny": "success"}

func (u *unit) reports(t *testing.T, m *machine) {
	t.Helper()
	for action, want := range ends {
		name := u.name + "-" + action
		if end := m.end(name); end != want {
			t.Errorf("%s: %s, not %s\n%s", name, end, want, m.read(t, name+".err"))
		}
		if action != "abort" {
			wantReport(t, m.read(t, name+".err"))
		}
	}
}

// systemd's own tools take a unit with the drop-in.
func TestSystemdAnalyze(t *testing.T) {
	need(t, "systemd-analyze", "scmp_sys_resolver")
	for _, p := range policies {
		t.Run(p.String(), func(t *testing.T) {
			u := newUnit(t, p)
			dir := t.TempDir()
			file := filepath.Join(dir, "node.service")
			must(t, os.WriteFile(file, []byte("[Service]\nExecStart=/usr/bin/true\n"), 0o644))
			must(t, os.Mkdir(file+".d", 0o755))
			must(t, os.WriteFile(filepath.Join(file+".d", "sandbox.conf"), []byte(u.text), 0o644))
			out, err := exec.Command("systemd-analyze", "verify", "--man=no", file).CombinedOutput()
			must(t, err)
			for line := range strings.Lines(string(out)) {
				_, call, ok := strings.Cut(strings.TrimSpace(line), "Failed to parse system call, ignoring: ")
				if strings.Contains(line, "sandbox.conf") && (!ok || !unknownTo(t, call)) {
					t.Error(line)
				}
			}
			rated := security(t, file)
			for name, set := range map[string]bool{
				"SystemCallFilter_debug": true, "SystemCallFilter_module": true, "SystemCallFilter_mount": true, "SystemCallFilter_reboot": true,
				"SystemCallArchitectures": true, "NoNewPrivileges": true, "LockPersonality": true, "MemoryDenyWriteExecute": strings.Contains(u.text, "MemoryDenyWriteExecute=yes"),
				"RestrictNamespaces_user": true, "RestrictAddressFamilies_AF_PACKET": strings.Contains(u.text, "RestrictAddressFamilies="),
			} {
				if rated[name] != set {
					t.Errorf("%s is taken for %v", name, rated[name])
				}
			}
		})
	}
}

// security is what systemd-analyze security says is set.
func security(t *testing.T, file string) map[string]bool {
	t.Helper()
	out, err := exec.Command("systemd-analyze", "security", "--offline=yes", "--json=short", file).Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var rows []struct {
		Field string `json:"json_field"`
		Set   *bool  `json:"set"`
	}
	must(t, json.Unmarshal(out, &rows))
	set := make(map[string]bool)
	for _, r := range rows {
		set[r.Field] = r.Set != nil && *r.Set
	}
	if len(set) == 0 {
		t.Fatal(fmt.Errorf("nothing is rated\n%s", out))
	}
	return set
}
