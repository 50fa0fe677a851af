// SPDX-License-Identifier: MIT

package main

import (
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

func TestMain(m *testing.M) {
	testproc.Main(m, map[string]func(){"tracer": tracer, "analyst": analyst})
}
