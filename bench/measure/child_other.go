// SPDX-License-Identifier: MIT

//go:build !(linux && amd64)

package measure

import (
	"errors"
	"fmt"
)

// Child measures on linux/amd64 only.
func Child() error {
	return fmt.Errorf("kernel times: %w", errors.ErrUnsupported)
}
