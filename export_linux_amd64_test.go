// SPDX-License-Identifier: MIT

package sandbox

// For tests that take SIGSYS over without a filter, or filter a thread without
// the package's knowledge.
var (
	HookSIGSYS = hookSIGSYS
	GoOffMain  = goOffMain
)

// AddInstance is an instance of no filter.
func AddInstance(p SyscallSandboxPolicy, thread string) (uint16, error) {
	return addInstance(chain{}.then(p, ScopeProcess), thread, false)
}

const MaxInstances = maxInstances
