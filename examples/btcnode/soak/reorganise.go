// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/blockpeer"
	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/miner"
)

const (
	maturity   = 100 // blocks until a coinbase can be spent
	firstBlock = 250 // blocks that are mined in the beginning
	deepest    = 60  // blocks that a reorganisation disconnects at most
	lapsOfLife = 6   // until the node is ended
)

// life is a chain that changes its mind, the peer that has it, and the node that follows.
type life struct {
	chain *miner.Chain
	peer  *blockpeer.Peer
	tag   int64 // of the last branch
	node  *node // nil: to be started
	laps  int   // of the node
}

func newLife() (*life, error) {
	l := &life{}
	var err error
	if l.chain, err = miner.New(&chaincfg.RegressionNetParams); err != nil {
		return nil, err
	}
	for l.chain.Height() < firstBlock {
		l.chain.Mine()
	}
	l.peer, err = blockpeer.Listen(&chaincfg.RegressionNetParams, l.chain.Blocks())
	return l, err
}

// branch is a better one than the chain.
type branch struct {
	chain *miner.Chain
	depth int32             // blocks of the chain that are not in it
	lost  []string          // transactions that are in the chain and not in the branch
	found map[string]string // transactions that are in the branch, by id: the block
}

// mineBranch mines a branch of one to five blocks more than it takes the place of. Each has a transaction that spends a coinbase
// otherwise than the block of that height did; but the oldest lost one is there again, one block later.
func (l *life) mineBranch(r *rand.Rand) (*branch, error) {
	l.tag++
	b := &branch{depth: 1 + r.Int32N(deepest), found: make(map[string]string)}
	fork := l.chain.Height() - b.depth
	old := l.chain.Blocks()[fork+1:]
	b.chain = l.chain.Fork(fork, l.tag)
	moved := spends(old[0])
	for range b.depth + 1 + r.Int32N(5) {
		height := b.chain.Height() + 1
		var txs []*wire.MsgTx
		switch {
		case len(moved) > 0 && height == fork+1:
		case len(moved) > 0 && height == fork+2:
			txs = append(txs, moved...)
			fallthrough
		default:
			tx, err := b.chain.Spend(height-maturity-1, l.tag)
			if err != nil {
				return nil, err
			}
			txs = append(txs, tx)
		}
		block := b.chain.Mine(txs...)
		for _, tx := range block.Transactions() {
			b.found[tx.Hash().String()] = block.Hash().String()
		}
	}
	for _, block := range old {
		for _, tx := range block.Transactions() {
			if id := tx.Hash().String(); b.found[id] == "" {
				b.lost = append(b.lost, id)
			}
		}
	}
	return b, nil
}

// spends are the transactions of a block but for the coinbase.
func spends(b *btcutil.Block) (txs []*wire.MsgTx) {
	for _, tx := range b.Transactions()[1:] {
		txs = append(txs, tx.MsgTx())
	}
	return txs
}

// tip is the newest block and its coinbase.
func tip(c *miner.Chain) (hash, tx string) {
	return c.Tip().Hash().String(), c.Tip().Transactions()[0].Hash().String()
}

// reorganise has the node follow the chain to a better branch, and compares it with what it was after the first. At the end of its
// life it is ended in the middle of another one, and the next node must find there by itself.
func (s *soak) reorganise(r *rand.Rand, l *lap) error {
	if s.life.node == nil {
		if err := s.beginLife(r); err != nil {
			return err
		}
	}
	n := s.life.node
	n.load(r, 3)
	b, err := s.switchChain(r)
	if err != nil {
		return err
	}
	if err := s.follow(n, b); err != nil {
		return errors.Join(err, n.failed())
	}
	s.count(n.stopLoad())
	now, err := s.settle(n, 1, n.first, n.first)
	if err != nil {
		return err
	}
	if n.first == nil {
		n.first = now
	}
	l.reorganising, l.depth, l.height, l.reorganised = n.settings, b.depth, b.chain.Height(), growth{now, n.first}
	if s.life.laps++; s.life.laps < lapsOfLife {
		return nil
	}
	return s.endLife(r, l)
}

// beginLife starts the node on what the one before it left.
func (s *soak) beginLife(r *rand.Rand) (err error) {
	s.life.laps = 0
	s.life.node, err = s.start("reorganising", filepath.Join(s.dir, "reorganising"), drawSettings(r), "--network=regtest", "--connect", s.life.peer.Addr)
	if err != nil {
		return err
	}
	return s.life.node.waitTip(tip(s.life.chain))
}

func (s *soak) switchChain(r *rand.Rand) (*branch, error) {
	b, err := s.life.mineBranch(r)
	if err != nil {
		return nil, err
	}
	s.life.chain = b.chain
	s.life.peer.Serve(b.chain.Blocks())
	s.total.reorgs++
	return b, nil
}

// follow waits until the node is on the branch, and its index too.
func (s *soak) follow(n *node, b *branch) error {
	if err := n.waitTip(tip(b.chain)); err != nil {
		return err
	}
	for tx, block := range b.found {
		if err := n.waitTx(tx, block); err != nil {
			return err
		}
	}
	for _, tx := range b.lost {
		if err := n.waitTx(tx, ""); err != nil {
			return err
		}
	}
	return nil
}

// endLife ends the node while it follows, at a random moment, and starts the next one.
func (s *soak) endLife(r *rand.Rand, l *lap) error {
	n := s.life.node
	n.load(r, 3)
	b, err := s.switchChain(r)
	if err != nil {
		return err
	}
	time.Sleep(time.Duration(r.Int64N(int64(100 * time.Millisecond))))
	how := allEnds[r.IntN(len(allEnds))]
	if err := s.end(n, how); err != nil {
		return err
	}
	l.ends = append(l.ends, how+" in a reorganisation")
	if err := s.beginLife(r); err != nil {
		return err
	}
	return s.follow(s.life.node, b)
}
