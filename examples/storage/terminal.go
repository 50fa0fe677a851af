// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"os"

	"github.com/mattn/go-isatty"
	"golang.org/x/term"
)

// useTerminal asks what a progress bar and a coloured log ask before they write.
func useTerminal(string) error {
	is, _ := terminal(os.Stdout.Fd())
	if is != isatty.IsTerminal(os.Stdout.Fd()) {
		return errors.New("the libraries disagree on what a terminal is")
	}
	return nil
}

// terminal reports whether a descriptor is a terminal, and its number of columns.
func terminal(fd uintptr) (is bool, columns int) {
	columns, _, err := term.GetSize(int(fd))
	return term.IsTerminal(int(fd)) && err == nil, columns
}
