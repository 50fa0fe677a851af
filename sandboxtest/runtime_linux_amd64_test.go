// SPDX-License-Identifier: MIT

package sandboxtest_test

import (
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/sandboxtest"
)

// Every built-in policy lets the runtime live, and so does one that allows nothing else.
func TestRuntime(t *testing.T) {
	sandboxtest.Runtime(t, append(sandbox.Policies(), sandbox.NewPolicy("nothing", forRuntime(nothing())))...)
}

// A policy that fits only threads is tried on threads only.
func TestRuntimeOnThreadsOnly(t *testing.T) {
	sandboxtest.Runtime(t, sandbox.NewPolicy("thread only", nothing().Deny("clone")))
}

// forRuntime adds to a policy for the whole process what C libraries need in a -race build:
// on the ninth thread or so that takes memory, glibc counts the processors (malloc/arena.c
// arena_get2 reads /sys/devices/system/cpu/online), while all signals are blocked.
func forRuntime(b *sandbox.SeccompPolicyBuilder) *sandbox.SeccompPolicyBuilder {
	if raceEnabled {
		b.Allow("openat", "read", "close")
	}
	return b
}
