// SPDX-License-Identifier: MIT

package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/load"
	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/vet"
)

// TestExamples vets the examples as CI of their own would: nothing fails but what is listed,
// and every comment in them ignores something.
func TestExamples(t *testing.T) {
	for example, want := range map[string][]string{"webserver": nil, "daemon": {
		"ending connect", // package syslog connects anew when the syslog daemon was restarted
		"ending socket",
		"serving openat", // a large form that is sent to /debug/pprof/profile goes to a file
	}} {
		p, err := load.Load(load.Options{Dir: "../../examples/" + example, Patterns: []string{"."}})
		must(t, err)
		r := vet.New(p, "../..").Report(p.Mains[0])
		if got := failing(r); !slices.Equal(got, want) || len(got) != r.Failures() || len(r.Useless) > 0 {
			t.Errorf("%s: %q, want %q; useless: %q", r.Program, got, want, r.Useless)
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
