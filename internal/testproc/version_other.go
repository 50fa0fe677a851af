// SPDX-License-Identifier: MIT

//go:build (unix && !linux) || windows

package testproc

import "runtime"

// kernelVersion returns a version older than every feature: another system has none.
func kernelVersion() (Version, string, error) {
	return Version{}, runtime.GOOS, nil
}
