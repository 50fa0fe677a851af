// SPDX-License-Identifier: MIT

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/load"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

// What -gen writes is put into programs, which are built and run under it.

// generated is a package main with policies that were generated, as files in place of its own.
type generated struct {
	dir   string
	files map[string][]byte
	vars  []string
}

func generate(dir string) *generated { return &generated{dir: dir, files: make(map[string][]byte)} }

// policy has a role's policy generated and returns the name of the variable that holds it.
func (g *generated) policy(role *judged) string {
	name := fmt.Sprintf("generated%d", len(g.vars))
	comment, expression, _ := strings.Cut(role.Source, "\n")
	g.vars = append(g.vars, fmt.Sprintf("%s\nvar %s = %s", comment, name, expression))
	return name
}

// replace replaces all that a pattern matches in a file.
func (g *generated) replace(t *testing.T, file, pattern string, by func(match []string) string) {
	t.Helper()
	path := filepath.Join(g.dir, file)
	if g.files[path] == nil {
		text, err := os.ReadFile(path)
		must(t, err)
		g.files[path] = text
	}
	re := regexp.MustCompile(pattern)
	if !re.Match(g.files[path]) {
		t.Fatalf("%s has no %s", file, pattern)
	}
	g.files[path] = re.ReplaceAllFunc(g.files[path], func(b []byte) []byte { return []byte(by(re.FindStringSubmatch(string(b)))) })
}

// overlay is all files, with one for the variables.
func (g *generated) overlay() map[string][]byte {
	text := "package main\n\nimport (\n\t\"github.com/syscall-sandbox/sandbox\"\n\t\"github.com/syscall-sandbox/sandbox/seccomp\"\n)\n\n" +
		strings.Join(g.vars, "\n") + "\nvar _ = seccomp.Arg32\n"
	g.files[filepath.Join(g.dir, "generated.go")] = []byte(text)
	return g.files
}

// build builds the program.
func (g *generated) build(t *testing.T) string {
	t.Helper()
	dir, replace := t.TempDir(), make(map[string]string)
	for path, text := range g.overlay() {
		replace[path] = filepath.Join(dir, filepath.Base(path))
		must(t, os.WriteFile(replace[path], text, 0o600))
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	must(t, err)
	file := filepath.Join(dir, "overlay.json")
	must(t, os.WriteFile(file, text, 0o600))
	return build(t, g.dir, ".", "-overlay="+file)
}

// check analyses the program: nothing that it can reach is refused by what was generated.
func (g *generated) check(t *testing.T) {
	t.Helper()
	a := analyse(t, load.Options{Dir: g.dir, Patterns: []string{"."}, Overlay: g.overlay()})
	for _, roles := range a.Programs {
		for _, role := range roles {
			if len(role.Findings) > 0 || len(role.Policies) != 1 {
				t.Errorf("%s %s: %+v", role.Call, role.Policies, role.Findings)
			}
		}
	}
}

// checkServerGenerated has the web server run under what is generated for it.
func checkServerGenerated(t *testing.T, roles []judged) {
	t.Helper()
	dir, err := filepath.Abs("../../examples/webserver")
	must(t, err)
	g := generate(dir)
	var names []string
	for _, policy := range []string{"initialization", "serving", "shutoff"} {
		names = append(names, g.policy(of(t, roles, policy)))
	}
	g.replace(t, "main.go", `\{serving\}`, func([]string) string { return "{" + names[1] + "}, Initial: " + names[0] })
	g.replace(t, "main.go", `SetProcessPolicy\(serving\)`, func([]string) string { return "SetProcessPolicy(" + names[1] + ")" })
	g.replace(t, "main.go", `SetProcessPolicy\(sandbox.PolicyShutoff\)`, func([]string) string { return "SetProcessPolicy(" + names[2] + ")" })
	runWebserver(t, g.build(t))
	g.check(t)
}

// checkNodeGenerated has nodes run under what is generated for them.
func checkNodeGenerated(t *testing.T, dir string, roles []judged) {
	t.Helper()
	g := generate(dir)
	initial, steady := g.policy(of(t, roles, "initialization")), g.policy(of(t, roles, "steady"))
	g.replace(t, "sandbox.go", `sandbox\.PolicyInitialization\)`, func([]string) string { return initial + ")" })
	g.replace(t, "sandbox.go", `files\.policy\(policySteady\)`, func([]string) string { return "files.policy(" + steady + ")" })
	g.replace(t, "node.go", `files\.policy\(policySteady\)`, func([]string) string { return "files.policy(" + steady + ")" })
	put := 2
	g.replace(t, "node.go", `roles\.start\([\w.]+, ((?:fmt\.Sprintf\()?"([\w.%]+)")`, func(match []string) string {
		i := slices.IndexFunc(roles, func(r judged) bool { return r.Name == match[2] })
		if i < 0 {
			t.Fatalf("no role %s", match[2])
		}
		put++
		return "roles.start(" + g.policy(&roles[i]) + ", " + match[1]
	})
	if put != len(roles) {
		t.Errorf("policies of %d roles were put into the node, of %d", put, len(roles))
	}
	(&nodes{program: g.build(t), action: "abort", blocks: liveBlocks}).run(t)
}

// TestGenerated has a program of the corpus, which its own policies kill, run to its end.
func TestGenerated(t *testing.T) {
	dir := filepath.Join(writeCorpus(t).dir, "process")
	testproc.Cmd{Executable: build(t, dir, ".")}.Run(t).ExpectSignal(t, syscall.SIGSYS)
	roles := analyse(t, load.Options{Dir: dir, Patterns: []string{"."}}).Programs["process"]
	g := generate(dir)
	for call, pattern := range map[string]string{
		"sandbox.SetupSyscallSandbox": `()(sandbox\.Config\{)(\})`,
		"sandbox.SetProcessPolicy":    `(SetProcessPolicy\()sandbox\.\w+()(\))`,
		"sandbox.Go":                  `(sandbox\.Go\()sandbox\.\w+()(,)`,
	} {
		i := slices.IndexFunc(roles, func(r judged) bool { return r.Call == call })
		if i < 0 {
			t.Fatalf("no %s", call)
		}
		name := g.policy(&roles[i])
		if call == "sandbox.SetupSyscallSandbox" {
			name = "Initial: " + name
		}
		g.replace(t, "main.go", pattern, func(match []string) string { return match[1] + match[2] + name + match[3] })
	}
	testproc.Cmd{Executable: g.build(t)}.Run(t).ExpectExit(t, 0)
	g.check(t)
}
