// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/learn"
)

func same(t *testing.T, name string, a, b sandbox.SyscallSandboxPolicy, scope sandbox.Scope) {
	t.Helper()
	fa, err := a.Filter(scope, sandbox.ActionKillProcess)
	if err != nil {
		t.Fatal(err)
	}
	fb, err := b.Filter(scope, sandbox.ActionKillProcess)
	if err != nil {
		t.Fatal(err)
	}
	if d := compare(fa, fb); len(d.OnlyA)+len(d.OnlyB)+len(d.Undecided) > 0 {
		t.Errorf("%s: %+v", name, d)
	}
}

// A policy, its JSON, and the policy that is read of that permit the same.
func TestPolicyRoundTrip(t *testing.T) {
	for _, p := range sandbox.Policies() {
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		s, err := parse(text)
		if err != nil {
			t.Fatal(err)
		}
		same(t, p.String(), p, s.policy, sandbox.ScopeThread)
		if _, err := p.Filter(sandbox.ScopeProcess, sandbox.ActionKillProcess); err == nil {
			same(t, p.String(), p, s.policy, sandbox.ScopeProcess)
		}
	}
}

// The Go code of a recording, compiled and run, makes the policies that the recording's
// phases make.
func TestRecordingRoundTrip(t *testing.T) {
	r, err := readRecordings([]string{"../../learn/testdata/recording.json"})
	if err != nil {
		t.Fatal(err)
	}
	source, err := r.GoSource("main") // sees to nested phases by itself
	if err != nil {
		t.Fatal(err)
	}
	compiled := runPolicies(t, source)
	r = r.Nested()
	if len(r.Phases) == 0 || len(r.Phases) != len(compiled) {
		t.Fatalf("%d phases, %d policies", len(r.Phases), len(compiled))
	}
	for i, p := range r.Phases {
		scope := sandbox.ScopeProcess // where the Go runtime's share is larger
		if p.Thread {
			scope = sandbox.ScopeThread
		}
		same(t, phaseName(p), policyOf(t, p, compiled[i].String()), compiled[i], scope)
	}
}

func policyOf(t *testing.T, p learn.Phase, name string) (policy sandbox.SyscallSandboxPolicy) {
	t.Helper()
	text, err := p.PolicyJSON(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &policy); err != nil {
		t.Fatal(err)
	}
	return policy
}

// runPolicies compiles the source, as a package of this module that is in no directory, with
// a main function that prints its policies.
func runPolicies(t *testing.T, source []byte) (policies []sandbox.SyscallSandboxPolicy) {
	t.Helper()
	main := bytes.NewBufferString("package main\n\nimport (\n\t\"encoding/json\"\n\t\"os\"\n)\n\nfunc main() {\n\te := json.NewEncoder(os.Stdout)\n")
	for _, v := range regexp.MustCompile(`(?m)^var (\w+) = sandbox\.NewPolicy`).FindAllSubmatch(source, -1) {
		fmt.Fprintf(main, "\tif err := e.Encode(%s); err != nil {\n\t\tpanic(err)\n\t}\n", v[1])
	}
	main.WriteString("}\n")
	dir := t.TempDir()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	replace := make(map[string]string)
	for name, text := range map[string][]byte{"policies.go": source, "main.go": main.Bytes()} {
		replace[filepath.Join(here, "roundtrip", name)] = filepath.Join(dir, name)
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	run := exec.Command("go", "run", "-overlay", file, "./roundtrip")
	run.Stderr = os.Stderr
	out, err := run.Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p sandbox.SyscallSandboxPolicy
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		policies = append(policies, p)
	}
	return policies
}
