// SPDX-License-Identifier: MIT

package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/load"
	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/vet"
)

// TestExamples vets the examples as CI of their own would: nothing fails, and every comment in
// them ignores something.
func TestExamples(t *testing.T) {
	for _, example := range []string{"webserver", "daemon", "btcnode"} {
		p, err := load.Load(load.Options{Dir: "../../examples/" + example, Patterns: []string{"."}})
		must(t, err)
		r := vet.New(p, "../..").Report(p.Mains[0])
		if r.Failures() > 0 || len(r.Useless) > 0 {
			t.Errorf("%s: %q; useless: %q", r.Program, failing(r), r.Useless)
		}
	}
}

func failing(r *vet.Report) (list []string) {
	for _, role := range r.Roles {
		for _, f := range role.Findings {
			if f.Kind == vet.Refused && f.Ignored == "" {
				list = append(list, f.Policy+" "+f.Call.Syscall)
			}
		}
		if role.Strange > 0 {
			list = append(list, role.Where+" policy")
		}
	}
	slices.Sort(list)
	return list
}

// TestTranslated looks at code that ccgo made of C, SQLite's, which keeps functions as numbers:
// each commit makes these calls.
func TestTranslated(t *testing.T) {
	p, err := load.Load(load.Options{Dir: "../../examples/webservice", Patterns: []string{"."}})
	must(t, err)
	r := vet.New(p, "../..").Report(p.Mains[0])
	checked := 0
	for _, role := range r.Roles {
		if !slices.Contains(role.Policies, "serving") && !slices.Contains(role.Policies, "ending") {
			continue
		}
		checked++
		for _, call := range []string{"pwrite64", "pread64", "ftruncate", "fsync", "unlink"} {
			if !slices.Contains(role.Syscalls(), call) {
				t.Errorf("%s: %s is not reachable", role.Where, call)
			}
		}
		if !slices.ContainsFunc(role.Calls, func(c vet.Call) bool { return strings.HasPrefix(c.Text, "fcntl(_, F_SETLK, _)") }) {
			t.Errorf("%s: no locks", role.Where)
		}
	}
	if checked != 2 {
		t.Errorf("%d roles of the web service", checked)
	}
}
