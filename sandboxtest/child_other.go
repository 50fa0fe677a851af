// SPDX-License-Identifier: MIT

//go:build !linux

package sandboxtest

// noCore: elsewhere no child gets as far.
func noCore() {}
