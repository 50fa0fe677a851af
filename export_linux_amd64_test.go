// SPDX-License-Identifier: MIT

package sandbox

// For tests that take SIGSYS over without a filter, or filter a thread without
// the package's knowledge.
var (
	HookSIGSYS  = hookSIGSYS
	AddInstance = addInstance
	GoOffMain   = goOffMain
)

const MaxInstances = maxInstances
