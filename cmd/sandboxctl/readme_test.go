// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestREADME runs the commands in README.md's blocks of the kind "console", one after the
// other in one directory, and looks for the output below each; "..." stands for any lines,
// and at the end of one for the rest of it. Numbers and widths of columns may be others:
// they change with every policy. "# exit status N" is no comment.
func TestREADME(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	policy, err := exec.Command("writepolicy").Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "index.json"), policy, 0o600); err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^```console\n(.*?)^```$").FindAllSubmatch(text, -1)
	if len(blocks) == 0 {
		t.Fatal("no examples")
	}
	for _, b := range blocks {
		for example := range strings.SplitSeq(strings.TrimPrefix(string(b[1]), "$ "), "\n$ ") {
			command, want, _ := strings.Cut(example, "\n")
			runExample(t, dir, command, want)
		}
	}
}

func runExample(t *testing.T, dir, command, want string) {
	t.Helper()
	status := 0
	if _, text, ok := strings.Cut(command, "# exit status "); ok {
		fmt.Sscan(text, &status)
	}
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != status {
		t.Errorf("%s: exit status %d, not %d\n%s", command, got, status, out)
	}
	if !pattern(want).Match(out) {
		t.Errorf("%s: the output is not what README.md says\n%s", command, out)
	}
}

func pattern(want string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("^")
	for line := range strings.Lines(want) {
		line = strings.TrimSuffix(line, "\n")
		start, elided := strings.CutSuffix(line, "...")
		start = regexp.MustCompile(` *[0-9]+`).ReplaceAllString(regexp.QuoteMeta(start), ` *[0-9]+`)
		switch start = regexp.MustCompile(` {2,}`).ReplaceAllString(start, ` {2,}`); {
		case line == "...":
			b.WriteString(`(?:.*\n)*`)
		case elided:
			b.WriteString(start + `.*\n`)
		default:
			b.WriteString(start + `\n`)
		}
	}
	b.WriteString("$")
	return regexp.MustCompile(b.String())
}
