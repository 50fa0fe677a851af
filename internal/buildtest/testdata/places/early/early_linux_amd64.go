// SPDX-License-Identifier: MIT

// Package early sets up the sandbox while package variables are initialised, so that
// every init of the program's main package runs in it.
package early

import (
	"os"

	"github.com/syscall-sandbox/sandbox"
)

// Err is what setup answered. The program's first argument is the action, the second
// the first place of violation.
var Err = setUp(os.Args)

// Delivered has what Config.OnViolation was called with.
var Delivered = make(chan sandbox.Violation, 256)

// executes lets programs be executed, but not in a process group of their own.
var executes = sandbox.NewPolicy("executes", sandbox.PolicyInitialization.Builder().Allow("execve", "set_tid_address"))

func setUp(args []string) error {
	c := sandbox.Config{OnViolation: func(v sandbox.Violation) { Delivered <- v }}
	if err := c.Action.UnmarshalText([]byte(args[1])); err != nil {
		return err
	}
	if args[2] == "exec" {
		c.Initial = executes
	}
	return sandbox.SetupSyscallSandbox(c)
}
