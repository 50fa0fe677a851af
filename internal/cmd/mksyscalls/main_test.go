// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The committed files are what the generator writes for the x/sys of go.mod.
func TestGenerated(t *testing.T) {
	mod, err := findModule()
	if err != nil {
		t.Fatal(err)
	}
	tables, test, err := generate(mod)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]byte{"zsysno.go": tables, "zsysno_linux_amd64_test.go": test} {
		got, err := os.ReadFile(filepath.Join("..", "..", "sysno", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("internal/sysno/%s is not what %s %s gives: run go generate ./internal/sysno", name, input, mod.Version)
		}
	}
}

func TestCamelCase(t *testing.T) {
	for name, want := range map[string]string{"read": "Read", "rt_sigreturn": "RtSigreturn", "_sysctl": "Sysctl", "io_uring_setup": "IoUringSetup"} {
		if got := camelCase(name); got != want {
			t.Errorf("camelCase(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestUnique(t *testing.T) {
	if err := unique("system call", []constant{{"SYS_A", 1}, {"SYS_B", 1}}); err == nil {
		t.Error("two names of a number were taken")
	}
}
