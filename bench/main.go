// SPDX-License-Identifier: MIT

// Command bench compares this library's compiler with its peers: one table, one run.
// README.md says what each column means.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/bench/measure"
	"github.com/syscall-sandbox/sandbox/bench/peer"
	"github.com/syscall-sandbox/sandbox/bench/policies"
	"github.com/syscall-sandbox/sandbox/bench/policy"
)

func main() {
	var err error
	if len(os.Args) == 2 && os.Args[1] == measure.ChildArg {
		err = measure.Child()
	} else {
		err = run(os.Args[1:], os.Stdout, os.Stderr)
	}
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	json   bool
	static bool
	random int
	seed   uint64
	only   string
	files  []string
	extra  []peer.Peer
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.BoolVar(&o.json, "json", false, "print JSON instead of a table")
	f.BoolVar(&o.static, "static", false, "only what is counted: no compile, install or call times")
	f.IntVar(&o.random, "random", 3, "number of random policies of each kind (numbers; numbers and arguments)")
	f.Uint64Var(&o.seed, "seed", 1, "seed of the first random policy; the others follow")
	f.StringVar(&o.only, "only", "", "measure only the policies whose name contains this")
	f.Func("peer", "NAME=COMMAND: one more peer that speaks rawbpf's protocol (repeatable)", func(s string) error {
		name, command, ok := strings.Cut(s, "=")
		if !ok || name == "" || command == "" {
			return errors.New("not NAME=COMMAND")
		}
		o.extra = append(o.extra, peer.Peer{Name: name, Command: command})
		return nil
	})
	err := f.Parse(args)
	o.files = f.Args()
	return o, err
}

func run(args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	subjects, err := o.policies()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	peers, notes := o.peers(dir)
	report := Report{Machine: machine(), Seed: o.seed, Notes: notes}
	for _, p := range subjects {
		fmt.Fprintf(stderr, "measuring %s\n", p.Name)
		rows, err := measureAll(p, peers, o.static)
		if err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
		report.Rows = append(report.Rows, rows...)
	}
	report.Reached = report.reached()
	if o.json {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		return e.Encode(report)
	}
	report.Print(stdout)
	return nil
}

func (o options) peers(dir string) (peers []peer.Peer, notes []string) {
	peers = peer.InProcess()
	lib, err := peer.Libseccomp(dir)
	if err != nil {
		notes = append(notes, "no libseccomp in this run: "+err.Error())
	} else {
		peers = append(peers, lib)
	}
	return append(peers, o.extra...), notes
}

// policies are those of the files, or all: the two with names, the built-in ones of
// package sandbox, random ones.
func (o options) policies() ([]*policy.Policy, error) {
	var all []*policy.Policy
	for _, file := range o.files {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		p, err := policy.Parse(bytes.NewReader(b))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		all = append(all, policy.MustParse(policies.Net), policy.MustParse(policies.Args))
		for _, b := range sandbox.Policies() {
			p, err := policy.Builtin(b)
			if err != nil {
				return nil, err
			}
			all = append(all, p)
		}
		for i := range uint64(o.random) {
			all = append(all, policy.Random(o.seed+i, false), policy.Random(o.seed+i, true))
		}
	}
	var out []*policy.Policy
	for _, p := range all {
		if strings.Contains(p.Name, o.only) {
			out = append(out, p)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no policy's name contains %q", o.only)
	}
	return out, nil
}

func machine() string {
	version := runtime.Version()
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.GoVersion
	}
	return fmt.Sprintf("%s %s/%s, %d CPUs, kernel %s", version, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), kernelRelease())
}
