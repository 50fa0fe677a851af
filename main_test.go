// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

// children are the functions that tests of this package run in processes of their
// own; the files that hold them add them by name.
var children = map[string]func(){}

func TestMain(m *testing.M) { testproc.Main(m, children) }
