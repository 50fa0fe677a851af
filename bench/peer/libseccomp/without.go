// SPDX-License-Identifier: MIT

//go:build !(cgo && libseccomp)

package main

import (
	"github.com/syscall-sandbox/sandbox/bench/policy"
	"github.com/syscall-sandbox/sandbox/bench/wire"
)

func prepare(*policy.Policy) (wire.Compile, error) {
	return nil, &policy.Inexpressible{Reason: "built without cgo and the tag libseccomp"}
}
