// SPDX-License-Identifier: MIT

//go:build !(linux && amd64)

package seccomp

import (
	"errors"
	"fmt"
	"runtime"
)

func unsupported(op string) error {
	return fmt.Errorf("seccomp: %s on %s/%s: %w", op, runtime.GOOS, runtime.GOARCH, errors.ErrUnsupported)
}

func setFilter(*Program, Flags) error { return unsupported(opSetFilter) }

func setStrict() error { return unsupported(opSetStrict) }

func notificationSizes() (Sizes, error) { return Sizes{}, unsupported(opNotifSizes) }

func setNoNewPrivs() error { return unsupported(opSetNoNewPrivs) }

func noNewPrivs() (bool, error) { return false, unsupported(opGetNoNewPrivs) }

func actionAvailable(Action) error { return unsupported(opActionAvailable) }

// errnoError returns nil: an errno of Linux means nothing to this system.
func errnoError(int) error { return nil }
