// SPDX-License-Identifier: MIT

package export_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/export"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func container(t *testing.T, p sandbox.SyscallSandboxPolicy) seccomp.Filter {
	t.Helper()
	f, err := p.Filter(sandbox.ScopeContainer, sandbox.ActionDeny)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// same compares what two filters answer to a call.
func same(t *testing.T, what string, a, b seccomp.Filter, c seccomp.Call) {
	t.Helper()
	x, _ := a.Decide(c)
	if y, _ := b.Decide(c); x != y {
		t.Fatalf("%s: %s: %s and %s", what, c, x, y)
	}
}

// What is exported and read back means the same, witnesses included.
func TestOCIRoundTrip(t *testing.T) {
	for _, p := range sandbox.Policies() {
		f := container(t, p)
		text, losses, err := export.OCI(f, export.Options{})
		if err != nil {
			t.Fatal(err)
		}
		other := make(map[string]bool) // refused by another errno
		for _, l := range losses {
			if other[l.Call] = true; l.Wider {
				t.Errorf("%s: %s", p, l)
			}
		}
		read, losses, err := export.ParseOCI(text)
		if err != nil {
			t.Fatalf("%s: %v\n%s", p, err, text)
		}
		for _, l := range losses {
			if !strings.Contains(l.What, "change nothing") {
				t.Errorf("%s: %s", p, l)
			}
		}
		for _, pair := range [][2]seccomp.Filter{{f, read}, {read, f}} {
			if witnesses, undecided := seccomp.Uncovered(pair[0], pair[1]); len(witnesses)+len(undecided) > 0 {
				t.Errorf("%s: %v %v", p, witnesses, undecided)
			}
		}
		for nr := range uint32(600) {
			if c := (seccomp.Call{Arch: 0xc000003e, Nr: nr}); !other[c.Name()] {
				same(t, p.String(), f, read, c)
			}
		}
	}
}

// Random filters, with every operator and with rules of one call that overlap, are held
// exactly, or refused.
func TestOCIRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	refused := 0
	for range 800 {
		f := randomFilter(rng)
		text, losses, err := export.OCI(f, export.Options{})
		if errors.Is(err, export.ErrWider) {
			refused++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		read, _, err := export.ParseOCI(text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		for range 200 {
			c, _ := seccomp.CallOf("fcntl")
			for i := range c.Args {
				c.Args[i] = value(rng)
			}
			x, _ := f.Decide(c)
			if y, _ := read.Decide(c); x != y && (x.Permits() || y.Permits() || len(losses) < 2) {
				t.Fatalf("%s: %s and %s of\n%s", c, x, y, text)
			}
		}
	}
	if refused > 400 {
		t.Errorf("%d of 800 are refused: that says little", refused)
	}
}

func value(rng *rand.Rand) uint64 {
	return [...]uint64{0, 1, 2, 3, 4, 7, 8, 1 << 31, 1<<32 - 1, 1 << 32, 1<<32 + 1, 1 << 63, 1<<64 - 1, rng.Uint64()}[rng.IntN(14)]
}

func randomFilter(rng *rand.Rand) seccomp.Filter {
	actions := []seccomp.Action{seccomp.Allow, seccomp.Errno(1), seccomp.Errno(22), seccomp.KillProcess}
	for {
		f := seccomp.Filter{Default: actions[rng.IntN(4)], Unknown: seccomp.Errno(38)}
		for range 1 + rng.IntN(3) {
			r := seccomp.Rule{Call: "fcntl", Action: actions[rng.IntN(4)]}
			for range rng.IntN(3) {
				r.When = append(r.When, randomCond(rng))
			}
			f.Rules = append(f.Rules, r)
		}
		if _, err := f.Compile(); err == nil {
			return f
		}
	}
}

func randomCond(rng *rand.Rand) seccomp.Cond {
	a, limit := seccomp.Arg64(rng.IntN(2)), uint64(1<<64-1)
	if rng.IntN(2) == 0 {
		a, limit = seccomp.Arg32(rng.IntN(2)), 1<<32-1
	}
	x, y := value(rng)&limit, value(rng)&limit
	switch rng.IntN(7) {
	case 0:
		return a.Not(x)
	case 1:
		return a.Less(x)
	case 2:
		return a.Greater(x)
	case 3:
		return a.Between(min(x, y), max(x, y))
	case 4:
		return a.Masked(x, x&y)
	case 5:
		return a.Only(x)
	default:
		return a.Is(x, y)
	}
}

// runc, crun and Docker read names, actions and comparisons; all that they get is in these
// words.
func TestOCIText(t *testing.T) {
	f := seccomp.Filter{
		Default: seccomp.Errno(1), Unknown: seccomp.Errno(38),
		Rules: []seccomp.Rule{
			{Call: "read", Action: seccomp.Allow, Reason: "Go runtime: reads"},
			{Call: "write", Action: seccomp.Allow, Reason: "Go runtime: writes"},
			{Call: "socket", When: []seccomp.Cond{seccomp.Arg32(0).Is(2)}, Action: seccomp.Allow},
			{Call: "clone3", Action: seccomp.Errno(38)},
		},
	}
	text, losses, err := export.OCI(f, export.Options{})
	if err != nil || len(losses) != 1 {
		t.Fatal(losses, err)
	}
	for _, want := range []string{
		`"defaultAction": "SCMP_ACT_ERRNO"`, `"defaultErrnoRet": 1`, `"SCMP_ARCH_X86_64"`, `"action": "SCMP_ACT_ALLOW"`,
		`"index": 0,`, `"value": 4294967295`, `"valueTwo": 2`, `"op": "SCMP_CMP_MASKED_EQ"`, `"errnoRet": 38`,
		`"comment": "what the Go runtime needs`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is missing in\n%s", want, text)
		}
	}
	var newest string
	for _, name := range sysno.All() {
		newest = name
	}
	if !strings.Contains(string(text), `"`+newest+`"`) {
		t.Errorf("%s, the newest call, is missing: runc would take older ones for unknown", newest)
	}
}

func TestOCIWider(t *testing.T) {
	f := seccomp.Filter{Default: seccomp.Errno(1), Rules: []seccomp.Rule{
		{Call: "getpgid", When: []seccomp.Cond{seccomp.Arg32(0).IsSelf()}, Action: seccomp.Allow},
	}}
	if _, losses, err := export.OCI(f, export.Options{}); !errors.Is(err, export.ErrWider) || !strings.Contains(err.Error(), "getpgid") || len(losses) == 0 {
		t.Error(losses, err)
	}
	text, losses, err := export.OCI(f, export.Options{AllowWider: true})
	if err != nil || len(losses) == 0 || !losses[len(losses)-1].Wider {
		t.Fatal(losses, err)
	}
	read, _, err := export.ParseOCI(text)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := seccomp.CallOf("getpgid")
	if got, _ := read.Decide(c); got != seccomp.Allow {
		t.Error(got)
	}
	deny := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Allow, Rules: []seccomp.Rule{
		{Call: "kill", When: []seccomp.Cond{seccomp.Arg32(0).IsSelf()}, Action: seccomp.Errno(1)},
	}}
	if _, _, err := export.OCI(deny, export.Options{}); !errors.Is(err, export.ErrWider) {
		t.Error("a refusal is dropped where the default permits:", err)
	}
	for _, f := range []seccomp.Filter{
		{Rules: []seccomp.Rule{{Call: "no such call"}}},
		{Default: seccomp.UserNotif},
		{Rules: []seccomp.Rule{{Call: "read", Action: seccomp.UserNotif}}},
	} {
		if _, _, err := export.OCI(f, export.Options{AllowWider: true}); err == nil {
			t.Errorf("%v is exported", f)
		}
	}
	if _, _, err := export.OCI(seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Errno(38)}, export.Options{}); !errors.Is(err, export.ErrWider) {
		t.Error("unknown numbers become permitted:", err)
	}
}

func TestParseOCIMistakes(t *testing.T) {
	for text, want := range map[string]string{
		`{`:                            "no OCI profile",
		`{"defaultAction":"SCMP_ACT"}`: "unknown action",
		`{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":70000}`:                                                                                     "more than",
		`{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_ARM"]}`:                                                                           "SCMP_ARCH_ARM",
		`{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"X"}]}`:                                                                "unknown action",
		`{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":1,"op":"X"}]}]}`:           "unknown comparison",
		`{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"index":6,"value":1,"op":"SCMP_CMP_EQ"}]}]}`: "0 to 5",
		`{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"},{"names":["read"],"action":"SCMP_ACT_LOG"}]}`:        "two answers",
		`{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":1,"op":"SCMP_CMP_GE"}]},` +
			`{"names":["read"],"action":"SCMP_ACT_LOG","args":[{"index":1,"value":1,"op":"SCMP_CMP_EQ"}]}]}`: "overlap",
	} {
		if _, _, err := export.ParseOCI([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Conditions as libseccomp and runc understand them.
func TestParseOCIMeaning(t *testing.T) {
	f, losses, err := export.ParseOCI([]byte(`{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[
		{"names":["read","no_such_call"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"},{"index":0,"value":7,"op":"SCMP_CMP_GT"}]},
		{"names":["write"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"}]},
		{"names":["write"],"action":"SCMP_ACT_ALLOW"},
		{"names":["clone"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":2114060288,"valueTwo":0,"op":"SCMP_CMP_MASKED_EQ"}]}]}`))
	if err != nil || len(losses) != 2 {
		t.Fatal(losses, err)
	}
	for text, want := range map[string]bool{
		"read(1)": true, "read(8)": true, "read(7)": false, "write(2)": true, "close(0)": false, "clone(0x10000000)": false, "clone(0x100)": true,
	} {
		c, err := seccomp.ParseCall(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := f.Decide(c); got.Permits() != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}

const docker = `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":1,"archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86"]}],"syscalls":[
	{"names":["read"],"action":"SCMP_ACT_ALLOW"},
	{"name":"write","action":"SCMP_ACT_ALLOW"},
	{"names":["ptrace"],"action":"SCMP_ACT_ALLOW","includes":{"minKernel":"4.8"}},
	{"names":["mount"],"action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_SYS_ADMIN"]}},
	{"names":["arch_prctl"],"action":"SCMP_ACT_ALLOW","includes":{"arches":["amd64","x32"]}},
	{"names":["sync_file_range2"],"action":"SCMP_ACT_ALLOW","includes":{"arches":["ppc64le"]}},
	{"names":["clone3"],"action":"SCMP_ACT_ERRNO","errnoRet":38,"excludes":{"caps":["CAP_SYS_ADMIN"]}},
	{"names":["clone3"],"action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_SYS_ADMIN"]}}]}`

func TestParseDocker(t *testing.T) {
	for _, c := range []struct {
		container export.Container
		want      map[string]seccomp.Action
	}{
		{export.Container{}, map[string]seccomp.Action{
			"read": seccomp.Allow, "write": seccomp.Allow, "ptrace": seccomp.Allow, "mount": seccomp.Errno(1), "arch_prctl": seccomp.Allow, "clone3": seccomp.Errno(38), "close": seccomp.Errno(1)}},
		{export.Container{Caps: []string{"CAP_SYS_ADMIN"}, Kernel: "4.7"}, map[string]seccomp.Action{
			"ptrace": seccomp.Errno(1), "mount": seccomp.Allow, "clone3": seccomp.Allow}},
	} {
		f, _, err := export.ParseDocker([]byte(docker), c.container)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range c.want {
			call, _ := seccomp.CallOf(name)
			if got, _ := f.Decide(call); got != want {
				t.Errorf("%v: %s: %s, not %s", c.container, name, got, want)
			}
		}
	}
	for _, text := range []string{"{", `{"defaultAction":"SCMP_ACT_ERRNO","archMap":[{"architecture":"SCMP_ARCH_ARM"}]}`} {
		if _, _, err := export.ParseDocker([]byte(text), export.Container{}); err == nil {
			t.Errorf("%s is read", text)
		}
	}
	if _, _, err := export.ParseDocker([]byte(docker), export.Container{Kernel: "new"}); err == nil {
		t.Error("a kernel that is no version")
	}
}

func TestSystemdUnit(t *testing.T) {
	f := container(t, sandbox.PolicyNetOpenConnection)
	if _, _, err := export.SystemdUnit(f, export.Options{}); !errors.Is(err, export.ErrWider) || !strings.Contains(err.Error(), "socket") {
		t.Error(err)
	}
	text, losses, err := export.SystemdUnit(f, export.Options{AllowWider: true})
	if err != nil || len(losses) == 0 {
		t.Fatal(err)
	}
	for _, want := range []string{
		"[Service]\n", "SystemCallArchitectures=native\n", "SystemCallErrorNumber=ENOSYS\n", "NoNewPrivileges=yes\n", "connect",
		"RestrictAddressFamilies=AF_INET AF_INET6\n", "MemoryDenyWriteExecute=yes\n", "RestrictNamespaces=yes\n", "# what the Go runtime needs",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "ptrace") || strings.Contains(string(text), "clone3") {
		t.Errorf("refused calls are named:\n%s", text)
	}
	none, _, err := export.SystemdUnit(container(t, sandbox.PolicyScheduler), export.Options{AllowWider: true})
	if err != nil || !strings.Contains(string(none), "RestrictAddressFamilies=none\n") {
		t.Errorf("%v\n%s", err, none)
	}
	asks := seccomp.Filter{Default: seccomp.Errno(1), Rules: []seccomp.Rule{{Call: "openat", Action: seccomp.UserNotif}}}
	if _, _, err := export.SystemdUnit(asks, export.Options{}); !errors.Is(err, export.ErrWider) {
		t.Errorf("a notification becomes a permission: %v", err)
	}
	if _, _, err := export.SystemdUnit(seccomp.Filter{}, export.Options{}); err == nil {
		t.Error("a filter that kills is exported")
	}
}

// What a launcher needs is permitted, and no more than that is added.
func TestForLauncher(t *testing.T) {
	for _, l := range []export.Launcher{export.Bubblewrap, export.Runc, export.RuncPrivileged, export.Crun, export.CrunPrivileged, export.Systemd} {
		for _, p := range sandbox.Policies() {
			f := container(t, p)
			with := export.ForLauncher(f, l)
			if _, err := with.Compile(); err != nil {
				t.Errorf("%s: %v", p, err)
			}
			if witnesses, undecided := seccomp.Uncovered(with, f); len(witnesses)+len(undecided) > 0 {
				t.Errorf("%s: the launcher takes away %v %v", p, witnesses, undecided)
			}
			for _, r := range with.Rules {
				if strings.HasPrefix(r.Reason, "Launcher: ") && l == export.Systemd {
					t.Errorf("%s: systemd executes at once: %v", p, r)
				}
			}
		}
	}
	for text, want := range map[string]bool{"setuid": true, "openat(0, 0, O_WRONLY|O_CLOEXEC)": true, "openat(0, 0, O_RDWR)": false, "prctl(24)": true, "prctl(1)": false} {
		c, err := seccomp.ParseCall(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := export.ForLauncher(container(t, sandbox.PolicyNet), export.RuncPrivileged).Decide(c); got.Permits() != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}
