// SPDX-License-Identifier: MIT

// Command soak runs nodes for as long as asked: they synchronise again and again, reorganise, serve RPC, are profiled, get signals
// and are killed, under their real policies and the action that kills. It ends with 1 if one of them did what it should not, or
// has more threads, descriptors or memory than in the beginning.
package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/nodeproc"
)

type options struct {
	howLong time.Duration
	seed    uint64
	blocks  int
}

func main() {
	opts := &options{}
	flag.DurationVar(&opts.howLong, "for", 10*time.Minute, "begin no lap after this time")
	flag.Uint64Var(&opts.seed, "seed", rand.Uint64N(1_000_000), "draws the same settings, ends and branches again; without it, others each time")
	flag.IntVar(&opts.blocks, "blocks", 3000, "how many blocks of the main chain a lap synchronises")
	flag.Parse()
	if flag.NArg() > 0 || opts.blocks < 1 {
		flag.Usage()
		os.Exit(2)
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
	fmt.Printf("building btcnode; seed %d; nodes run in %s\n", opts.seed, dir)
	bin, err := nodeproc.Build(dir)
	if err != nil {
		return err
	}
	s := &soak{bin: bin, dir: dir, seed: opts.seed, blocks: opts.blocks, out: os.Stdout, patience: leak}
	err = s.run(opts.howLong)
	s.printTable()
	if err != nil {
		return fmt.Errorf("lap %d: %w\ndata directories and logs are kept in %s; again: -seed %d -blocks %d", len(s.laps)+1, err, dir, opts.seed, opts.blocks)
	}
	fmt.Println(s.total.String())
	return os.RemoveAll(dir)
}
