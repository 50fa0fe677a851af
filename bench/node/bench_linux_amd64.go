// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A bench is what all rounds need, and what they found by mode.
type bench struct {
	options
	dir, bin string
	height   int   // of the chain
	serving  *node // the peer of the nodes that synchronise, always without sandbox
	queries  []query
	syncs    [len(modes)][]figures
	loads    [len(modes)][]figures
}

// prepare builds the node, has it import the chain and starts the serving node.
func prepare(o options, dir string) (*bench, error) {
	b := &bench{options: o, dir: dir, bin: filepath.Join(dir, "btcnode")}
	if _, err := inNodeModule("build", "-o", b.bin, "."); err != nil {
		return nil, err
	}
	btcd, err := inNodeModule("list", "-m", "-f", "{{.Dir}}", "github.com/btcsuite/btcd")
	if err != nil {
		return nil, err
	}
	blocks := filepath.Join(strings.TrimSpace(btcd), "blockchain", "testdata", "blk_0_to_14131.dat")
	// Without a peer the node ends after the import.
	chain := filepath.Join(dir, "chain")
	importing, err := b.start(off, chain, "--import", blocks, "--exit-at-tip")
	if err != nil {
		return nil, err
	}
	if err := importing.end(); err != nil {
		return nil, err
	}
	exploring, err := b.start(off, chain)
	if err != nil {
		return nil, err
	}
	if err := exploring.finish(off, b.explore(exploring)); err != nil {
		return nil, err
	}
	for m := range modes {
		if err := os.CopyFS(b.chain(m), os.DirFS(chain)); err != nil {
			return nil, err
		}
	}
	b.serving, err = b.start(off, chain)
	return b, err
}

// chain is the data directory of the node that answers RPC in mode m.
func (b *bench) chain(m int) string { return filepath.Join(b.dir, modes[m].name) }

// explore finds out what there is to ask for, and waits until the index has all of it.
func (b *bench) explore(n *node) error {
	c, err := n.dial()
	if err != nil {
		return err
	}
	defer c.close()
	if b.height, err = c.blockCount(); err != nil {
		return err
	}
	if b.queries, err = queries(c, b.height); err != nil {
		return err
	}
	return n.until("the index was complete", func() (bool, time.Duration, error) {
		_, err := c.call(b.queries[len(b.queries)-1]) // about the last block
		return err == nil, 10 * time.Millisecond, nil
	})
}

// inNodeModule is the go command in the module of btcnode, which is none that this one requires.
func inNodeModule(args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output() // of this module
	if err != nil {
		return "", fmt.Errorf("go list: %w", err)
	}
	cmd.Dir = filepath.Join(strings.TrimSpace(string(root)), "..", "examples", "btcnode")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s in examples/btcnode: %w", args[0], err)
	}
	return string(text), nil
}

// start starts a node in mode m.
func (b *bench) start(m int, dir string, flags ...string) (*node, error) {
	n, err := start(b.bin, dir, append(flags, modes[m].flags...))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", modes[m].name, err)
	}
	return n, nil
}

// finish ends a node in mode m, after an error too. A node that ends otherwise than it should, or whose threads were not
// filtered as the mode says, has measured nothing.
func (n *node) finish(m int, err error) error {
	if err == nil {
		err = n.checkFilters(m)
	}
	if err != nil {
		return fmt.Errorf("%s: %w; the node said:\n%s", modes[m].name, err, n.kill())
	}
	return n.stop()
}
