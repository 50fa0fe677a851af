// SPDX-License-Identifier: MIT

// Command node measures what the sandbox costs a whole program: a node of examples/btcnode
// synchronises a chain and answers RPC without the sandbox, under the process policy alone, and
// with a policy on the thread of each role too. ../README.md says how.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
)

// modes are how far the node's sandbox goes.
var modes = [...]struct {
	name  string
	flags []string
}{
	off:     {"off", []string{"--sandbox=off"}},
	process: {"process", []string{"--sandbox=log-and-abort", "--sandbox-scope=process"}},
	threads: {"threads", []string{"--sandbox=log-and-abort"}},
}

const off, process, threads = 0, 1, 2

// orders are those of the modes: no mode comes more often after another one than before it.
var orders = [...][len(modes)]int{
	{off, process, threads}, {threads, process, off}, {process, threads, off},
	{off, threads, process}, {threads, off, process}, {process, off, threads},
}

// options say how much is measured.
type options struct {
	rounds, requests, connections int
	only                          string
}

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "node:", err)
		os.Exit(1)
	}
}

func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("node", flag.ContinueOnError)
	flags.IntVar(&o.rounds, "rounds", 18, "rounds of all modes; in six of them the modes have every order once")
	flags.IntVar(&o.requests, "requests", 30000, "RPC requests to one mode in a round")
	flags.IntVar(&o.connections, "connections", 32, "connections that make them, each one request at a time")
	flags.StringVar(&o.only, "only", "", "measure sync or rpc alone")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if !slices.Contains([]string{"", "sync", "rpc"}, o.only) {
		return o, errors.New("-only: sync or rpc")
	}
	if o.rounds < 1 || o.connections < 1 || o.requests < turns*o.connections {
		return o, errors.New("want a round, a connection, and ten requests for each connection at least")
	}
	return o, nil
}

func run(args []string, out io.Writer) (err error) {
	o, err := parse(args)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench-node-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b, err := prepare(o, dir)
	if err != nil {
		return err
	}
	defer b.serving.kill()
	for i := range o.rounds {
		if err := b.round(i); err != nil {
			return fmt.Errorf("round %d: %w", i+1, err)
		}
	}
	if err := b.serving.finish(off, nil); err != nil {
		return err
	}
	b.print(out)
	return nil
}

func (b *bench) round(i int) error {
	if b.only != "rpc" {
		if err := b.syncRound(i); err != nil {
			return fmt.Errorf("sync: %w", err)
		}
	}
	if b.only != "sync" {
		if err := b.rpcRound(i); err != nil {
			return fmt.Errorf("rpc: %w", err)
		}
	}
	return nil
}
