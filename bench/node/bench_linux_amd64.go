// SPDX-License-Identifier: MIT

package main

import (
	"errors"
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
	chain    string // data directory of the nodes that answer RPC, one after the other
	height   int    // of that chain
	serving  *node  // the peer of the nodes that synchronise, always without sandbox
	queries  []query
	syncs    [len(modes)][]figures
	loads    [len(modes)][]figures
}

// prepare builds the node, has it import the chain and starts the serving node.
func prepare(o options, dir string) (*bench, error) {
	b := &bench{options: o, dir: dir, bin: filepath.Join(dir, "btcnode"), chain: filepath.Join(dir, "chain")}
	if _, err := inNodeModule("build", "-o", b.bin, "."); err != nil {
		return nil, err
	}
	btcd, err := inNodeModule("list", "-m", "-f", "{{.Dir}}", "github.com/btcsuite/btcd")
	if err != nil {
		return nil, err
	}
	blocks := filepath.Join(strings.TrimSpace(btcd), "blockchain", "testdata", "blk_0_to_14131.dat")
	// Without a peer the node ends after the import.
	importing, err := start(b.bin, b.chain, append([]string{"--import", blocks, "--exit-at-tip"}, modes[off].flags...))
	if err != nil {
		return nil, err
	}
	if err := importing.end(); err != nil {
		return nil, err
	}
	if err := b.during(off, b.chain, nil, b.explore); err != nil {
		return nil, err
	}
	served := filepath.Join(dir, "served")
	if err := os.CopyFS(served, os.DirFS(b.chain)); err != nil {
		return nil, err
	}
	b.serving, err = start(b.bin, served, modes[off].flags)
	return b, err
}

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

// round gives each mode a turn.
func (b *bench) round(i int) error {
	for _, w := range []struct {
		name, other string
		measure     func(m int) (figures, error)
		to          *[len(modes)][]figures
	}{
		{"sync", "rpc", b.sync, &b.syncs},
		{"rpc", "sync", b.rpc, &b.loads},
	} {
		if b.only == w.other {
			continue
		}
		for _, m := range orders[i%len(orders)] {
			f, err := w.measure(m)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", w.name, modes[m].name, err)
			}
			w.to[m] = append(w.to[m], f)
		}
	}
	return nil
}

// during runs work with a node in mode m and lets it end; a node that ended otherwise, or whose
// threads were not filtered as the mode says, has measured nothing.
func (b *bench) during(m int, dir string, flags []string, work func(*node) error) error {
	n, err := start(b.bin, dir, append(flags, modes[m].flags...))
	if err != nil {
		return err
	}
	defer n.kill()
	err = work(n)
	if err == nil {
		err = n.checkFilters(m)
	}
	if err != nil {
		return errors.Join(err, fmt.Errorf("the node said:\n%s", n.kill()))
	}
	return n.stop()
}
