// SPDX-License-Identifier: MIT

// Command soak runs nodes for as long as asked: they synchronise again and again, reorganise, serve RPC, are profiled, get signals
// and are killed, under their real policies and the action that kills. It ends with 1 if one of them did what it should not, or
// has more threads, descriptors or memory than in the beginning.
package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/jessevdk/go-flags"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/nodeproc"
)

type options struct {
	For    time.Duration `long:"for" default:"10m" description:"begin no lap after this time"`
	Seed   uint64        `long:"seed" description:"draws the same settings, ends and branches again (default: a new one)"`
	Blocks int           `long:"blocks" default:"3000" description:"how many blocks of the main chain a lap synchronises"`
}

func main() {
	opts := &options{Seed: rand.Uint64N(1_000_000)}
	if _, err := flags.Parse(opts); err != nil {
		os.Exit(2) // it has said why
	}
	if err := run(opts); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// run keeps what the nodes leave behind if something is wrong.
func run(opts *options) error {
	dir, err := os.MkdirTemp("", "btcnode-soak-")
	if err != nil {
		return err
	}
	fmt.Printf("building btcnode; seed %d; nodes run in %s\n", opts.Seed, dir)
	bin, err := nodeproc.Build(dir)
	if err != nil {
		return err
	}
	s := &soak{bin: bin, dir: dir, seed: opts.Seed, blocks: opts.Blocks, out: os.Stdout, patience: leak}
	err = s.run(opts.For)
	s.printTable()
	if err != nil {
		return fmt.Errorf("lap %d: %w\ndata directories and logs are kept in %s; again: -seed %d -blocks %d", len(s.laps)+1, err, dir, opts.Seed, opts.Blocks)
	}
	fmt.Println(s.total.String())
	return os.RemoveAll(dir)
}
