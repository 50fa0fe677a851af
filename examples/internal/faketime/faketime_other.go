// SPDX-License-Identifier: MIT

//go:build !(linux && amd64)

package faketime

import (
	"errors"
	"time"
)

// Run is for linux on amd64.
func Run(<-chan time.Duration, func(), string, ...string) (int, error) {
	return 0, errors.ErrUnsupported
}
