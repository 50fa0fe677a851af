// SPDX-License-Identifier: MIT

//go:build cgo

package needed

// cgoEnabled: see runsHere.
const cgoEnabled = true
