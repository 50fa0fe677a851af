// SPDX-License-Identifier: MIT

package sandbox

import (
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A container's filter permits all that the process's does, and what comes before main.
func TestContainerScope(t *testing.T) {
	for _, p := range Policies() {
		container, err := p.Filter(ScopeContainer, ActionDeny)
		if err != nil {
			t.Fatal(err)
		}
		process, err := p.Filter(ScopeProcess, ActionKillProcess)
		if err != nil {
			t.Fatal(err)
		}
		if witnesses, undecided := seccomp.Uncovered(container, process.ForPID(1)); len(witnesses)+len(undecided) > 0 {
			t.Errorf("%s: the container refuses %v %v", p, witnesses, undecided)
		}
		for text, want := range map[string]seccomp.Action{
			"execve": seccomp.Allow, "arch_prctl(0x1002)": seccomp.Allow, "arch_prctl(0x1001)": seccomp.Errno(abi.EPERM),
			"seccomp(2, 0)": seccomp.Allow, "seccomp(1, 1)": seccomp.Allow, "seccomp(1, 8)": seccomp.Errno(abi.EPERM),
			"getgroups": seccomp.Errno(abi.EPERM), "clone3": seccomp.Errno(abi.ENOSYS), "clone(0x4111)": seccomp.Errno(abi.EPERM),
			"tgkill(7)": seccomp.Allow, "ptrace": seccomp.Errno(abi.EPERM),
		} {
			c, err := seccomp.ParseCall(text)
			if err != nil {
				t.Fatal(err)
			}
			if text == "arch_prctl(0x1001)" && p == PolicyInitialization {
				want = seccomp.Allow
			}
			if got, _ := container.Decide(c); got != want {
				t.Errorf("%s: %s is answered by %s, not %s", p, text, got, want)
			}
		}
		if _, err := container.Compile(); err != nil {
			t.Error(err)
		}
		shares(t, container)
	}
}

// shares looks that every rule says whose share it is: exports list them apart.
func shares(t *testing.T, f seccomp.Filter) {
	t.Helper()
	var launch, setup bool
	for _, r := range f.Rules {
		if r.Action == seccomp.Allow && r.Reason == "" {
			t.Errorf("%s has no reason", r.Call)
		}
		launch = launch || r.Call == "execve" && strings.HasPrefix(r.Reason, "Go runtime: ")
		setup = setup || r.Call == "seccomp" && strings.HasPrefix(r.Reason, "Sandbox setup: ")
	}
	if !launch || !setup {
		t.Error("no share of the launch or of setup")
	}
}

func TestContainerScopeMistakes(t *testing.T) {
	for _, a := range []SyscallSandboxAction{ActionKillProcess, ActionInvokeSignalHandler, UnsafeActionAllow} {
		if _, err := PolicyNet.Filter(ScopeContainer, a); err == nil {
			t.Errorf("action %s", a)
		}
	}
	self := NewPolicy("self", NewSeccompPolicyBuilder().AllowNothing().AllowIf("getpgid", seccomp.Arg32(0).IsSelf()))
	if _, err := self.Filter(ScopeContainer, ActionDeny); err == nil || !strings.Contains(err.Error(), "IsSelf") {
		t.Error(err)
	}
	if _, err := NewPolicy("p", NewSeccompPolicyBuilder().Deny("sokcet")).Filter(ScopeContainer, ActionDeny); err == nil {
		t.Error("a policy with mistakes")
	}
	for _, c := range groupSetup.calls {
		if _, ok := c.rule(); c.when != "" && !ok || !sysno.Known(c.nr) || c.reason == "" {
			t.Errorf("%+v", c)
		}
	}
}
