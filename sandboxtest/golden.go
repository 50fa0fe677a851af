// SPDX-License-Identifier: MIT

package sandboxtest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// updateVar has Golden write its files.
const updateVar = "SANDBOXTEST_UPDATE"

// Golden compares the policy's rules, as text, with a file, so that a review shows what a
// change allows. What the library adds for the Go runtime is not in it. To write the file
// anew:
//
//	SANDBOXTEST_UPDATE=1 go test -run TestGolden .
func Golden(t testing.TB, p sandbox.SyscallSandboxPolicy, file string) {
	t.Helper()
	if passedBy(t) {
		return
	}
	now, err := rulesText(p)
	if err != nil {
		t.Fatalf("sandboxtest: %v", err)
	}
	if os.Getenv(updateVar) == "1" {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatalf("sandboxtest: %v", err)
		}
		if err := os.WriteFile(file, []byte(now), 0o644); err != nil {
			t.Fatalf("sandboxtest: %v", err)
		}
		return
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("sandboxtest: %v; to write it: %s=1 go test -run '%s'", err, updateVar, exactly(t.Name()))
	}
	// A checkout may have made CRLF of it.
	if changes := difference(strings.ReplaceAll(string(data), "\r\n", "\n"), now); changes != "" {
		t.Errorf("sandboxtest: policy %q is not what %s says; if that is meant: %s=1 go test -run '%s'\n%s", p, file, updateVar, exactly(t.Name()), changes)
	}
}

// rulesJSON is what sandbox.SyscallSandboxPolicy.MarshalJSON writes.
type rulesJSON struct {
	Name  string   `json:"name"`
	Allow []string `json:"allow"`
	If    []struct {
		Call string         `json:"call"`
		When []seccomp.Cond `json:"when"`
	} `json:"allow_if"`
	Deny  []string `json:"deny"`
	Errno []struct {
		Errno uint16   `json:"errno"`
		Calls []string `json:"calls"`
	} `json:"errno"`
}

// rulesText is a policy with one rule on each line, so that a difference is one of lines.
func rulesText(p sandbox.SyscallSandboxPolicy) (string, error) {
	data, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	var rules rulesJSON
	if err := json.Unmarshal(data, &rules); err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "policy %s\n", rules.Name)
	for _, call := range rules.Allow {
		fmt.Fprintf(&b, "allow %s\n", call)
	}
	for _, r := range rules.If {
		var when []string
		for _, c := range r.When {
			when = append(when, c.String())
		}
		fmt.Fprintf(&b, "allow %s if %s\n", r.Call, strings.Join(when, " && "))
	}
	for _, call := range rules.Deny {
		fmt.Fprintf(&b, "deny %s\n", call)
	}
	for _, e := range rules.Errno {
		for _, call := range e.Calls {
			fmt.Fprintf(&b, "answer %s with %s\n", call, seccomp.Errno(e.Errno))
		}
	}
	return b.String(), nil
}

// difference lists the lines that only one of two texts has; if they differ in their
// order alone, the first that does.
func difference(was, is string) string {
	if was == is {
		return ""
	}
	before, after := strings.Split(was, "\n"), strings.Split(is, "\n")
	var changes []string
	for _, line := range before {
		if !slices.Contains(after, line) {
			changes = append(changes, "- "+line)
		}
	}
	for _, line := range after {
		if !slices.Contains(before, line) {
			changes = append(changes, "+ "+line)
		}
	}
	for i := 0; len(changes) == 0; i++ {
		switch {
		case i == len(before) || i == len(after):
			changes = []string{fmt.Sprintf("%d lines have become %d", len(before), len(after))}
		case before[i] != after[i]:
			changes = []string{"- " + before[i], "+ " + after[i]}
		}
	}
	return strings.Join(changes, "\n")
}
