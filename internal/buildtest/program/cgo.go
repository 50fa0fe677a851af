// SPDX-License-Identifier: MIT

//go:build cgo

package main

// A program with cgo has C's threads, C's signal set-up and the runtime's cgo
// signal trampolines.

// #include <stdlib.h>
import "C"

var _ = C.abs(0)
