// SPDX-License-Identifier: MIT

// Command libseccomp compiles the policy on stdin with libseccomp, optimisation
// level 2 (binary tree); see package wire. It needs cgo, libseccomp's headers and the
// build tag libseccomp; without them it says so and has no words for any policy.
package main

import (
	"os"

	"github.com/syscall-sandbox/sandbox/bench/wire"
)

func main() { os.Exit(wire.Main(prepare)) }
