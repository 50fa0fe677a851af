// SPDX-License-Identifier: MIT

// Command policies makes a file for --policies out of what runs of btcnode with --learned recorded.
package main

import (
	"fmt"
	"os"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/policyfile"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: policies OUT RECORDING...")
		os.Exit(2)
	}
	policies, err := policyfile.Learn(os.Args[2:]...)
	if err == nil {
		err = policyfile.Write(os.Args[1], policies)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "policies:", err)
		os.Exit(1)
	}
}
