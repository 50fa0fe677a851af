// SPDX-License-Identifier: MIT

//go:build race

package needed

// raceEnabled: see runsHere.
const raceEnabled = true
