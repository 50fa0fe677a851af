// SPDX-License-Identifier: MIT

package sandbox

import (
	"fmt"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func TestDiff(t *testing.T) {
	inet := NewPolicy("inet", PolicyMessageHandler.Builder().AllowIf("socket", seccomp.Arg32(0).Is(2)))
	both := NewPolicy("both", PolicyMessageHandler.Builder().Deny("fsync").AllowIf("socket", seccomp.Arg32(0).Is(2, 10)))
	d, err := Diff(inet, both)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.OnlyA) != 1 || d.OnlyA[0].Nr != sysno.Fsync || len(d.OnlyB) != 1 || d.OnlyB[0].Nr != sysno.Socket || d.OnlyB[0].Args[0] != 10 || d.Undecided != nil {
		t.Errorf("%v", d)
	}
	if text := d.String(); strings.Count(text, "\n") != 2 || !strings.HasPrefix(text, "- fsync(") || !strings.Contains(text, "\n+ socket(0xa,") {
		t.Errorf("%q", text)
	}
	if d, err := Diff(inet, inet); err != nil || d.String() != "" {
		t.Errorf("%v, %v", d, err)
	}
	if _, err := Diff(inet, SyscallSandboxPolicy{}); err == nil {
		t.Error("the zero policy is compared")
	}
}

// Which built-in policy may follow which: the earlier on the whole process, the later on
// a thread. go test -run TestTransitionTable -update . writes the file anew.
func TestTransitionTable(t *testing.T) {
	var b strings.Builder
	for _, from := range Policies() {
		fmt.Fprintf(&b, "%s:\n", from)
		for _, to := range Policies() {
			if err := (chain{}.then(from, ScopeProcess)).check(to, ScopeThread); err == nil {
				fmt.Fprintf(&b, "  %s\n", to)
			}
		}
	}
	CompareFile(t, "golden/transitions.txt", b.String())
}

// Calls that busy servers make most are answered by number, so by the kernel's action
// cache, under every policy that permits them.
func TestHotCallsAreCached(t *testing.T) {
	for _, p := range Policies() {
		for _, s := range []Scope{ScopeThread, ScopeProcess} {
			f, err := p.Filter(s, ActionInvokeSignalHandler)
			if err != nil {
				t.Fatal(err)
			}
			program, err := f.Compile()
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"read", "write", "futex", "epoll_pwait", "nanosleep", "recvfrom", "sendto"} {
				c, _ := seccomp.CallOf(name)
				if d := program.Explain(c); d.Action.Permits() && !d.Cached {
					t.Errorf("%s: %s is not answered from the cache", p, name)
				}
			}
		}
	}
}
