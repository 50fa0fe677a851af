// SPDX-License-Identifier: MIT

package main

import (
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/load"
)

// TestBtcd: what btcd's daemon costs. Its module is the one that btcnode requires.
func TestBtcd(t *testing.T) {
	dir := strings.TrimSpace(goCommand(t, "../../examples/btcnode", "list", "-m", "-f", "{{.Dir}}", "github.com/btcsuite/btcd"))
	a := analyse(t, load.Options{Dir: dir, Patterns: []string{"."}})
	if _, ok := a.Programs["btcd"]; !ok {
		t.Errorf("%v", a.Programs)
	}
	a.affordable(t)
}
