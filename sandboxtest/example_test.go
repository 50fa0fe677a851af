// SPDX-License-Identifier: MIT

package sandboxtest_test

import (
	"os"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/sandboxtest"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// writing is O_WRONLY|O_RDWR|O_CREAT, by Linux's numbers on every system.
const writing = 0x43

// A program's own policy, a package variable of the program.
var policyIndex = sandbox.NewPolicy("index", sandbox.NewSeccompPolicyBuilder().
	AllowNothing().
	Allow("read", "pread64", "pwrite64", "fdatasync", "close").
	AllowIf("openat", seccomp.Arg32(2).Masked(writing, 0)))

// These would be tests in a file of the program, TestIndex and so on: each is given its
// own *testing.T by go test.
func Example() {
	_ = func(t *testing.T) { // TestIndexRuns: the code gets by with the policy
		name := t.TempDir() + "/index"
		sandboxtest.RunThread(t, policyIndex, func(t testing.TB) {
			if _, err := os.ReadFile(name); err == nil {
				t.Error("there is an index already")
			}
		})
	}
	_ = func(t *testing.T) { // TestIndexCannotWrite: and with no more than that
		sandboxtest.Refused(t, policyIndex, "openat", func() { os.Create("/tmp/index") })
	}
	_ = func(t *testing.T) { // TestIndexPolicy: what a review should see
		sandboxtest.Allows(t, policyIndex, "openat(AT_FDCWD, _, O_RDONLY|O_CLOEXEC)")
		sandboxtest.Refuses(t, policyIndex, "openat(_, _, O_RDWR)", "socket", "execve")
		sandboxtest.Golden(t, policyIndex, "testdata/index.txt")
	}
	_ = func(t *testing.T) { // TestIndexRuntime: this toolchain gets by with it too
		sandboxtest.Runtime(t, policyIndex)
	}
}

// The call's arguments are constants by name, as a report of a violation has them.
func ExampleAllows() {
	_ = func(t *testing.T) {
		sandboxtest.Allows(t, policyIndex, "read", "openat(AT_FDCWD, _, O_RDONLY)")
	}
}
