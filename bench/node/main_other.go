// SPDX-License-Identifier: MIT

//go:build !(linux && amd64)

package main

import "fmt"

func main() { fmt.Println("node: linux/amd64 only") }
