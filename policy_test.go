// SPDX-License-Identifier: MIT

package sandbox

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/gobase"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func TestPolicyNames(t *testing.T) {
	want := []string{
		"initialization", "initialization-dns-seed", "initialization-load-blocks", "initialization-map-port",
		"message-handler", "net", "net-add-connection", "net-http-server", "net-http-server-worker",
		"net-open-connection", "scheduler", "tor-control", "tx-index", "validation-script-check", "shutoff",
	}
	got := Policies()
	if len(got) != len(want) {
		t.Fatalf("%d policies", len(got))
	}
	for i, p := range got {
		if p.String() != want[i] || p.Err() != nil {
			t.Errorf("policy %d is %q, %v", i, p, p.Err())
		}
		if parsed, err := ParsePolicy(want[i]); err != nil || parsed != p {
			t.Errorf("ParsePolicy(%q) = %v, %v", want[i], parsed, err)
		}
	}
	if _, err := ParsePolicy("nett"); !errors.Is(err, ErrUnknownPolicy) {
		t.Error(err)
	}
}

// What each role may do, and no more: r and w open files for reading and writing, s makes
// TCP and UDP sockets, c connects, l listens, a accepts, n asks the kernel for routes, f
// locks files, m maps them, d puts data on the device.
func TestPolicyRoles(t *testing.T) {
	roles := map[SyscallSandboxPolicy]string{
		PolicyInitialization:           "rwsclanfmd",
		PolicyInitializationDNSSeed:    "rsc",
		PolicyInitializationLoadBlocks: "rwfmd",
		PolicyInitializationMapPort:    "rscn",
		PolicyMessageHandler:           "d",
		PolicyNet:                      "a",
		PolicyNetAddConnection:         "rsc",
		PolicyNetHTTPServer:            "a",
		PolicyNetHTTPServerWorker:      "r",
		PolicyNetOpenConnection:        "sc",
		PolicyScheduler:                "rwfd",
		PolicyTorControl:               "rsc",
		PolicyTxIndex:                  "rwfmd",
		PolicyValidationScriptCheck:    "",
		PolicyShutoff:                  "rwfd",
	}
	abilities := []struct {
		letter byte
		call   seccomp.Call
	}{
		{'r', nr(sysno.Openat, 1<<64-100, 0, 0x80000)},
		{'w', nr(sysno.Openat, 1<<64-100, 0, 0x80241)},
		{'s', nr(sysno.Socket, 2, 0x80801)},
		{'c', nr(sysno.Connect)},
		{'l', nr(sysno.Listen)},
		{'a', nr(sysno.Accept4)},
		{'n', nr(sysno.Socket, 16, 0x80003)},
		{'f', nr(sysno.Flock)},
		{'m', nr(sysno.Mmap, 0, 4096, 1, 1, 5)},
		{'d', nr(sysno.Fdatasync)},
	}
	total := 0
	for _, p := range Policies() {
		want, ok := roles[p]
		if !ok {
			t.Errorf("%s has no role here", p)
		}
		got := ""
		for _, a := range abilities {
			if len(in(p).refusing(a.call)) == 0 {
				got += string(a.letter)
			}
		}
		if got != want {
			t.Errorf("%s may %q, not %q", p, got, want)
		}
		if p.sealed() != (p == PolicyShutoff) {
			t.Errorf("%s: sealed: %t", p, p.sealed())
		}
		n := 0
		for range p.permitted(ScopeThread).union(p.partly(ScopeThread)).all {
			n++
		}
		if p == PolicyValidationScriptCheck && n > 30 {
			t.Errorf("%s permits %d calls", p, n)
		}
		if !strings.HasPrefix(p.String(), "initialization") {
			total += n
		}
	}
	if steady := len(Policies()) - 4; total > steady*124/2 {
		t.Errorf("the policies of the steady state permit %d calls on average, more than half of Bitcoin Core's 124", total/steady)
	}
}

// What no built-in policy permits, with any arguments; the first needs no reason, the
// others would be ways out.
func TestNoPolicyPermits(t *testing.T) {
	for _, p := range Policies() {
		for _, s := range []Scope{ScopeThread, ScopeProcess} {
			any := p.permitted(s).union(p.partly(s))
			for _, nr := range []uint32{sysno.Getgroups, sysno.Execve, sysno.Execveat, sysno.Ptrace, sysno.Clone3,
				sysno.IoUringSetup, sysno.RtSigqueueinfo, sysno.RtTgsigqueueinfo, sysno.ProcessVmWritev, sysno.Bpf, sysno.Userfaultfd} {
				if any.has(nr) {
					t.Errorf("%s permits %s", p, callName(nr))
				}
			}
		}
	}
}

// Conditions of the groups and of the runtime's share can be read, and say something.
func TestConditionsOfTables(t *testing.T) {
	for _, g := range append(groups[:], nodeGroups[:]...) {
		for _, c := range g.calls {
			if c.reason == "" {
				t.Errorf("%s: %s has no reason", g.name, callName(c.nr))
			}
			if c.when != "" {
				if _, ok := c.rule(); !ok {
					t.Errorf("%s: %s: %s", g.name, callName(c.nr), c.when)
				}
			}
		}
	}
	n := 0
	for need := range gobase.Needs(gobase.Launch) {
		n++
		if need.When != "" && !slices.ContainsFunc(seccomp.GoRuntime(seccomp.RuntimeLaunch), func(r seccomp.Rule) bool {
			return r.Call == callName(need.Nr) && len(r.When) == 1+strings.Count(need.When, " && ")
		}) {
			t.Errorf("%s: %s", callName(need.Nr), need.When)
		}
	}
	if got := len(seccomp.GoRuntime(seccomp.RuntimeLaunch)); got != n {
		t.Errorf("%d of %d entries", got, n)
	}
}

// The conditions of softenings are read whole: half of them would soften more.
func TestSofteningsAreRead(t *testing.T) {
	n := 0
	for s := range gobase.Softenings() {
		r := softenings()[n]
		if n++; len(r.when) != len(strings.Split(s.When, " && ")) && s.When != "" || s.Why == "" || r.nr != s.Nr || s.Scope > gobase.Process {
			t.Errorf("%+v is read as %+v", s, r)
		}
	}
	if n == 0 || Scope(gobase.Thread) != ScopeThread || Scope(gobase.Process) != ScopeProcess {
		t.Error("scopes")
	}
}

func TestInitializationIsSupersetOfAll(t *testing.T) {
	start := chain{}.then(PolicyInitialization, ScopeProcess)
	for _, p := range Policies() {
		for _, s := range []Scope{ScopeThread, ScopeProcess} {
			if err := start.check(p, s); err != nil {
				t.Error(err)
			}
		}
	}
}

// What a thread needs is needed by the process, so that a thread policy with the
// same rules as the process policy never widens it.
func TestRuntimeShareOfThreadIsWithinProcess(t *testing.T) {
	nothing := NewPolicy("nothing", NewSeccompPolicyBuilder().AllowNothing())
	if err := (chain{}.then(nothing, ScopeProcess)).check(nothing, ScopeThread); err != nil {
		t.Error(err)
	}
	for n := range gobase.Needs(gobase.Launch) {
		if n.Where == "" || n.Why == "" || !sysno.Known(n.Nr) {
			t.Errorf("entry without reason: %+v", n)
		}
	}
}

func TestFilterOfEveryPolicy(t *testing.T) {
	for _, p := range Policies() {
		for _, s := range []Scope{ScopeThread, ScopeProcess} {
			f, err := p.Filter(s, ActionInvokeSignalHandler)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range f.Rules {
				if r.Reason == "" {
					t.Errorf("%s: %s has no reason", p, r.Call)
				}
			}
			for call, want := range map[string]seccomp.Action{
				"getgroups": seccomp.Trap(0), "ptrace": seccomp.Trap(0), "execve": seccomp.Errno(abi.EPERM),
				"clone3": seccomp.Errno(abi.ENOSYS), "futex": seccomp.Allow, "exit_group": seccomp.Allow,
			} {
				nr, _ := sysno.Number(call)
				if got, _ := f.Decide(seccomp.Call{Arch: abi.AuditArchX86_64, Nr: nr}); got != want {
					t.Errorf("%s: %s is answered by %s, not %s", p, call, got, want)
				}
			}
			if got, _ := f.Decide(seccomp.Call{Arch: abi.AuditArchX86_64, Nr: sysno.Max + 1}); got != seccomp.Errno(abi.ENOSYS) {
				t.Errorf("%s: an unknown number is answered by %s", p, got)
			}
			if got, _ := f.Decide(seccomp.Call{Arch: abi.AuditArchX86_64, Nr: abi.X32Bit}); got != seccomp.KillProcess {
				t.Errorf("%s: x32 is answered by %s", p, got)
			}
		}
	}
}

func TestPolicyReportsAllMistakes(t *testing.T) {
	p := NewPolicy("mine", NewSeccompPolicyBuilder().
		Allow("opennat", "rt_sigqueueinfo").Deny("futex", "sokcet").DenyErrno(0, "open").DenyErrno(4095, "open").DenyErrno(1, "close").
		AllowPolicy(SyscallSandboxPolicy{}))
	text := p.Err().Error()
	for _, want := range []string{
		`policy "mine": "opennat": unknown syscall: did you mean "openat"?`,
		`"rt_sigqueueinfo": cannot be allowed`,
		`"futex": cannot be denied or narrowed: the Go runtime makes it on every thread (os_linux.go futexsleep, futexwakeup: parks and wakes threads); refused by an errno, the process hangs, crashes elsewhere or goes on with garbage`,
		`"close": is never answered by an errno: os/exec waits for ever`,
		`did you mean "socket"?`,
		`DenyErrno wants an errno from 1 to 4094`,
		`AllowPolicy of zero policy`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
	if got := strings.Count(text, "\n") + 1; got != 8 {
		t.Errorf("%d mistakes, not 8:\n%s", got, text)
	}
	var first *PolicyError
	if !errors.As(p.Err(), &first) || first.Policy != "mine" || first.Call != "opennat" || first.Nearest != "openat" {
		t.Errorf("%+v", first)
	}
	if _, err := p.Filter(ScopeThread, ActionKillProcess); err == nil {
		t.Error("Filter of a policy with mistakes")
	}
	if _, err := p.MarshalJSON(); err == nil {
		t.Error("MarshalJSON of a policy with mistakes")
	}
	if p.Builder().AllowPolicy(PolicyNet); NewPolicy("next", p.Builder()).Err() == nil {
		t.Error("Builder drops mistakes")
	}
}

func TestPolicyBadNamesAndBuilders(t *testing.T) {
	for _, name := range []string{"", "a\nb", "a\"b", "a\\b", "käse", strings.Repeat("x", 49)} {
		if NewPolicy(name, NewSeccompPolicyBuilder()).Err() == nil {
			t.Errorf("name %q is taken", name)
		}
	}
	if NewPolicy("nil", nil).Err() == nil || NewPolicy("zero", &SeccompPolicyBuilder{}).Err() == nil {
		t.Error("a nil or zero builder is taken")
	}
	if (SyscallSandboxPolicy{}).Err() == nil || (SyscallSandboxPolicy{}).String() == "" {
		t.Error("the zero policy is taken")
	}
}

// A denied call of the runtime's own threads fits a thread, not the process.
func TestDenyOfProcessShare(t *testing.T) {
	p := NewPolicy("no-read", NewSeccompPolicyBuilder().Deny("read"))
	if _, err := p.Filter(ScopeThread, ActionKillProcess); err != nil {
		t.Error(err)
	}
	var e *PolicyError
	if _, err := p.Filter(ScopeProcess, ActionKillProcess); !errors.As(err, &e) || e.Call != "read" {
		t.Error(err)
	}
}

func TestLastWordCounts(t *testing.T) {
	b := NewSeccompPolicyBuilder().DenyErrno(13, "times", "getsid").Allow("times").Deny("getsid").Allow("ptrace")
	f, err := NewPolicy("p", b).Filter(ScopeThread, ActionKillProcess)
	if err != nil {
		t.Fatal(err)
	}
	for call, want := range map[string]seccomp.Action{"times": seccomp.Allow, "getsid": seccomp.KillProcess, "ptrace": seccomp.Allow} {
		nr, _ := sysno.Number(call)
		if got, _ := f.Decide(seccomp.Call{Arch: abi.AuditArchX86_64, Nr: nr}); got != want {
			t.Errorf("%s: %s", call, got)
		}
	}
}

// Values are immutable: neither a builder used on nor a Builder changes them.
func TestPolicyIsImmutable(t *testing.T) {
	b := NewSeccompPolicyBuilder().DenyErrno(13, "times")
	p := NewPolicy("p", b)
	before, _ := p.MarshalJSON()
	b.Allow("ptrace").DenyErrno(14, "times")
	p.Builder().Allow("ptrace").DenyErrno(15, "times")
	if after, _ := p.MarshalJSON(); string(after) != string(before) {
		t.Errorf("%s became %s", before, after)
	}
	if q := p; p != q || p == NewPolicy("p", b) {
		t.Error("comparison")
	}
}

func TestPolicyJSONRoundTrip(t *testing.T) {
	own := NewPolicy("own", NewSeccompPolicyBuilder().Allow("execve").Deny("umask").DenyErrno(13, "getsid", "getpgid").DenyErrno(1, "dup"))
	for _, p := range append(Policies(), own) {
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		var read SyscallSandboxPolicy
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatal(err)
		}
		again, _ := json.Marshal(read)
		if string(again) != string(text) || read.permitted(ScopeThread) != p.permitted(ScopeThread) {
			t.Errorf("%s\n%s", text, again)
		}
	}
}

func TestPolicyJSONMistakes(t *testing.T) {
	for _, text := range []string{
		`{"name":"x","allow":["opennat"]}`, `{"name":"x","allow":[],"extra":1}`, `{"allow":[]}`, `[]`, `{"name":"x","deny":["futex"]}`,
		`{"name":"x","allow":[],"errno":[{"errno":0,"calls":["open"]}]}`, `{"name":"x","allow":["open"],"deny":["open"]}`,
	} {
		p := PolicyNet
		if err := p.UnmarshalJSON([]byte(text)); err == nil || p != PolicyNet {
			t.Errorf("%s: %v, %v", text, err, p)
		}
	}
}

func TestTransitions(t *testing.T) {
	process := chain{}.then(PolicyInitialization, ScopeProcess)
	if err := process.check(PolicyNet, ScopeThread); err != nil {
		t.Error(err)
	}
	narrow := process.then(PolicyScheduler, ScopeProcess)
	var e *TransitionError
	if err := narrow.check(PolicyNet, ScopeThread); !errors.As(err, &e) {
		t.Fatal(err)
	}
	if e.From != "initialization > scheduler" || e.To != "net" || len(e.Witnesses) != 10 || !strings.Contains(e.Error(), "accept4") {
		t.Errorf("%v", e)
	}
	sealed := narrow.then(PolicyShutoff, ScopeThread)
	if err := sealed.check(PolicyValidationScriptCheck, ScopeThread); !errors.Is(err, ErrSealed) {
		t.Error(err)
	}
	// What counts is the intersection of all that is in force, not the last name.
	own := NewPolicy("no-fsync", PolicyScheduler.Builder().Deny("fsync"))
	again := narrow.then(own, ScopeThread).then(NewPolicy("no-flock", own.Builder().Deny("flock")), ScopeThread)
	if err := again.check(PolicyScheduler, ScopeThread); !errors.As(err, &e) || len(e.Witnesses) != 2 {
		t.Error(err)
	}
}

func TestBuildFilter(t *testing.T) {
	program, err := NewSeccompPolicyBuilder().AllowNetwork().BuildFilter(ActionKillProcess)
	if err != nil || program.Len() == 0 {
		t.Fatal(err)
	}
	if _, err := NewSeccompPolicyBuilder().Allow("opennat").BuildFilter(ActionKillProcess); err == nil {
		t.Error("mistake not reported")
	}
	if _, err := NewSeccompPolicyBuilder().BuildFilter(UnsafeActionOff); err == nil {
		t.Error("off makes a filter")
	}
}

// Every group is reachable by one method, and no call stands in two of them.
func TestGroupsAreDisjoint(t *testing.T) {
	in := make(map[uint32]string)
	for _, g := range groups {
		for _, c := range g.calls {
			if other, ok := in[c.nr]; ok {
				t.Errorf("%s is in %s and %s", callName(c.nr), other, g.name)
			}
			if c.reason == "" {
				t.Errorf("%s: %s without reason", g.name, callName(c.nr))
			}
			in[c.nr] = g.name
		}
	}
}

// What the kernel has room for is predicted: 32768 instructions as it converts them,
// four more for each older filter.
func TestFits(t *testing.T) {
	program, err := compile(PolicyNet, ScopeThread, ActionKillProcess, 0)
	if err != nil {
		t.Fatal(err)
	}
	most := (32768 + 4) / (program.Converted() + 4)
	c := chain{layers: slices.Repeat([]layer{{PolicyNet, ScopeThread}}, most-1)}
	if err := c.fits(PolicyNet, ScopeThread, ActionKillProcess); err != nil {
		t.Errorf("policy %d: %v", most, err)
	}
	c.layers = append(c.layers, layer{PolicyNet, ScopeThread})
	if err := c.fits(PolicyNet, ScopeThread, ActionKillProcess); !errors.Is(err, seccomp.ErrChainFull) {
		t.Errorf("policy %d: %v", most+1, err)
	}
}
