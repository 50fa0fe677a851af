// SPDX-License-Identifier: MIT

package main

import (
	"os"
	"strings"
	"testing"
)

// TestReadme holds the README against the files that it shows.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	must(t, err)
	patch, err := os.ReadFile("btcd.patch")
	must(t, err)
	if !strings.Contains(string(readme), "```diff\n"+string(patch)+"```\n") {
		t.Error("README.md has not btcd.patch as it is")
	}
	source, err := os.ReadFile("daemon/main.go")
	must(t, err)
	_, code, _ := strings.Cut(string(source), "\n)\n\n") // after the imports
	if !strings.Contains(string(readme), "```go\n"+code+"```\n") {
		t.Error("README.md has not daemon/main.go as it is")
	}
}

// TestFifteenLines counts what the sandbox takes in a program: every line of code in daemon/main.go.
func TestFifteenLines(t *testing.T) {
	source, err := os.ReadFile("daemon/main.go")
	must(t, err)
	_, code, found := strings.Cut(string(source), "\n)\n") // after the imports
	n := 0
	for line := range strings.Lines(code) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			n++
		}
	}
	if !found || n == 0 || n > 15 {
		t.Errorf("%d lines of code", n)
	}
}
