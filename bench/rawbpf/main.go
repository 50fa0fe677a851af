// SPDX-License-Identifier: MIT

// Command rawbpf compiles the policy on stdin with this library; see package wire.
package main

import (
	"os"

	"github.com/syscall-sandbox/sandbox/bench/peer"
	"github.com/syscall-sandbox/sandbox/bench/wire"
)

func main() { os.Exit(wire.Main(peer.Sandbox)) }
