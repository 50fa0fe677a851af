// SPDX-License-Identifier: MIT

//go:build !(linux && amd64)

package main

import "fmt"

func main() { fmt.Println("violations: linux/amd64 only") }
