// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

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
			sandbox.CompareFile(t, fmt.Sprintf("golden/%s.%s.txt", p, name), describe(filter)+"\n"+program.String())
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
