// SPDX-License-Identifier: MIT

//go:build !(linux && amd64)

package main

// The guest is linux/amd64.

func beInit()  {}
func work()    {}
func measure() {}
