// SPDX-License-Identifier: MIT

// Sandboxvet tells before a program runs whether its policies fit its code: see the README.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/load"
	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/vet"
)

// Exit codes: findings are 1, mistakes of the caller are 2.
const (
	exitFindings = 1
	exitMistake  = 2
)

const usage = `usage: sandboxvet [flags] [packages]

Sandboxvet reads programs (packages main; by default the one here) and all that they are
linked with, for linux/amd64, finds where policies are put on, and says which system calls
can be reached there that the policy refuses, each with the shortest path.

Exit status: 0; 1 if a policy refuses what is reachable or is not known; 2 for mistakes.

`

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

type flags struct {
	vet.Options
	json, gen, cgo bool
	tags           string
}

func parse(args []string, stderr io.Writer) (f flags, patterns []string, err error) {
	set := flag.NewFlagSet("sandboxvet", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.Usage = func() { fmt.Fprint(stderr, usage); set.PrintDefaults() }
	set.BoolVar(&f.json, "json", false, "write JSON")
	set.BoolVar(&f.gen, "gen", false, "write the smallest policy for each place as builder code, and nothing else")
	set.BoolVar(&f.Verbose, "v", false, "also print what is refused for some arguments only, what is answered by an errno, escapes and all reachable calls")
	set.BoolVar(&f.Unused, "unused", false, "also print what policies allow and nothing reaches")
	set.StringVar(&f.Why, "why", "", "print the paths to this `call`, and nothing else")
	set.StringVar(&f.tags, "tags", "", "build tags, separated by commas")
	set.BoolVar(&f.cgo, "cgo", false, "read the program as with CGO_ENABLED=1; what C does is listed as not known")
	err = set.Parse(args)
	return f, set.Args(), err
}

func run(args []string, stdout, stderr io.Writer) int {
	f, patterns, err := parse(args, stderr)
	if err != nil {
		return exitMistake
	}
	options := load.Options{Patterns: patterns, CGO: f.cgo}
	if len(patterns) == 0 {
		options.Patterns = []string{"."}
	}
	if f.tags != "" {
		options.Tags = strings.Split(f.tags, ",")
	}
	reports, err := reports(options)
	if err != nil {
		fmt.Fprintln(stderr, "sandboxvet:", err)
		return exitMistake
	}
	if err := f.write(stdout, reports); err != nil {
		fmt.Fprintln(stderr, "sandboxvet:", err)
		return exitMistake
	}
	for _, r := range reports {
		if r.Failures() > 0 {
			return exitFindings
		}
	}
	return 0
}

func reports(o load.Options) (list []*vet.Report, err error) {
	p, err := load.Load(o)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	v := vet.New(p, dir)
	for _, main := range p.Mains {
		list = append(list, v.Report(main))
	}
	return list, nil
}

func (f flags) write(w io.Writer, reports []*vet.Report) error {
	if f.json {
		e := json.NewEncoder(w)
		e.SetIndent("", "\t")
		return e.Encode(reports)
	}
	for _, r := range reports {
		if !f.gen {
			r.Print(w, f.Options)
			continue
		}
		for _, role := range r.Roles {
			if _, err := fmt.Fprintln(w, role.Source()); err != nil {
				return err
			}
		}
	}
	return nil
}
