// SPDX-License-Identifier: MIT

//go:build race

package bpfgen

// Under the race detector, which slows this package ten times and finds nothing in
// code without goroutines.
const defaultPrograms = 300
