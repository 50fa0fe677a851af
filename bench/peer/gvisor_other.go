// SPDX-License-Identifier: MIT

//go:build !linux

package peer

import (
	"github.com/syscall-sandbox/sandbox/bench/policy"
	"github.com/syscall-sandbox/sandbox/bench/wire"
)

// GVisor builds on Linux only: its package installs filters too.
func GVisor(*policy.Policy) (wire.Compile, error) {
	return nil, &policy.Inexpressible{Reason: "gvisor's compiler builds on Linux only"}
}
