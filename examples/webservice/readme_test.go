// SPDX-License-Identifier: MIT

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The change that README.md shows is what is in the code, and without it there is a program that builds and has no sandbox.
func TestReadmeDiff(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, diff, _ := strings.Cut(string(readme), "```diff\n")
	diff, _, _ = strings.Cut(diff, "```")
	instead := make(map[string]string)                       // of the files that it changes, without the change
	for _, file := range strings.Split(diff, "--- a/")[1:] { // each begins with the file's name
		name, hunks, _ := strings.Cut(file, "\n")
		code, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := takeBack(string(code), hunks)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		instead[name] = plain
	}
	instead["sandbox.go"], instead["connect.go"] = "", ""
	for name, plain := range instead {
		if strings.Contains(plain, "syscall-sandbox") {
			t.Errorf("%s without the change still imports the library", name)
		}
	}
	build(t, instead)
}

// takeBack returns code without the changes of a unified diff.
func takeBack(code, diff string) (string, error) {
	for _, hunk := range strings.Split(diff, "\n@@")[1:] {
		_, lines, _ := strings.Cut(hunk, "\n")
		var before, after strings.Builder
		for line := range strings.Lines(strings.TrimSuffix(lines, "\n") + "\n") {
			if line[0] != '+' {
				before.WriteString(line[1:])
			}
			if line[0] != '-' {
				after.WriteString(line[1:])
			}
		}
		if n := strings.Count(code, after.String()); n != 1 {
			return "", fmt.Errorf("%d times in the code:\n%s", n, &after)
		}
		code = strings.Replace(code, after.String(), before.String(), 1)
	}
	return code, nil
}

// build builds the program with other contents of some files; "" is for a file that is not there.
func build(t *testing.T, instead map[string]string) {
	t.Helper()
	dir := t.TempDir()
	var overlay struct{ Replace map[string]string }
	overlay.Replace = make(map[string]string)
	for name, text := range instead {
		file, err := filepath.Abs(name)
		if err != nil {
			t.Fatal(err)
		}
		if overlay.Replace[file] = ""; text != "" {
			overlay.Replace[file] = filepath.Join(dir, name)
			if err := os.WriteFile(overlay.Replace[file], []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	text, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, text, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-overlay", list, "-o", filepath.Join(dir, "plain"), ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
