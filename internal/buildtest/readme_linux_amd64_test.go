// SPDX-License-Identifier: MIT

package buildtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

// The program on README's first screen can be pasted, is at most 25 lines long
// and ends as README says.
func TestReadmeProgram(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "```go\npackage main\n")
	source, rest, _ := strings.Cut(rest, "```")
	source = "package main\n" + source
	if lines := strings.Count(source, "\n"); lines > 25 {
		t.Errorf("%d lines", lines)
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "main")
	if err := os.WriteFile(program+".go", []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-o", program, program+".go")
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	r := testproc.Cmd{Executable: program}.Run(t).ExpectExit(t, 2)
	report, _, _ := strings.Cut(r.Stderr, "\n")
	if !strings.Contains(rest, report) || !strings.Contains(r.Stderr, "main.main.func1()") {
		t.Errorf("README does not say\n%s", r.Stderr)
	}
}
