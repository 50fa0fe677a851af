// SPDX-License-Identifier: MIT

//go:build !cgo

package scenarios_test

import "github.com/syscall-sandbox/sandbox/seccomp"

// cLibrary: there is none.
var cLibrary []seccomp.Rule
