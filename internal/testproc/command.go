// SPDX-License-Identifier: MIT

//go:build unix || windows

package testproc

import (
	"os"
	"os/exec"
	"runtime"
)

// Command is a child of a child, which has no test to report to: this program again,
// sent to the child function of that name. What becomes of it is its parent's to
// look at.
func Command(name string, args ...string) *exec.Cmd {
	self := "/proc/self/exe" // an ordinary user may not follow the path; see becomeOrdinary
	if runtime.GOOS != "linux" {
		self = os.Args[0]
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", childVar+"="+name)
	return cmd
}
