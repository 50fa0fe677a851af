// SPDX-License-Identifier: MIT

package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func decide(t *testing.T, p SyscallSandboxPolicy, nr uint32, args ...uint64) seccomp.Action {
	t.Helper()
	f, err := p.Filter(ScopeThread, ActionKillProcess)
	if err != nil {
		t.Fatal(err)
	}
	c := seccomp.Call{Arch: abi.AuditArchX86_64, Nr: nr}
	copy(c.Args[:], args)
	action, _ := f.Decide(c)
	return action
}

// Conditions of one AllowIf are all needed, several AllowIf are alternatives.
func TestAllowIf(t *testing.T) {
	p := NewPolicy("sockets", NewSeccompPolicyBuilder().
		AllowIf("socket", seccomp.Arg32(0).Is(2, 10), seccomp.Arg32(1).Masked(0xf, 1)).
		AllowIf("socket", seccomp.Arg32(0).Is(1)).
		DenyErrno(97, "socketpair").
		Deny("ioctl").AllowIf("ioctl", seccomp.Arg32(1).Is(0x5401)).
		AllowIf("clone", seccomp.Arg64(0).Is(0xd0f00)))
	if err := p.Err(); err == nil {
		t.Fatal("clone is in a default group: AllowIf must say so")
	}
	p = NewPolicy("sockets", NewSeccompPolicyBuilder().
		AllowIf("socket", seccomp.Arg32(0).Is(2, 10), seccomp.Arg32(1).Masked(0xf, 1)).
		AllowIf("socket", seccomp.Arg32(0).Is(1)).
		Deny("ioctl", "clone").AllowIf("ioctl", seccomp.Arg32(1).Is(0x5401)).AllowIf("clone", seccomp.Arg64(0).Is(0xd0f00)))
	for _, c := range []struct {
		nr   uint32
		args []uint64
		want seccomp.Action
	}{
		{sysno.Socket, []uint64{2, 1}, seccomp.Allow},
		{sysno.Socket, []uint64{10, 0x80801}, seccomp.Allow},
		{sysno.Socket, []uint64{2, 3}, seccomp.KillProcess},
		{sysno.Socket, []uint64{1, 3}, seccomp.Allow},
		{sysno.Socket, []uint64{38, 5}, seccomp.KillProcess},
		{sysno.Ioctl, []uint64{0, 0x5401 | 1<<32}, seccomp.Allow}, // the kernel reads 32 bits
		{sysno.Ioctl, []uint64{0, 0x5412}, seccomp.KillProcess},
		{sysno.Clone, []uint64{0xd0f00}, seccomp.Allow},
		{sysno.Clone, []uint64{17}, seccomp.Errno(abi.EPERM)}, // a process is made: os/exec gets an errno
	} {
		if got := decide(t, p, c.nr, c.args...); got != c.want {
			t.Errorf("%s%x: %s, not %s", callName(c.nr), c.args, got, c.want)
		}
	}
}

func TestAllowIfMistakes(t *testing.T) {
	p := NewPolicy("mine", NewSeccompPolicyBuilder().
		AllowIf("socket").
		AllowIf("read", seccomp.Arg32(0).Is(1)).
		AllowIf("futex", seccomp.Arg32(1).Is(128)).
		AllowIf("rt_sigqueueinfo", seccomp.Arg32(1).Is(1)).
		AllowIf("connect", seccomp.Arg32(7).Is(1)).
		AllowIf("bind", seccomp.Arg32(0).LessOrEqual(9)).AllowIf("bind", seccomp.Arg32(0).Is(3)).
		AllowIf("opennat", seccomp.Arg32(0).Is(3)))
	text := fmt.Sprint(p.Err())
	for _, want := range []string{
		`"socket": AllowIf without conditions`, `"read": is allowed already`, `"futex": cannot be denied or narrowed`,
		`"rt_sigqueueinfo": cannot be allowed`, `"connect": a call has arguments 0 to 5`, `"bind": no call reaches it`, `did you mean "openat"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if n := strings.Count(text, "\n") + 1; n != 7 {
		t.Errorf("%d mistakes\n%s", n, text)
	}
}

// A union says nothing twice, and the wider word wins.
func TestAllowIfInUnions(t *testing.T) {
	narrow := NewPolicy("narrow", NewSeccompPolicyBuilder().AllowIf("socket", seccomp.Arg32(0).Is(1)).AllowIf("bind", seccomp.Arg32(0).Is(1)))
	wide := NewPolicy("wide", NewSeccompPolicyBuilder().AllowIf("socket", seccomp.Arg32(0).Is(1, 2)).Allow("bind"))
	for _, order := range [][]SyscallSandboxPolicy{{narrow, wide}, {wide, narrow}, {narrow, narrow}, {wide, wide}} {
		p := NewPolicy("union", NewSeccompPolicyBuilder().AllowPolicy(order...))
		if _, err := p.Filter(ScopeThread, ActionKillProcess); err != nil {
			t.Fatal(err)
		}
		two := order[0] == wide || order[1] == wide
		if got := decide(t, p, sysno.Socket, 2).Permits(); got != two {
			t.Errorf("%v: socket(2): %t", order, got)
		}
		if got := decide(t, p, sysno.Bind, 9).Permits(); got != two {
			t.Errorf("%v: bind(9): %t", order, got)
		}
		if _, err := NewSeccompPolicyBuilder().AllowPolicy(order...).BuildFilter(ActionKillProcess); err != nil {
			t.Error(err)
		}
	}
}

func TestAllowIfLastWordCounts(t *testing.T) {
	one := seccomp.Arg32(0).Is(1)
	denied := NewPolicy("denied", NewSeccompPolicyBuilder().AllowIf("socket", one).Deny("socket"))
	allowed := NewPolicy("allowed", NewSeccompPolicyBuilder().AllowIf("socket", one).Allow("socket"))
	again := NewPolicy("again", NewSeccompPolicyBuilder().DenyErrno(13, "socket").AllowIf("socket", one))
	if decide(t, denied, sysno.Socket, 1).Permits() || !decide(t, allowed, sysno.Socket, 5).Permits() {
		t.Error("Deny or Allow after AllowIf")
	}
	if !decide(t, again, sysno.Socket, 1).Permits() || decide(t, again, sysno.Socket, 2) != seccomp.KillProcess {
		t.Error("AllowIf after DenyErrno")
	}
}

func TestAllowIfJSON(t *testing.T) {
	p := NewPolicy("own", NewSeccompPolicyBuilder().Deny("ioctl").
		AllowIf("ioctl", seccomp.Arg32(1).Is(0x5401, 0x5413), seccomp.Arg64(2).Not(0)).
		AllowIf("kill", seccomp.Arg32(0).IsSelf()))
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"call":"ioctl","when":["arg1:32 in {0x5401, 0x5413}","arg2 != 0x0"]},{"call":"kill","when":["arg0:32 == own pid"]}`
	if !strings.Contains(string(text), want) {
		t.Errorf("%s", text)
	}
	var read SyscallSandboxPolicy
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	if again, _ := json.Marshal(read); string(again) != string(text) {
		t.Errorf("%s\n%s", text, again)
	}
	for _, bad := range []string{
		`{"name":"x","allow":["socket"],"allow_if":[{"call":"socket","when":["arg0 == 1"]}]}`,
		`{"name":"x","allow":[],"allow_if":[{"call":"socket","when":["arg9 == 1"]}]}`,
		`{"name":"x","allow":[],"allow_if":[{"call":"socket","when":[]}]}`,
		`{"name":"x","allow":[],"deny":["socket"],"allow_if":[{"call":"socket","when":["arg0 == 1"]}]}`,
	} {
		if err := read.UnmarshalJSON([]byte(bad)); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

// Narrowing looks at arguments, and shows one that would widen.
func TestTransitionsWithArguments(t *testing.T) {
	families := func(name string, v ...uint64) SyscallSandboxPolicy {
		return NewPolicy(name, NewSeccompPolicyBuilder().AllowIf("socket", seccomp.Arg32(0).Is(v...)))
	}
	inForce := chain{}.then(families("inet", 2, 10), ScopeProcess)
	if err := inForce.check(families("inet4", 2), ScopeThread); err != nil {
		t.Error(err)
	}
	var e *TransitionError
	if err := inForce.check(families("unix", 2, 1), ScopeThread); !errors.As(err, &e) || len(e.Witnesses) != 1 || e.Witnesses[0].Args[0] != 1 ||
		!strings.Contains(err.Error(), "socket(0x1, ") {
		t.Error(err)
	}
	if err := inForce.check(NewPolicy("any", NewSeccompPolicyBuilder().Allow("socket")), ScopeThread); !errors.As(err, &e) {
		t.Error(err)
	}
	// All layers count: what the first permits and the second does not is refused.
	twice := chain{}.then(NewPolicy("any", NewSeccompPolicyBuilder().Allow("socket")), ScopeProcess).then(families("inet4", 2), ScopeThread)
	if err := twice.check(families("inet6", 10), ScopeThread); !errors.As(err, &e) || e.Witnesses[0].Args[0] != 10 {
		t.Error(err)
	}
	self := NewPolicy("self", NewSeccompPolicyBuilder().AllowIf("kill", seccomp.Arg32(0).IsSelf()))
	if err := (chain{}).then(self, ScopeProcess).check(self, ScopeThread); err != nil {
		t.Error(err)
	}
}
