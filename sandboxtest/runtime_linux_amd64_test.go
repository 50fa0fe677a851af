// SPDX-License-Identifier: MIT

package sandboxtest_test

import (
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/sandboxtest"
)

// Every built-in policy lets the runtime live, and so does one that allows nothing else.
func TestRuntime(t *testing.T) {
	sandboxtest.Runtime(t, append(sandbox.Policies(), sandbox.NewPolicy("nothing", nothing()))...)
}

// A policy that fits only threads is tried on threads only.
func TestRuntimeOnThreadsOnly(t *testing.T) {
	sandboxtest.Runtime(t, sandbox.NewPolicy("thread only", nothing().Deny("clone")))
}
