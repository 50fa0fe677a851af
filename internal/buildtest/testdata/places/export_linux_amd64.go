// SPDX-License-Identifier: MIT

//go:build cgo

package main

import "C"

//export calledFromC
func calledFromC() { violate("callback", getgroups) }
