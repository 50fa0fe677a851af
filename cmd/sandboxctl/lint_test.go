// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Every call of the tables can be read, and every family has a first and another.
func TestLintTables(t *testing.T) {
	for _, c := range checks {
		for _, text := range c.calls {
			if _, err := seccomp.ParseCall(text); err != nil {
				t.Error(err)
			}
		}
	}
	for _, f := range families {
		if len(f.calls) < 2 {
			t.Errorf("%v", f)
		}
		for _, text := range f.calls {
			if _, err := seccomp.ParseCall(text); err != nil {
				t.Error(err)
			}
		}
	}
}

func ids(found []finding) (names []string) {
	for _, f := range found {
		names = append(names, f.ID)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func decide(f seccomp.Filter) decider {
	return func(c seccomp.Call) bool {
		action, _ := f.Decide(c)
		return action.Permits()
	}
}

// The policies of a node at work have no hole that lint knows.
func TestLintBuiltin(t *testing.T) {
	for _, p := range sandbox.Policies() {
		f, err := p.Filter(sandbox.ScopeProcess, sandbox.ActionKillProcess)
		if err != nil {
			t.Fatal(err)
		}
		found := lint(decide(f))
		if p == sandbox.PolicyInitialization {
			continue // Bitcoin Core's wide lists: see TestLintFinds
		}
		for _, f := range found {
			t.Errorf("%s: %s: %v", p, f.ID, f.Calls)
		}
	}
}

// Each kind of hole, planted, is found, and by its name.
func TestLintFinds(t *testing.T) {
	allow := func(calls ...string) seccomp.Filter {
		return seccomp.Filter{Rules: seccomp.Group(seccomp.Allow, calls...)}
	}
	not := func(call string, c seccomp.Cond) seccomp.Filter {
		return seccomp.Filter{Rules: []seccomp.Rule{{Call: call, When: []seccomp.Cond{c}, Action: seccomp.Allow}}}
	}
	for want, f := range map[string]seccomp.Filter{
		"permissive-default": {Default: seccomp.Allow, Unknown: seccomp.Allow},
		"io-uring":           allow("io_uring_enter"),
		"ptrace":             allow("ptrace"),
		"ioctl-terminal":     allow("ioctl"),
		"exec-memory":        allow("mprotect"),
		"sockets":            allow("socket"),
		"sibling-gap":        allow("execveat"),
		"upper-half":         not("ioctl", seccomp.Arg64(1).Not(0x5412, 0x541c)),
		"namespaces":         allow("clone"),
	} {
		if found := ids(lint(decide(f))); !slices.Contains(found, want) {
			t.Errorf("%s is not among %v", want, found)
		}
	}
	right := not("ioctl", seccomp.Arg32(1).Not(0x5412, 0x541c))
	if found := ids(lint(decide(right))); slices.Contains(found, "upper-half") || slices.Contains(found, "ioctl-terminal") {
		t.Errorf("a 32-bit comparison: %v", found)
	}
}

// Raw BPF is run, so an architecture that nobody asked about is found.
func TestLintRaw(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	for text, want := range map[string]string{
		"\x06\x00\x00\x00\x00\x00\xff\x7f": "architecture permissive-default x32", // ret ALLOW
		"\x06\x00\x00\x00\x00\x00\x00\x80": "",                                    // ret KILL_PROCESS
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := rawDecider(file)
		if err != nil {
			t.Fatal(err)
		}
		found := ids(lint(d))
		for name := range strings.FieldsSeq(want) {
			if !slices.Contains(found, name) {
				t.Errorf("%s is not among %v", name, found)
			}
		}
		if want == "" && len(found) > 0 {
			t.Errorf("%v", found)
		}
	}
	for _, text := range []string{"123", "\x06\x00\x00\x00\x00\x00\xff", "\x15\x00\x09\x09\x00\x00\x00\x00"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := rawDecider(file); err == nil {
			t.Errorf("%q is read", text)
		}
	}
	program, err := container(sandbox.PolicyNet).Compile()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, program.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := rawDecider(file)
	if err != nil {
		t.Fatal(err)
	}
	f := container(sandbox.PolicyNet)
	if got, want := fmt.Sprint(ids(lint(d))), fmt.Sprint(ids(lint(decide(f)))); got != want {
		t.Errorf("the program: %s, the filter: %s", got, want)
	}
}

func container(p sandbox.SyscallSandboxPolicy) seccomp.Filter {
	f, err := p.Filter(sandbox.ScopeContainer, sandbox.ActionDeny)
	must(err)
	return f
}
