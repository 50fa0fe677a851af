// SPDX-License-Identifier: MIT

package main

import (
	"os"
	"testing"
)

// The test binary is the measuring child too.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "measure" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// Every action is measured: its refused calls were violations.
func TestRun(t *testing.T) {
	if err := run(); err != nil {
		t.Fatal(err)
	}
}
