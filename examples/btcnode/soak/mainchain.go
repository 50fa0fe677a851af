// SPDX-License-Identifier: MIT

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/blockfile"
	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/nodeproc"
)

// mainChain is the beginning of the real one.
type mainChain struct {
	file        string
	tip, lastTx string
}

// readMainChain writes the genesis block and some more into a file of their own, so that laps are short.
func readMainChain(file string, blocks int) (*mainChain, error) {
	source, err := nodeproc.BlockFile()
	if err != nil {
		return nil, err
	}
	c, n, out, enough := &mainChain{file: file}, -1, []byte(nil), errors.New("enough")
	err = blockfile.Each(source, wire.MainNet, func(b *btcutil.Block) error {
		raw, err := b.Bytes()
		if err != nil {
			return err
		}
		out = binary.LittleEndian.AppendUint32(out, uint32(wire.MainNet))
		out = append(binary.LittleEndian.AppendUint32(out, uint32(len(raw))), raw...)
		c.tip, c.lastTx = b.Hash().String(), b.Transactions()[0].Hash().String()
		if n++; n == blocks {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		return nil, errors.Join(err, fmt.Errorf("there are %d blocks", n))
	}
	return c, os.WriteFile(file, out, 0o600)
}
