// SPDX-License-Identifier: MIT

package nodeproc

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Module is the module that the node is in; the go command must be called inside it.
const Module = "github.com/syscall-sandbox/sandbox/examples/btcnode"

// Build builds the node into dir, without cgo: the Go program then makes all its system calls itself, whatever C library the
// machine has.
func Build(dir string) (string, error) {
	bin := filepath.Join(dir, "btcnode")
	cmd := exec.Command("go", "build", "-o", bin, Module)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return bin, nil
}

// BlockFile finds the real main-chain blocks that btcd ships for its own tests.
func BlockFile() (string, error) {
	cmd := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/btcsuite/btcd")
	cmd.Stderr = os.Stderr
	dir, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go list: %w", err)
	}
	path := filepath.Join(strings.TrimSpace(string(dir)), "blockchain", "testdata", "blk_0_to_14131.dat")
	_, err = os.Stat(path)
	return path, err
}
