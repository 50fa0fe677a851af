// SPDX-License-Identifier: MIT

//go:build !(linux && amd64)

package sandbox

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/syscall-sandbox/sandbox/learn"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Elsewhere only UnsafeActionOff works: everything that would ask the kernel is
// an error, never a success.

func supported() error {
	return fmt.Errorf("sandbox: %s/%s: %w", runtime.GOOS, runtime.GOARCH, errors.ErrUnsupported)
}

func warmUp() {}

func findSite(SyscallSandboxAction) (refusal, error) { return refusal{}, supported() }

func takeSIGSYS(Config, chain, refusal) (release func(), err error) { return func() {}, supported() }

func hooked() (bool, error) { return false, nil }

func addInstance(chain, string, bool) (uint16, error) { return 0, supported() }

func violations(SyscallSandboxAction) []Violation { return nil }

func learned() *learn.Recording { return &learn.Recording{} }

func removeInstance(uint16) {}

func installProcess(*seccomp.Program) error { return supported() }

func installThread(*seccomp.Program, string) error { return supported() }

func readThreads() ([]Thread, error) { return nil, supported() }

func threadID() int { return 0 }

func processID() int { return 0 }

func onMainThread() bool { return false }

func threadExists(int) bool { return false }

func callGetgroups() (executed bool, err error) { return false, supported() }
