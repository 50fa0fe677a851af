// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/syndtr/goleveldb/leveldb"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/miner"
)

// branches are two that have 105 blocks in common. In the first a coinbase is spent in one way and another one in block 107; in the
// second, longer one, the same coinbase is spent in another way and the other transaction is in block 106.
type branches struct {
	common, first, second *miner.Chain
	moved, lost, instead  *wire.MsgTx
}

const forkHeight = 105

func mineBranches(t *testing.T) *branches {
	t.Helper()
	b := new(branches)
	var err error
	if b.common, err = miner.New(&chaincfg.RegressionNetParams); err != nil {
		t.Fatal(err)
	}
	for b.common.Height() < forkHeight {
		b.common.Mine()
	}
	for _, spend := range []struct {
		tx          **wire.MsgTx
		height, fee int64
	}{{&b.moved, 1, 0}, {&b.lost, 2, 0}, {&b.instead, 2, 1}} {
		if *spend.tx, err = b.common.Spend(int32(spend.height), spend.fee); err != nil {
			t.Fatal(err)
		}
	}
	b.first, b.second = b.common.Fork(forkHeight, 1), b.common.Fork(forkHeight, 2)
	b.first.Mine(b.lost)
	b.first.Mine(b.moved)
	b.second.Mine(b.moved)
	b.second.Mine()
	b.second.Mine(b.instead)
	return b
}

// takeAll gives a chain the blocks of a branch above a height.
func takeAll(t *testing.T, c *chain, branch *miner.Chain, above int32) {
	t.Helper()
	for _, block := range branch.Blocks()[above+1:] {
		if err := c.take(block); err != nil {
			t.Fatal(err)
		}
	}
}

// indexAll brings the index to the tip.
func indexAll(t *testing.T, x *txIndex) {
	t.Helper()
	for more := true; more; {
		var err error
		if more, err = x.indexSome(); err != nil {
			t.Fatal(err)
		}
	}
}

func testIndex(t *testing.T, c *chain, dir string) *txIndex {
	t.Helper()
	x, err := openTxIndex(dir, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.close(); err != nil {
			t.Error(err)
		}
	})
	return x
}

// checkIndex checks at which heights transactions are found; 0: not at all.
func (b *branches) checkIndex(t *testing.T, x *txIndex, moved, lost, instead int32) {
	t.Helper()
	for _, want := range []struct {
		name   string
		tx     *wire.MsgTx
		height int32
	}{{"moved", b.moved, moved}, {"lost", b.lost, lost}, {"instead", b.instead, instead}} {
		id := want.tx.TxHash()
		_, block, err := x.find(&id)
		switch {
		case want.height == 0 && !errors.Is(err, leveldb.ErrNotFound):
			t.Errorf("%s: %v, %v; want it unknown", want.name, block, err)
		case want.height != 0 && (err != nil || block.Height() != want.height):
			t.Errorf("%s: %v; want block %d", want.name, err, want.height)
		}
	}
}

func TestReorganisation(t *testing.T) {
	b, c := mineBranches(t), testChain(t, &chaincfg.RegressionNetParams, 2)
	x := testIndex(t, c, t.TempDir())
	news := 0
	c.news = func() { news++ }
	takeAll(t, c, b.first, 0)
	indexAll(t, x)
	b.checkIndex(t, x, 107, 106, 0)
	second := b.second.Blocks()
	for _, block := range second[forkHeight+1 : forkHeight+3] { // as much work as the chain has: the first one seen stays
		if err := c.take(block); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.BestSnapshot().Hash; got != *b.first.Tip().Hash() || c.scripts.total() != 2 {
		t.Errorf("tip %v and %d scripts after an equal branch", got, c.scripts.total())
	}
	if err := c.take(b.second.Tip()); err != nil {
		t.Fatal(err)
	}
	if got := c.BestSnapshot(); got.Hash != *b.second.Tip().Hash() || c.disconnected.Load() != 2 || c.connected.Load() != 107+3 || c.scripts.total() != 4 {
		t.Errorf("height %d, %d connected, %d disconnected, %d scripts", got.Height, c.connected.Load(), c.disconnected.Load(), c.scripts.total())
	}
	if news != 107+2+3 {
		t.Errorf("%d pieces of news", news)
	}
	b.checkIndex(t, x, 0, 0, 0) // it is behind, but says nothing wrong
	indexAll(t, x)
	b.checkIndex(t, x, 106, 0, 108)
	lost := b.lost.TxHash()
	if _, err := x.db.Get(lost[:], nil); !errors.Is(err, leveldb.ErrNotFound) {
		t.Errorf("the lost transaction is still in the index: %v", err)
	}
	for range 2 { // and back
		b.first.Mine()
	}
	takeAll(t, c, b.first, forkHeight)
	indexAll(t, x)
	b.checkIndex(t, x, 107, 106, 0)
}

// TestIndexAheadOfTheChain is what a kill -9 after a reorganisation leaves: an index of blocks that the chain has never seen.
func TestIndexAheadOfTheChain(t *testing.T) {
	b, dir := mineBranches(t), t.TempDir()
	before := testChain(t, &chaincfg.RegressionNetParams, 1)
	takeAll(t, before, b.second, 0)
	x, err := openTxIndex(dir, before)
	if err != nil {
		t.Fatal(err)
	}
	indexAll(t, x)
	b.checkIndex(t, x, 106, 0, 108)
	if err := x.close(); err != nil {
		t.Fatal(err)
	}
	after := testChain(t, &chaincfg.RegressionNetParams, 1)
	takeAll(t, after, b.common, 0)
	again := testIndex(t, after, dir)
	b.checkIndex(t, again, 0, 0, 0)
	takeAll(t, after, b.first, forkHeight)
	indexAll(t, again)
	b.checkIndex(t, again, 107, 106, 0)
}

// TestBadBranch gives a branch a bad signature, below the block that makes it the better one, under a checkpoint: btcd would
// take it. The pool runs scripts of a branch before btcd connects anything of it.
func TestBadBranch(t *testing.T) {
	b, params := mineBranches(t), chaincfg.RegressionNetParams
	params.Checkpoints = []chaincfg.Checkpoint{{Height: 1 << 20, Hash: &chainhash.Hash{}}}
	c := testChain(t, &params, 2)
	takeAll(t, c, b.first, 0)
	bad := b.common.Fork(forkHeight, 3)
	theft := b.instead.Copy()
	theft.TxIn[0].SignatureScript[20] ^= 1
	bad.Mine(theft)
	bad.Mine()
	for _, block := range bad.Blocks()[forkHeight+1:] {
		if err := c.take(block); err != nil {
			t.Fatal(err)
		}
	}
	last := bad.Mine()
	var script *scriptError
	if err := c.take(last); !errors.As(err, &script) {
		t.Fatalf("a branch with a bad signature: %v", err)
	}
	if got := c.BestSnapshot().Hash; got != *b.first.Tip().Hash() || c.disconnected.Load() != 0 {
		t.Fatal("the chain has changed")
	}
	if _, _, err := c.ProcessBlock(last, 0); err != nil || c.BestSnapshot().Hash != *last.Hash() {
		t.Errorf("btcd alone: %v; want it to take the branch, or this test proves nothing", err)
	}
}

// TestBranchSpends checks what a branch finds to spend: what the chain has spent above the fork, not what it has made there; what the
// branch has made, and not what it has spent.
func TestBranchSpends(t *testing.T) {
	b := mineBranches(t)
	spendOf := func(tx *wire.MsgTx) *wire.MsgTx {
		next := wire.NewMsgTx(1)
		id := tx.TxHash()
		next.AddTxIn(wire.NewTxIn(wire.NewOutPoint(&id, 0), nil, nil))
		return next
	}
	for _, test := range []struct {
		name string
		tx   *wire.MsgTx
		ok   bool
	}{
		{"spent by the chain only", b.lost, true},
		{"made by the chain only", spendOf(b.lost), false},
		{"made by the branch", spendOf(b.moved), true},
		{"spent by the branch", b.instead, false},
	} {
		c := testChain(t, &chaincfg.RegressionNetParams, 1)
		takeAll(t, c, b.first, 0)
		v, err := c.viewAt(forkHeight)
		if err != nil {
			t.Fatal(err)
		}
		if test.name != "spent by the chain only" {
			for _, block := range b.second.Blocks()[forkHeight+1:] {
				v.connect(block)
			}
		}
		if _, err := v.unspent(test.tx.TxIn[0].PreviousOutPoint); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestBlockWithoutParent(t *testing.T) {
	b, c := mineBranches(t), testChain(t, &chaincfg.RegressionNetParams, 1)
	takeAll(t, c, b.common, 0)
	if err := c.take(b.second.Tip()); !errors.Is(err, errNoParent) {
		t.Errorf("a block whose parents are missing: %v, want errNoParent", err)
	}
	if err := c.take(btcutil.NewBlock(b.common.Tip().MsgBlock())); err != nil {
		t.Errorf("a block that we have: %v, want none", err)
	}
}
