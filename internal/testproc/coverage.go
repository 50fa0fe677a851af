// SPDX-License-Identifier: MIT

//go:build unix || windows

package testproc

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/coverage"
	"syscall"
	"testing"
)

// counters is where a child of go test -cover writes what it ran, when it ends by itself.
// What children ran that a signal ends is not counted.
var counters *os.File

// openCounters opens counters in the directory GOCOVERDIR, which go test -cover makes: when
// the child ends it may be under a policy that permits no more files than it has open. An
// ordinary user may not write there.
func openCounters(m *testing.M) error {
	dir := os.Getenv("GOCOVERDIR")
	if testing.CoverMode() != "atomic" || dir == "" {
		return nil // package runtime/coverage writes the counters of no other mode
	}
	tmp, err := os.MkdirTemp(dir, "child")
	if errors.Is(err, fs.ErrPermission) {
		return nil
	} else if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := runNothing(m, "-test.gocoverdir="+tmp); err != nil {
		return err
	}
	made, err := filepath.Glob(filepath.Join(tmp, "covcounters.*"))
	if err != nil || len(made) != 1 {
		return fmt.Errorf("counters in %s: %v, %w", tmp, made, err)
	}
	name := filepath.Join(dir, filepath.Base(made[0]))
	if err := os.Rename(made[0], name); err != nil {
		return err
	}
	counters, err = os.OpenFile(name, os.O_WRONLY, 0)
	return err
}

// runNothing runs no tests with a flag, and says nothing. In a test binary there is no other
// way to make what WriteCounters needs, or to keep os.Exit from opening files.
func runNothing(m *testing.M, option string) error {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	if err := flag.CommandLine.Parse([]string{"-test.run=^$", option}); err != nil {
		return err
	}
	defer func(stdout, stderr *os.File) { os.Stdout, os.Stderr = stdout, stderr }(os.Stdout, os.Stderr)
	os.Stdout, os.Stderr = null, null
	if code := m.Run(); code != 0 {
		return fmt.Errorf("exit code %d of no tests", code)
	}
	return nil
}

// Exit ends a child.
func Exit(code int) {
	if counters != nil {
		if err := coverage.WriteCounters(counters); err != nil {
			fmt.Fprintln(os.Stderr, "child: coverage:", err)
		}
	}
	if testing.CoverMode() != "" {
		syscall.Exit(code) // os.Exit opens files, or says that it has none, if counters is nil
	}
	os.Exit(code)
}
