// SPDX-License-Identifier: MIT

//go:build !(linux && amd64)

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "broker: linux/amd64 only")
	os.Exit(1)
}
