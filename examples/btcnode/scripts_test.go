// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/blockfile"
	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/miner"
	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/nodeproc"
)

// firstSpend is the height of the first block with an input to check: Satoshi pays Hal Finney.
const firstSpend = 170

// startPool starts workers on plain goroutines; the policies are the node test's business.
func startPool(t *testing.T, workers int) *scriptPool {
	t.Helper()
	p := newScriptPool(workers)
	for i := range workers {
		go p.work(i)
	}
	t.Cleanup(p.close)
	return p
}

func testChain(t *testing.T, params *chaincfg.Params, workers int) *chain {
	t.Helper()
	c, err := openChain(t.TempDir(), params, startPool(t, workers), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// realBlocks returns the first n blocks of the main chain after the genesis block.
func realBlocks(t *testing.T, n int) []*btcutil.Block {
	t.Helper()
	path, err := nodeproc.BlockFile()
	if err != nil {
		t.Fatal(err)
	}
	enough := errors.New("enough")
	var blocks []*btcutil.Block
	err = blockfile.Each(path, wire.MainNet, func(b *btcutil.Block) error {
		if blocks = append(blocks, b); len(blocks) > n {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Fatal(err)
	}
	return blocks[1:]
}

// corrupt returns a copy of block with one bit of the first signature changed.
func corrupt(block *btcutil.Block) *btcutil.Block {
	changed := block.MsgBlock().Copy()
	changed.Transactions[1].TxIn[0].SignatureScript[20] ^= 1
	return btcutil.NewBlock(changed)
}

func TestCorruptedSignatureIsRefused(t *testing.T) {
	c := testChain(t, &chaincfg.MainNetParams, 2)
	blocks := realBlocks(t, firstSpend)
	for _, b := range blocks[:firstSpend-1] {
		if err := c.take(b); err != nil {
			t.Fatal(err)
		}
	}
	if n := c.scripts.total(); n != 0 {
		t.Fatalf("%d scripts run before the first spend", n)
	}
	var bad *scriptError
	if err := c.take(corrupt(blocks[firstSpend-1])); !errors.As(err, &bad) {
		t.Fatalf("connecting a block with a bad signature: %v, want a script error", err)
	}
	if h := c.height(); h != firstSpend-1 {
		t.Fatalf("height %d after a bad block, want %d", h, firstSpend-1)
	}
	if err := c.take(blocks[firstSpend-1]); err != nil {
		t.Fatalf("the real block: %v", err)
	}
	if n := c.scripts.total(); n != 2 {
		t.Errorf("%d scripts run, want 2: the bad one and the good one", n)
	}
}

// TestPoolIsTheOnlyCheck makes a chain on which btcd, for its checkpoint, takes a block that spends without being allowed to. The
// pool must not.
func TestPoolIsTheOnlyCheck(t *testing.T) {
	params := chaincfg.RegressionNetParams
	params.Checkpoints = []chaincfg.Checkpoint{{Height: 1 << 20, Hash: &chainhash.Hash{}}}
	c := testChain(t, &params, 2)
	never := []byte{txscript.OP_FALSE}
	var coinbase *wire.MsgTx
	for c.height() <= int32(params.CoinbaseMaturity) {
		b := mine(c, never)
		if coinbase == nil {
			coinbase = b.MsgBlock().Transactions[0]
		}
		if err := c.take(b); err != nil {
			t.Fatal(err)
		}
	}
	spend := wire.NewMsgTx(1)
	spend.AddTxIn(wire.NewTxIn(&wire.OutPoint{Hash: coinbase.TxHash()}, nil, nil))
	spend.AddTxOut(wire.NewTxOut(coinbase.TxOut[0].Value, []byte{txscript.OP_TRUE}))
	theft, before := mine(c, never, spend), c.height()

	var bad *scriptError
	if err := c.take(theft); !errors.As(err, &bad) {
		t.Fatalf("connect: %v, want a script error", err)
	}
	if c.height() != before {
		t.Fatal("the block was connected")
	}
	if _, _, err := c.ProcessBlock(theft, blockchain.BFNone); err != nil || c.height() != before+1 {
		t.Fatalf("btcd alone: %v; want it to take the block, or this test proves nothing", err)
	}
}

// mine makes a block on top of c's tip.
func mine(c *chain, payTo []byte, txs ...*wire.MsgTx) *btcutil.Block {
	tip := c.BestSnapshot()
	return miner.Block(c.params, miner.Parent{Hash: tip.Hash, Height: tip.Height, Time: tip.MedianTime}, 0, payTo, txs...)
}

// TestEveryInputIsRun puts the bad input at every place of a transaction: whatever worker gets it, the block is refused.
func TestEveryInputIsRun(t *testing.T) {
	for _, inputs := range []int{1, 2, 3, 4, 5, 16} {
		for bad := -1; bad < inputs; bad++ {
			pool := startPool(t, 3)
			block, spent := spendAll(inputs, bad)
			err := pool.check(block, spent, 0)
			if (err != nil) != (bad >= 0) {
				t.Errorf("%d inputs, bad one %d: %v", inputs, bad, err)
			}
			if n := pool.total(); bad < 0 && n != int64(inputs) {
				t.Errorf("%d scripts run for %d inputs", n, inputs)
			}
		}
	}
}

// spendAll makes a block whose second transaction has n inputs, all spendable but the bad one.
func spendAll(n, bad int) (*btcutil.Block, *txscript.MultiPrevOutFetcher) {
	spent := txscript.NewMultiPrevOutFetcher(nil)
	coinbase, tx := wire.NewMsgTx(1), wire.NewMsgTx(1)
	coinbase.AddTxIn(wire.NewTxIn(wire.NewOutPoint(&chainhash.Hash{}, wire.MaxPrevOutIndex), nil, nil))
	for i := range n {
		op := wire.OutPoint{Hash: chainhash.Hash{1}, Index: uint32(i)}
		script := []byte{txscript.OP_TRUE}
		if i == bad {
			script = []byte{txscript.OP_FALSE}
		}
		spent.AddPrevOut(op, wire.NewTxOut(1, script))
		tx.AddTxIn(wire.NewTxIn(&op, nil, nil))
	}
	block := wire.NewMsgBlock(&wire.BlockHeader{})
	block.Transactions = []*wire.MsgTx{coinbase, tx}
	return btcutil.NewBlock(block), spent
}

func TestUnknownOutputIsRefused(t *testing.T) {
	c := testChain(t, &chaincfg.RegressionNetParams, 1)
	tx := wire.NewMsgTx(1)
	tx.AddTxIn(wire.NewTxIn(&wire.OutPoint{Hash: chainhash.Hash{7}}, nil, nil))
	err := c.take(mine(c, nil, tx))
	if err == nil || !strings.Contains(err.Error(), "does not exist or is spent") {
		t.Errorf("connect: %v", err)
	}
}

func TestScriptFlags(t *testing.T) {
	c := testChain(t, &chaincfg.MainNetParams, 1)
	const late = 1_000_000
	tests := []struct {
		name    string
		version int32
		height  int32
		time    time.Time
		want    txscript.ScriptFlags
	}{
		{"2009", 1, 170, time.Unix(1231731025, 0), 0},
		{"a second before BIP 16", 1, 170, txscript.Bip16Activation.Add(-time.Second), 0},
		{"BIP 16", 1, 170, txscript.Bip16Activation, txscript.ScriptBip16},
		{"BIP 66 wants version 3", 2, late, time.Unix(0, 0), 0},
		{"BIP 66", 3, late, time.Unix(0, 0), txscript.ScriptVerifyDERSignatures},
		{"BIP 66, too low", 3, c.params.BIP0066Height - 1, time.Unix(0, 0), 0},
		{"BIP 65", 4, late, time.Unix(0, 0), txscript.ScriptVerifyDERSignatures | txscript.ScriptVerifyCheckLockTimeVerify},
	}
	for _, test := range tests {
		block := btcutil.NewBlock(wire.NewMsgBlock(&wire.BlockHeader{Version: test.version, Timestamp: test.time}))
		block.SetHeight(test.height)
		if got := c.scriptFlags(block); got != test.want {
			t.Errorf("%s: flags %b, want %b", test.name, got, test.want)
		}
	}
}
