// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// sync lets a new node in mode m have all blocks of the serving one.
func (b *bench) sync(m int) (f figures, err error) {
	dir := filepath.Join(b.dir, "syncing")
	err = b.during(m, dir, []string{"--connect", b.serving.at.P2P}, func(n *node) (err error) {
		f, err = n.follow(b.height)
		return err
	})
	return f, errors.Join(err, os.RemoveAll(dir))
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
	err = n.until("it had all blocks", func() (bool, time.Duration, error) {
		h, err := c.blockCount()
		if err == nil && h == height {
			last, err = n.sample(h)
			return true, 0, err
		}
		if err == nil && h > 0 && first.things == 0 {
			first, err = n.sample(h)
		}
		if h > 0 && h < height-1000 {
			return false, 100 * time.Millisecond, err
		}
		return false, 2 * time.Millisecond, err
	})
	if err == nil && first.things == 0 {
		err = fmt.Errorf("%d blocks were there at once", height)
	}
	return last.since(first), err
}
