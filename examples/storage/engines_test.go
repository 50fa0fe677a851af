// SPDX-License-Identifier: MIT

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/sandboxtest"
)

func TestEngines(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			use(t, e, e.policy)
			if e.crash != nil {
				dir := sharedDir(t)
				step(t, e.policy, e.crash, dir)
				step(t, e.policy, e.reopen, dir)
			}
		})
	}
}

// TestPolicies shows in a review what a change lets each engine do.
func TestPolicies(t *testing.T) {
	for _, e := range engines {
		sandboxtest.Golden(t, e.policy, filepath.Join("testdata", e.policy.String()+".txt"))
	}
}

// use runs an engine's whole workload in a child under a policy.
func use(t testing.TB, e engine, p sandbox.SyscallSandboxPolicy) {
	t.Helper()
	dir := t.TempDir()
	if e.before != nil {
		if err := e.before(dir); err != nil {
			t.Fatal(err)
		}
	}
	step(t, p, e.use, dir)
}

// step runs one part of a workload in a child under a policy. When it returns the child
// ends, whatever is open then.
func step(t testing.TB, p sandbox.SyscallSandboxPolicy, f func(dir string) error, dir string) {
	t.Helper()
	sandboxtest.Run(t, p, func(t testing.TB) {
		if err := f(dir); err != nil {
			t.Error(err)
		}
	})
}

const dirVar = "STORAGE_TEST_DIR"

// sharedDir is a directory that is the same in the test and its children: what stands
// before a child's function is done in each process, and TempDir makes each its own.
func sharedDir(t *testing.T) string {
	if dir, ok := os.LookupEnv(dirVar); ok {
		return dir
	}
	dir := t.TempDir()
	t.Setenv(dirVar, dir)
	return dir
}

// A terminal is one, and something else is none.
func TestTerminal(t *testing.T) {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	// Fd makes a descriptor blocking where it is not, by fcntl(2).
	tty, plain := master.Fd(), file.Fd()
	sandboxtest.Run(t, policyTerminal, func(t testing.TB) {
		if is, _ := terminal(tty); !is {
			t.Error("a terminal is none")
		}
		if is, _ := terminal(plain); is {
			t.Error("a file is a terminal")
		}
	})
}
