// SPDX-License-Identifier: MIT

//go:build !cgo

package sandbox

// warmUpC: there is no C library.
func warmUpC() {}
