// SPDX-License-Identifier: MIT

//go:build !linux

package stdops

// linux: elsewhere there are none of these.
func linux() []Op { return nil }
