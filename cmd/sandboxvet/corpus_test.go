// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/load"
	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/vet"
)

// A corpus is the programs of testdata/corpus, written into one module.
type corpus struct {
	dir   string
	files map[string]*txtar.Archive // by the program's name
}

const corpusModule = `module corpus

go 1.26.0

require (
	github.com/syscall-sandbox/sandbox v0.0.0
	golang.org/x/sync v0.24.0
)

require (
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/syscall-sandbox/sandbox => %s
`

func writeCorpus(t *testing.T) corpus {
	t.Helper()
	c := corpus{t.TempDir(), make(map[string]*txtar.Archive)}
	root, err := filepath.Abs("../..")
	must(t, err)
	sums, err := os.ReadFile("go.sum")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(c.dir, "go.mod"), fmt.Appendf(nil, corpusModule, root), 0o600))
	must(t, os.WriteFile(filepath.Join(c.dir, "go.sum"), sums, 0o600))
	archives, err := filepath.Glob("testdata/corpus/*.txtar")
	must(t, err)
	for _, file := range archives {
		archive, err := txtar.ParseFile(file)
		must(t, err)
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		c.files[name] = archive
		must(t, os.Mkdir(filepath.Join(c.dir, name), 0o700))
		for _, f := range archive.Files {
			if !strings.HasPrefix(f.Name, "want") {
				must(t, os.WriteFile(filepath.Join(c.dir, name, f.Name), f.Data, 0o600))
			}
		}
	}
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// want is what an archive expects: the lines of one of its files.
func (c corpus) want(program, file string) (lines []string) {
	for _, f := range c.files[program].Files {
		if f.Name == file {
			lines = strings.Split(strings.TrimSpace(string(f.Data)), "\n")
		}
	}
	return lines
}

// TestCorpus analyses all programs of the corpus, which are loaded together.
func TestCorpus(t *testing.T) {
	c := writeCorpus(t)
	checked := c.check(t, load.Options{Patterns: []string{"./..."}}, "want")
	if checked != len(c.files) || checked == 0 {
		t.Errorf("%d programs checked of %d", checked, len(c.files))
	}
}

func TestBuildTags(t *testing.T) {
	writeCorpus(t).check(t, load.Options{Patterns: []string{"./tags"}, Tags: []string{"more"}}, "want.more")
}

func TestCgo(t *testing.T) {
	writeCorpus(t).check(t, load.Options{Patterns: []string{"./cgo"}, CGO: true}, "want.cgo")
}

func (c corpus) check(t *testing.T, o load.Options, want string) (checked int) {
	t.Helper()
	o.Dir = c.dir
	p, err := load.Load(o)
	must(t, err)
	v := vet.New(p, c.dir)
	for _, main := range p.Mains {
		program := filepath.Base(main.Pkg.Path())
		lines := c.want(program, want)
		if len(lines) == 0 {
			t.Errorf("%s has no %s", program, want)
		}
		checked++
		t.Run(program, func(t *testing.T) {
			e := expecter{t, v.Report(main)}
			for _, line := range lines {
				e.line(line)
			}
		})
	}
	return checked
}

// An expecter holds a report against lines such as "sandbox.Go net own: refused openat".
type expecter struct {
	t *testing.T
	r *vet.Report
}

func (e expecter) line(line string) {
	var n int
	if _, err := fmt.Sscanf(line, "failures %d", &n); err == nil {
		e.count(line, n, e.r.Failures())
		return
	}
	if _, err := fmt.Sscanf(line, "ignored %d", &n); err == nil {
		e.count(line, n, e.r.Ignored)
		return
	}
	if useless, ok := strings.CutPrefix(line, "useless "); ok {
		if !slices.Contains(e.r.Useless, useless) {
			e.t.Errorf("%s: not among %q", line, e.r.Useless)
		}
		return
	}
	place, rest, _ := strings.Cut(line, ": ")
	verb, what, _ := strings.Cut(rest, " ")
	found := false
	for _, role := range e.r.Roles {
		name := strings.Join(strings.Fields(role.Call+" "+role.Name+" "+strings.Join(role.Policies, "|")), " ")
		if name == strings.TrimSpace(place) {
			found = true
			if !holds(role, verb, what) {
				e.t.Errorf("%s: not so; reachable are %v; %v; not known: %v", line, role.Syscalls(), role.Findings, role.Unknown)
			}
		}
	}
	if !found {
		e.t.Errorf("%s: no such place", line)
	}
}

func (e expecter) count(line string, want, got int) {
	if want != got {
		e.t.Errorf("%s: got %d", line, got)
	}
}

// holds reports whether a role is as a line says.
func holds(role vet.Role, verb, what string) bool {
	reachable := false
	for _, call := range role.Syscalls() {
		reachable = reachable || call == what
	}
	kinds := make(map[string]bool)
	for _, f := range role.Findings {
		if f.Call.Syscall == what {
			kinds[f.Kind] = true
			kinds["ignored"] = kinds["ignored"] || f.Ignored != ""
		}
	}
	switch verb {
	case "reachable":
		return reachable
	case "unreachable":
		return !reachable
	case "permitted":
		return reachable && len(kinds) == 0
	case "refused":
		return kinds[vet.Refused] && !kinds["ignored"]
	case "partly":
		return kinds[vet.Partly] && !kinds[vet.Refused]
	case "ignored":
		return kinds["ignored"]
	case "with":
		return slices.ContainsFunc(role.Calls, func(c vet.Call) bool { return strings.HasPrefix(c.Text, what) })
	case "without":
		return len(role.Calls) > 0 && !holds(role, "with", what)
	case "when":
		return slices.ContainsFunc(role.Findings, func(f vet.Finding) bool {
			return slices.Contains(f.When, what)
		})
	case "path":
		call, step, _ := strings.Cut(what, " ")
		return slices.ContainsFunc(role.Calls, func(c vet.Call) bool {
			return c.Syscall == call && strings.Contains(strings.Join(c.Path, "\n"), step)
		})
	case "escapes":
		return strings.Contains(strings.Join(role.Escapes, "\n"), what)
	case "unknown":
		return strings.Contains(strings.Join(role.Unknown, "\n"), what)
	}
	return false
}
