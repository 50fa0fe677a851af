// SPDX-License-Identifier: MIT

// Package policies carries the policies that the benchmark measures by name.
package policies

import _ "embed"

// Net is 114 numbers without conditions: Bitcoin Core's former NET sandbox.
//
//go:embed net.json
var Net []byte

// Args is Net with conditions on the arguments of twelve of its calls.
//
//go:embed args.json
var Args []byte
