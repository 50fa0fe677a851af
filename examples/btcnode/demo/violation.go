// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/nodeproc"
)

const violationTimeout = time.Minute

// violation asks a node to do what its sandbox forbids, and succeeds if the node died of it as it should.
func violation() error {
	return inTempDir(func(dir string) error {
		bin, err := nodeproc.Build(dir)
		if err != nil {
			return err
		}
		node, err := nodeproc.Start(exec.Command(bin, "--sandbox=log-and-abort"), filepath.Join(dir, "node"), violationTimeout)
		if err != nil {
			return err
		}
		defer node.Kill()
		fmt.Println("asking the node for invokedisallowedsyscall; its standard error:")
		if err := node.RPC.Call(nil, "invokedisallowedsyscall"); err == nil {
			return errors.New("the node answered: the call was not refused")
		}
		state, err := node.Wait(violationTimeout)
		if err != nil {
			return err
		}
		fmt.Fprintln(os.Stderr, abridge(node.Stderr()))
		if err := nodeproc.CheckReport(state, node.Stderr()); err != nil {
			return err
		}
		fmt.Printf("violation: the node was ended by its sandbox: %s\n", state)
		return nil
	})
}

// abridge keeps the report and the goroutine that made the call; Go's trace goes on with all other goroutines.
func abridge(stderr string) string {
	report, rest, _ := strings.Cut(stderr, "\n\n")
	caller, rest, _ := strings.Cut(rest, "\n\n")
	return fmt.Sprintf("%s\n\n%s\n\n[%d more lines: the other goroutines and the registers]\n", report, caller, strings.Count(rest, "\n"))
}
