// SPDX-License-Identifier: MIT

//go:build !(linux && amd64)

package sandbox

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Elsewhere only UnsafeActionOff works: everything that would ask the kernel is
// an error, never a success.

func supported() error {
	return fmt.Errorf("sandbox: %s/%s: %w", runtime.GOOS, runtime.GOARCH, errors.ErrUnsupported)
}

func warmUp() {}

func hookSIGSYS() (release func(), err error) { return nil, supported() }

func addInstance(policy, thread string) (uint16, error) { return 0, supported() }

func removeInstance(uint16) {}

func installProcess(*seccomp.Program) error { return supported() }

func installThread(*seccomp.Program, string) error { return supported() }

func readThreads() ([]Thread, error) { return nil, supported() }

func threadID() int { return 0 }

func processID() int { return 0 }

func onMainThread() bool { return false }

func threadExists(int) bool { return false }

func callGetgroups() (executed bool, err error) { return false, supported() }
