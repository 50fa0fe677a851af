// SPDX-License-Identifier: MIT

//go:build !linux

package main

import "os"

// dockerProfile is not to be had: the package that has Docker's profile is for Linux.
func dockerProfile() { os.Exit(1) }
