// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/blockfile"
)

// utxoCacheSize is what btcd may keep of the unspent outputs in memory. The maps are allocated at once.
const utxoCacheSize = 16 << 20

// errNotNext is the answer to a block that does not extend the tip. This node follows no forks: the outputs that a side
// chain spends are not in the view of the tip, so its scripts could not be run.
var errNotNext = errors.New("the block does not extend the tip")

// chain is btcd's block chain, with every script of every block run by our own pool before btcd sees the block.
type chain struct {
	*blockchain.BlockChain
	params  *chaincfg.Params
	store   *store
	scripts *scriptPool

	mu        sync.Mutex   // connecting and flushing exclude each other
	connected atomic.Int64 // blocks connected by this process
	flushed   atomic.Int32 // height that a kill -9 cannot take back
}

// openChain opens the databases below dir and brings the chain to its last consistent state.
func openChain(dir string, params *chaincfg.Params, scripts *scriptPool, quit <-chan struct{}) (*chain, error) {
	db, err := openStore(dir, params.Net)
	if err != nil {
		return nil, err
	}
	bc, err := blockchain.New(&blockchain.Config{
		DB:               db,
		ChainParams:      params,
		Checkpoints:      params.Checkpoints,
		TimeSource:       blockchain.NewMedianTime(),
		UtxoCacheMaxSize: utxoCacheSize,
		Interrupt:        quit,
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	c := &chain{BlockChain: bc, params: params, store: db, scripts: scripts}
	c.flushed.Store(c.height())
	return c, nil
}

func (c *chain) height() int32 { return c.BestSnapshot().Height }

// headerHeight returns the height of the best header. btcd counts headers that came without a block before the block came;
// imported blocks bring theirs along.
func (c *chain) headerHeight() int32 {
	_, headers := c.BestHeader()
	return max(headers, c.height())
}

// locator describes the best header chain to a peer.
func (c *chain) locator() (blockchain.BlockLocator, error) {
	if _, headers := c.BestHeader(); headers > c.height() {
		return c.LatestBlockLocatorByHeader()
	}
	return c.LatestBlockLocator()
}

// connect appends one block to the chain: first the scripts, then btcd's rules. Blocks we have are skipped.
//
// Below its last checkpoint btcd runs no scripts (blockchain/validate.go, checkConnectBlock), and all the blocks of the
// demonstration lie below: what refuses a bad signature here is the pool.
func (c *chain) connect(block *btcutil.Block) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.MainChainHasBlock(block.Hash()) {
		return nil
	}
	tip := c.BestSnapshot()
	if block.MsgBlock().Header.PrevBlock != tip.Hash {
		return fmt.Errorf("block %v: %w", block.Hash(), errNotNext)
	}
	block.SetHeight(tip.Height + 1)
	spent, err := c.spentOutputs(block)
	if err != nil {
		return err
	}
	flags, err := c.scriptFlags(block)
	if err != nil {
		return err
	}
	if err := c.scripts.check(block, spent, flags); err != nil {
		return fmt.Errorf("block %v: %w", block.Hash(), err)
	}
	if _, _, err := c.ProcessBlock(block, blockchain.BFNone); err != nil {
		return fmt.Errorf("block %v: %w", block.Hash(), err)
	}
	c.connected.Add(1)
	return nil
}

// importFile connects the blocks of a blk file until quit closes and calls connected after each. The genesis block, and what a run before this one
// connected, are in the chain already.
func (c *chain) importFile(path string, connected func(), quit <-chan struct{}) error {
	return blockfile.Each(path, c.params.Net, func(block *btcutil.Block) error {
		select {
		case <-quit:
			return errStopped
		default:
		}
		if err := c.connect(block); err != nil {
			return err
		}
		connected()
		return nil
	})
}

// flush makes everything up to the current tip durable.
func (c *chain) flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.FlushUtxoCache(blockchain.FlushRequired); err != nil {
		return err
	}
	if err := c.store.flush(); err != nil {
		return err
	}
	c.flushed.Store(c.height())
	return nil
}

// close flushes and closes. The chain must not be used afterwards.
func (c *chain) close() error {
	return errors.Join(c.FlushUtxoCache(blockchain.FlushRequired), c.store.Close())
}
