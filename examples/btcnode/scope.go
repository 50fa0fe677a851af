// SPDX-License-Identifier: MIT

package main

import "github.com/syscall-sandbox/sandbox"

// scopeProcess is the value of --sandbox-scope for a node whose roles are ordinary goroutines: the process policy is in force,
// which is the boundary, and no role is narrowed further. ../../bench/node compares the two.
const scopeProcess = "process"

// launch starts fn under p, or as a go statement does if roles have no threads of their own.
func (r *roles) launch(p sandbox.SyscallSandboxPolicy, name string, fn func()) error {
	if r.scope == scopeProcess {
		go fn()
		return nil
	}
	return sandbox.Go(p, name, fn)
}
