// SPDX-License-Identifier: MIT

package sandbox

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Every group is an Allow method of the builder, and a builder that has called it holds it.
func TestGroups(t *testing.T) {
	for _, g := range Groups() {
		b := NewSeccompPolicyBuilder().AllowNothing()
		method := reflect.ValueOf(b).MethodByName("Allow" + g.Name)
		if !method.IsValid() {
			t.Errorf("no method Allow%s", g.Name)
			continue
		}
		method.Call(nil)
		p := NewPolicy("p", b)
		if !slices.Contains(p.Groups(), g.Name) {
			t.Errorf("Allow%s: %v", g.Name, p.Groups())
		}
		if _, err := (seccomp.Filter{Rules: g.Rules}).Compile(); err != nil {
			t.Errorf("%s: %v", g.Name, err)
		}
	}
	if got := PolicyNet.Groups(); !slices.Equal(got[:3], []string{"OpenFiles", "SocketIo", "Accept"}) {
		t.Errorf("%v", got)
	}
	if got := (SyscallSandboxPolicy{}).Groups(); got != nil {
		t.Errorf("the zero policy holds %v", got)
	}
}

// The reason of an entry is that of a group which the policy holds; a method's name is in
// every reason of a built-in policy's own entries.
func TestReasons(t *testing.T) {
	for _, p := range Policies() {
		f, err := p.Filter(ScopeThread, ActionKillProcess)
		if err != nil {
			t.Fatal(err)
		}
		held := p.Groups()
		for _, r := range f.Rules {
			group, _, ok := strings.Cut(r.Reason, ": ")
			nr, _ := seccomp.CallOf(r.Call)
			if r.Action == seccomp.Allow && r.When == nil && p.p.rules.allowed.has(nr.Nr) && (!ok || !slices.Contains(held, group)) {
				t.Errorf("%s: %s: %q, but it holds %v", p, r.Call, r.Reason, held)
			}
		}
	}
	own := NewPolicy("own", NewSeccompPolicyBuilder().AllowNothing().Allow("acct").AllowIf("flock", seccomp.Arg32(1).Is(2)))
	f, err := own.Filter(ScopeThread, ActionKillProcess)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range f.Rules {
		if r.Call == "acct" && r.Reason != "allowed by name" || r.Call == "flock" && r.Reason != "allowed by name and arguments" {
			t.Errorf("%s: %q", r.Call, r.Reason)
		}
	}
}
