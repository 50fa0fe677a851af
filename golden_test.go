// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

var update = flag.Bool("update", false, "write testdata/golden anew")

// TestGolden shows in a review what a change does to each built-in policy: what it
// answers to which call, and the program. go test -run TestGolden -update . writes
// the files anew.
func TestGolden(t *testing.T) {
	scopes := map[sandbox.Scope]string{sandbox.ScopeThread: "thread", sandbox.ScopeProcess: "process"}
	for _, p := range sandbox.Policies() {
		for scope, name := range scopes {
			filter, err := p.Filter(scope, sandbox.ActionInvokeSignalHandler)
			if err != nil {
				t.Fatal(err)
			}
			program, err := filter.Compile()
			if err != nil {
				t.Fatal(err)
			}
			compareGolden(t, fmt.Sprintf("%s.%s.txt", p, name), describe(filter)+"\n"+program.String())
		}
	}
}

// describe lists what a filter answers, one rule a line.
func describe(f seccomp.Filter) string {
	var b strings.Builder
	for _, r := range f.Rules {
		fmt.Fprintf(&b, "%s%s -> %s (%s)\n", r.Call, when(r), r.Action, r.Reason)
	}
	fmt.Fprintf(&b, "other known calls -> %s\nunknown numbers -> %s\n", f.Default, f.Unknown)
	return b.String()
}

func when(r seccomp.Rule) string {
	var conds []string
	for _, c := range r.When {
		conds = append(conds, c.String())
	}
	if conds == nil {
		return ""
	}
	return " if " + strings.Join(conds, " && ")
}

func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what the policy is now; if that is meant: go test -run TestGolden -update .\n%s", file, firstDifference(string(want), got))
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return fmt.Sprintf("line %d\n-%s\n+%s", i+1, w[i], g[i])
		}
	}
	return fmt.Sprintf("%d lines, not %d", len(g), len(w))
}
