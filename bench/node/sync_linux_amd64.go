// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// syncRound has a new node in each mode take all blocks of the serving one.
func (b *bench) syncRound(i int) error {
	for _, m := range orders[i%len(orders)] {
		dir := filepath.Join(b.dir, "syncing")
		n, err := b.start(m, dir, "--connect", b.serving.at.P2P)
		if err != nil {
			return err
		}
		f, err := n.follow(b.height)
		if err := errors.Join(n.finish(m, err), os.RemoveAll(dir)); err != nil {
			return err
		}
		b.syncs[m] = append(b.syncs[m], f)
	}
	return nil
}

// follow measures from the first block that the node is seen to have to the last. It asks seldom
// where the answer is of no use, so as not to measure the asking.
func (n *node) follow(height int) (f figures, err error) {
	c, err := n.dial()
	if err != nil {
		return f, err
	}
	defer c.close()
	var first, last sample
	had := 0 // at the first one
	err = n.until("it had all blocks", func() (bool, time.Duration, error) {
		h, err := c.blockCount()
		if err == nil && h == height {
			last, err = n.sample()
			return true, 0, err
		}
		if err == nil && h > 0 && had == 0 {
			had = h
			first, err = n.sample()
		}
		if h > 0 && h < height-1000 {
			return false, 100 * time.Millisecond, err
		}
		return false, 2 * time.Millisecond, err
	})
	if err == nil && had == 0 {
		err = fmt.Errorf("%d blocks were there at once", height)
	}
	f.add(height-had, first, last)
	return f, err
}
