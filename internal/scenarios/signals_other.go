// SPDX-License-Identifier: MIT

//go:build !linux

package scenarios

// signals to a thread are Linux's.
func signals() []Scenario { return nil }
