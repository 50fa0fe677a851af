// SPDX-License-Identifier: MIT

//go:build race

package main

// raceEnabled: the detector takes several times the processor time and memory.
const raceEnabled = true
