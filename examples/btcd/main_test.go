// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// built is where the daemon is built that all tests run.
var built struct {
	dir     string
	once    sync.Once
	program string
	err     error
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "btcd-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	built.dir = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// daemon is the daemon, made as the README says.
func daemon(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		source := filepath.Join(built.dir, "source")
		built.program = filepath.Join(built.dir, "btcd")
		if built.err = checkout(source); built.err == nil {
			built.err = build(source, built.program)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.program
}

func build(source, program string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-o", program, ".")
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return errors.Join(err, errors.New(string(out)))
	}
	return nil
}
