// SPDX-License-Identifier: MIT

//go:build cgo

package sandboxtest

// With CGO_ENABLED=1 these tests are of a program whose threads are a C library's: nothing
// else here would make it one.
import _ "runtime/cgo"
