// SPDX-License-Identifier: MIT

//go:build (unix && !linux) || windows

package testproc

import (
	"fmt"
	"os/exec"
	"runtime"
)

func becomeOrdinary(*exec.Cmd) (func(), error) {
	return nil, fmt.Errorf("testproc: OrdinaryUser on %s", runtime.GOOS)
}
