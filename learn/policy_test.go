// SPDX-License-Identifier: MIT

package learn_test

import (
	"os"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/learn"
)

// What is learned is a policy that the root package takes, in the scope of its phase,
// and it has nothing too little or too much.
func TestPolicyJSONIsPolicy(t *testing.T) {
	data, err := os.ReadFile("testdata/recording.json")
	if err != nil {
		t.Fatal(err)
	}
	r, err := learn.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range r.Nested().Phases {
		name := p.Policies[len(p.Policies)-1]
		form, err := p.PolicyJSON(name)
		if err != nil {
			t.Fatal(err)
		}
		var policy sandbox.SyscallSandboxPolicy
		if err := policy.UnmarshalJSON(form); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, form)
		}
		scope := sandbox.ScopeProcess
		if p.Thread {
			scope = sandbox.ScopeThread
		}
		filter, err := policy.Filter(scope, sandbox.ActionKillProcess)
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, form)
		}
		d := p.Compare(filter.ForPID(1))
		for _, c := range d.Missing {
			if c.Name() != "rt_tgsigqueueinfo" { // no policy may allow it
				t.Errorf("%s: %s is missing", name, c)
			}
		}
		if len(d.Unused)+len(d.Wider) > 0 {
			t.Errorf("%s: %s", name, d)
		}
	}
}
