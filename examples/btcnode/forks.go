// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/database"
	"github.com/btcsuite/btcd/wire/v2"
)

// btcd keeps the blocks of side branches and reorganises the chain by itself. What is here runs the scripts of a branch before
// that happens, on the outputs that there would be without the blocks that it takes the place of.

// fork is where a branch leaves the chain.
type fork struct {
	height int32            // of the last block that the chain and the branch have both
	branch []chainhash.Hash // the blocks above it, oldest first
	better bool             // the branch has more work than the chain
}

// findFork follows a branch back from the header of its newest block.
func (c *chain) findFork(tip *wire.BlockHeader) (*fork, error) {
	f, work := &fork{branch: []chainhash.Hash{tip.BlockHash()}}, blockchain.CalcWork(tip.Bits)
	parent := tip.PrevBlock
	for !c.MainChainHasBlock(&parent) {
		have, err := c.HaveBlock(&parent)
		if err != nil {
			return nil, err
		}
		header, err := c.HeaderByHash(&parent)
		if !have || err != nil {
			return nil, errNoParent
		}
		f.branch = append(f.branch, parent)
		work.Add(work, blockchain.CalcWork(header.Bits))
		parent = header.PrevBlock
	}
	slices.Reverse(f.branch)
	var err error
	if f.height, err = c.BlockHeightByHash(&parent); err != nil {
		return nil, err
	}
	lost, err := c.workAbove(f.height)
	if err != nil {
		return nil, err
	}
	f.better = work.Cmp(lost) > 0
	return f, nil
}

// workAbove adds up the work of the chain's blocks above a height.
func (c *chain) workAbove(height int32) (*big.Int, error) {
	sum := new(big.Int)
	for h := c.height(); h > height; h-- {
		hash, err := c.BlockHashByHeight(h)
		if err != nil {
			return nil, err
		}
		header, err := c.HeaderByHash(hash)
		if err != nil {
			return nil, err
		}
		sum.Add(sum, blockchain.CalcWork(header.Bits))
	}
	return sum, nil
}

// checkBranch runs the scripts of a whole branch if block gives it more work than the chain has. btcd answers only for the tip
// what rules miners have brought in, so they are left to btcd here, which knows them for the branch and runs scripts itself above
// its last checkpoint.
func (c *chain) checkBranch(block *btcutil.Block) error {
	f, err := c.findFork(&block.MsgBlock().Header)
	if err != nil || !f.better {
		return err
	}
	view, err := c.viewAt(f.height)
	if err != nil {
		return err
	}
	for i, hash := range f.branch {
		b := block
		if hash != *block.Hash() {
			if b, err = c.storedBlock(&hash); err != nil {
				return err
			}
		}
		b.SetHeight(f.height + 1 + int32(i))
		if err := c.checkBlock(b, view.unspent, c.scriptFlags(b)); err != nil {
			return fmt.Errorf("branch, block %v: %w", hash, err)
		}
		view.connect(b)
	}
	return nil
}

// storedBlock returns a block of the chain or of a branch.
func (c *chain) storedBlock(hash *chainhash.Hash) (block *btcutil.Block, err error) {
	err = c.store.View(func(tx database.Tx) error {
		raw, err := tx.FetchBlock(hash)
		if err == nil {
			block, err = blockchain.DBBlockFromBytes(raw, *hash)
		}
		return err
	})
	return block, err
}

// above returns up to n blocks of the chain above a height: by one transaction, since each waits for the lock under which blocks
// are connected.
func (c *chain) above(height, n int32) (blocks []*btcutil.Block, err error) {
	var hashes []chainhash.Hash
	for h := height + 1; h <= height+n; h++ {
		hash, err := c.BlockHashByHeight(h)
		if err != nil {
			break // a branch takes the chain's place just now, and is shorter yet
		}
		hashes = append(hashes, *hash)
	}
	err = c.store.View(func(tx database.Tx) error {
		for _, hash := range hashes {
			raw, err := tx.FetchBlock(&hash)
			if err != nil {
				return err
			}
			block, err := blockchain.DBBlockFromBytes(raw, hash)
			if err != nil {
				return err
			}
			blocks = append(blocks, block)
		}
		return nil
	})
	return blocks, err
}

// view is what can be spent somewhere else than on top of the tip: what it has changed, and for the rest what the tip has.
type view struct {
	chain   *chain
	changed map[wire.OutPoint]*wire.TxOut // nil: cannot be spent
}

// viewAt takes the chain's blocks above a height back.
func (c *chain) viewAt(height int32) (*view, error) {
	v := &view{chain: c, changed: make(map[wire.OutPoint]*wire.TxOut)}
	for h := c.height(); h > height; h-- {
		block, err := c.BlockByHeight(h)
		if err == nil {
			err = v.disconnect(block)
		}
		if err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (v *view) unspent(op wire.OutPoint) (*wire.TxOut, error) {
	out, changed := v.changed[op]
	if !changed {
		return v.chain.unspentOutput(op)
	}
	if out == nil {
		return nil, notSpendable(op)
	}
	return out, nil
}

// disconnect takes back the newest block. btcd keeps what each block spent, in the order of its inputs.
func (v *view) disconnect(block *btcutil.Block) error {
	spent, err := v.chain.FetchSpendJournal(block)
	if err != nil {
		return err
	}
	for _, tx := range slices.Backward(block.Transactions()) {
		for i := range tx.MsgTx().TxOut {
			v.changed[wire.OutPoint{Hash: *tx.Hash(), Index: uint32(i)}] = nil
		}
		for _, in := range slices.Backward(inputs(tx)) {
			if len(spent) == 0 {
				return errors.New("the journal of what was spent is too short")
			}
			last := spent[len(spent)-1]
			spent = spent[:len(spent)-1]
			v.changed[in.PreviousOutPoint] = wire.NewTxOut(last.Amount, last.PkScript)
		}
	}
	return nil
}

// connect puts a block on top.
func (v *view) connect(block *btcutil.Block) {
	for _, tx := range block.Transactions() {
		for _, in := range inputs(tx) {
			v.changed[in.PreviousOutPoint] = nil
		}
		for i, out := range tx.MsgTx().TxOut {
			v.changed[wire.OutPoint{Hash: *tx.Hash(), Index: uint32(i)}] = out
		}
	}
}
