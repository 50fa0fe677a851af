// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/txscript/v2"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/blockfile"
)

// utxoCacheSize is what btcd may keep of the unspent outputs in memory. The maps are allocated at once.
const utxoCacheSize = 16 << 20

// errNoParent is the answer to a block that extends no block we have.
var errNoParent = errors.New("the block before it is missing")

// chain is btcd's block chain, with every script run by our own pool before btcd connects the block.
type chain struct {
	*blockchain.BlockChain
	params  *chaincfg.Params
	store   *store
	scripts *scriptPool
	news    func() // told after each block that was connected or disconnected

	mu           sync.Mutex   // taking blocks and flushing exclude each other
	connected    atomic.Int64 // blocks connected by this process
	disconnected atomic.Int64 // blocks that a better branch took the place of
	flushed      atomic.Int32 // height that a kill -9 cannot take back
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
	c := &chain{BlockChain: bc, params: params, store: db, scripts: scripts, news: func() {}}
	c.flushed.Store(c.height())
	c.Subscribe(c.hear)
	return c, nil
}

// hear is called by btcd, on the thread that gave it the block.
func (c *chain) hear(n *blockchain.Notification) {
	switch n.Type {
	case blockchain.NTBlockConnected:
		c.connected.Add(1)
		slog.Debug("connected", "height", c.height())
	case blockchain.NTBlockDisconnected:
		c.disconnected.Add(1)
		c.flushed.Store(min(c.flushed.Load(), c.height())) // what is flushed above is not of the chain any more
		slog.Debug("disconnected", "height", c.height()+1)
	default:
		return
	}
	c.news()
}

func (c *chain) height() int32 { return c.BestSnapshot().Height }

// headerHeight returns the height of the best header. btcd counts headers that came without a block before the block came;
// imported blocks bring theirs along.
func (c *chain) headerHeight() int32 {
	_, headers := c.BestHeader()
	return max(headers, c.height())
}

// caughtUp says whether the best headers are those of the chain itself. btcd's best header may be an old one: blocks that came
// without it do not move it.
func (c *chain) caughtUp() bool {
	best, _ := c.BestHeader()
	return c.MainChainHasBlock(&best)
}

// locator describes the best header chain to a peer.
func (c *chain) locator() (blockchain.BlockLocator, error) {
	if c.caughtUp() {
		return c.LatestBlockLocator()
	}
	return c.LatestBlockLocatorByHeader()
}

// take adds one block: to the tip, or to a branch that is kept until it has more work than the chain and takes its place.
// Scripts are run before blocks are connected, which for those of a branch is then. Blocks we have are skipped.
//
// Below its last checkpoint btcd runs no scripts (blockchain/validate.go, checkConnectBlock), and all the blocks of the
// demonstration lie below: what refuses a bad signature here is the pool.
func (c *chain) take(block *btcutil.Block) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.MainChainHasBlock(block.Hash()) {
		return nil
	}
	err := c.checkScripts(block)
	if err == nil {
		_, _, err = c.ProcessBlock(block, blockchain.BFNone)
	}
	var rule blockchain.RuleError
	switch {
	case errors.As(err, &rule) && rule.ErrorCode == blockchain.ErrDuplicateBlock: // it is of a branch
		return nil
	case err != nil:
		return fmt.Errorf("block %v: %w", block.Hash(), err)
	}
	return nil
}

// checkScripts runs the scripts of the blocks that btcd will connect when it gets this one.
func (c *chain) checkScripts(block *btcutil.Block) error {
	tip := c.BestSnapshot()
	if block.MsgBlock().Header.PrevBlock != tip.Hash {
		return c.checkBranch(block)
	}
	block.SetHeight(tip.Height + 1)
	deployed, err := c.deployedFlags()
	if err != nil {
		return err
	}
	return c.checkBlock(block, c.unspentOutput, c.scriptFlags(block)|deployed)
}

func (c *chain) checkBlock(block *btcutil.Block, unspent outputs, flags txscript.ScriptFlags) error {
	spent, err := spentOutputs(block, unspent)
	if err != nil {
		return err
	}
	return c.scripts.check(block, spent, flags)
}

// importFile takes the blocks of a blk file until quit closes. The genesis block, and what a run before this one took, are in the
// chain already.
func (c *chain) importFile(path string, quit <-chan struct{}) error {
	return blockfile.Each(path, c.params.Net, func(block *btcutil.Block) error {
		select {
		case <-quit:
			return errStopped
		default:
		}
		return c.take(block)
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
