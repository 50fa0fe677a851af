// SPDX-License-Identifier: MIT

// Command coverage prints how much of each package the tests have run, from the profiles
// of go test -coverprofile, and fails if a package is below the least that is asked for.
// What exempt.txt names does not count. It is run by scripts/coverage, at the root of the module.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
)

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "coverage:", err)
		os.Exit(1)
	}
}

func run(w io.Writer) error {
	module := flag.String("module", "", "path of the module, which is left out of names")
	least := flag.Float64("least", 90, "percentage that each package must have")
	exempt := flag.String("exempt", "internal/cmd/coverage/exempt.txt", "file of what does not count")
	missed := flag.Bool("missed", false, "print what was not run, by function")
	flag.Parse()
	blocks := map[block]bool{}
	for _, name := range flag.Args() {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := readProfile(blocks, string(text), *module+"/"); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	text, err := os.ReadFile(*exempt)
	if err != nil {
		return err
	}
	s, err := sum(blocks, readExempt(string(text)), os.ReadFile)
	if err != nil {
		return err
	}
	if *missed {
		s.printMissed(w)
	}
	return s.print(w, *least)
}

// print writes a line for each package.
func (s *summary) print(w io.Writer, least float64) error {
	if len(s.packages) == 0 {
		return errors.New("the profiles are empty")
	}
	err := s.unused()
	for _, name := range sorted(s.packages) {
		c := s.packages[name]
		fmt.Fprintf(w, "%5.1f%%  %s", c.percent(), name)
		if c.exempt > 0 {
			fmt.Fprintf(w, " (%d of %d statements are exempt)", c.exempt, c.exempt+c.all)
		}
		fmt.Fprintln(w)
		if c.percent() < least {
			err = errors.Join(err, fmt.Errorf("%s has %.1f%%, less than %v%%", name, c.percent(), least))
		}
	}
	return err
}

// printMissed writes a line for each function that was not run in full, the worst first.
func (s *summary) printMissed(w io.Writer) {
	names := sorted(s.functions)
	missed := func(name string) int { c := s.functions[name]; return c.all - c.run }
	slices.SortStableFunc(names, func(a, b string) int { return missed(b) - missed(a) })
	for _, name := range names {
		if n := missed(name); n > 0 {
			fmt.Fprintf(w, "%4d of %-4d %s\n", n, s.functions[name].all, name)
		}
	}
}

// packageOf is the package of a file: its directory.
func packageOf(file string) string { return strings.TrimSuffix(path.Dir(file), "/") }
