// SPDX-License-Identifier: MIT

package testproc

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// kernelVersion returns what uname(2) says.
func kernelVersion() (v Version, release string, err error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return v, "", err
	}
	release = unix.ByteSliceToString(u.Release[:])
	v, err = parseRelease(release)
	return v, release, err
}

// parseRelease reads the first two numbers of a release such as 6.1.0-18-amd64.
func parseRelease(release string) (Version, error) {
	var v Version
	if n, err := fmt.Sscanf(release, "%d.%d", &v.Major, &v.Minor); n != 2 {
		return v, fmt.Errorf("release %q: %w", release, err)
	}
	return v, nil
}
