// SPDX-License-Identifier: MIT

//go:build race

package seccomp_test

const raceEnabled = true
