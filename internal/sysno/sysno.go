// SPDX-License-Identifier: MIT

// Package sysno knows the system calls of linux/amd64 by number and by name, on
// every operating system. Its tables are generated from golang.org/x/sys; a test
// on linux/amd64 compares them with x/sys/unix.
package sysno

import "iter"

//go:generate go run ../cmd/mksyscalls -o zsysno.go -test zsysno_linux_amd64_test.go

// Number returns the number of the call of that name, spelled as in the
// kernel's table: "openat", "rt_sigreturn", "_sysctl".
func Number(name string) (uint32, bool) { return number(name) }

// Name returns the name of the call with number nr.
func Name(nr uint32) (string, bool) {
	if !Known(nr) {
		return "", false
	}
	return names[nr], true
}

// Known reports whether the table has a call with number nr.
func Known(nr uint32) bool {
	return nr <= Max && names[nr] != ""
}

// All yields every known number and its name, in the order of the numbers.
func All() iter.Seq2[uint32, string] {
	return func(yield func(uint32, string) bool) {
		for nr, name := range names {
			if name != "" && !yield(uint32(nr), name) {
				return
			}
		}
	}
}

// Errno returns the name of a Linux errno, such as "EPERM" for 1.
func Errno(n uint16) (string, bool) {
	if int(n) >= len(errnos) || errnos[n] == "" {
		return "", false
	}
	return errnos[n], true
}
