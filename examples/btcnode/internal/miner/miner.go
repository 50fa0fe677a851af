// SPDX-License-Identifier: MIT

// Package miner makes block chains of a network on which anybody can make blocks: regtest, where two tries find one.
package miner

import (
	"slices"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// blockTime is between two blocks.
const blockTime = time.Minute

// begin is when the block after the genesis block is made: after BIP 16, without which the later rules that regtest has from the
// beginning make no sense (txscript refuses to run them), and so long ago that no chain here ends in the future.
var begin = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// Parent is what a new block is put on.
type Parent struct {
	Hash   chainhash.Hash
	Height int32
	Time   time.Time
}

// Block makes a block that pays its subsidy to a script. Blocks of two branches need different tags.
func Block(params *chaincfg.Params, on Parent, tag int64, payTo []byte, txs ...*wire.MsgTx) *btcutil.Block {
	coinbase := wire.NewMsgTx(1)
	script, _ := txscript.NewScriptBuilder().AddInt64(int64(on.Height) + 1).AddInt64(tag).Script() // short enough for any number
	coinbase.AddTxIn(wire.NewTxIn(wire.NewOutPoint(&chainhash.Hash{}, wire.MaxPrevOutIndex), script, nil))
	coinbase.AddTxOut(wire.NewTxOut(blockchain.CalcBlockSubsidy(on.Height+1, params), payTo))
	at := on.Time.Add(blockTime)
	if at.Before(begin) {
		at = begin
	}
	block := wire.NewMsgBlock(&wire.BlockHeader{Version: 4, PrevBlock: on.Hash, Bits: params.PowLimitBits, Timestamp: at})
	block.Transactions = append([]*wire.MsgTx{coinbase}, txs...)
	block.Header.MerkleRoot = blockchain.CalcMerkleRoot(btcutil.NewBlock(block).Transactions(), false)
	for hash := block.BlockHash(); blockchain.HashToBig(&hash).Cmp(params.PowLimit) > 0; hash = block.BlockHash() {
		block.Header.Nonce++
	}
	mined := btcutil.NewBlock(block)
	mined.SetHeight(on.Height + 1)
	return mined
}

// Chain is a branch from the genesis block on. Its coinbases pay to one key.
type Chain struct {
	params *chaincfg.Params
	key    *btcec.PrivateKey
	payTo  []byte
	tag    int64
	blocks []*btcutil.Block // by height
}

// New makes a chain that has the genesis block only.
func New(params *chaincfg.Params) (*Chain, error) {
	key, err := btcec.NewPrivateKey()
	if err != nil {
		return nil, err
	}
	payTo, err := txscript.NewScriptBuilder().AddData(key.PubKey().SerializeCompressed()).AddOp(txscript.OP_CHECKSIG).Script()
	if err != nil {
		return nil, err
	}
	genesis := btcutil.NewBlock(params.GenesisBlock)
	genesis.SetHeight(0)
	return &Chain{params: params, key: key, payTo: payTo, blocks: []*btcutil.Block{genesis}}, nil
}

// Fork returns a branch that has the blocks of c up to a height. Its own will differ from those of all branches with other tags.
func (c *Chain) Fork(height int32, tag int64) *Chain {
	branch := *c
	branch.tag, branch.blocks = tag, slices.Clone(c.blocks[:height+1])
	return &branch
}

// Height is that of the newest block.
func (c *Chain) Height() int32 { return int32(len(c.blocks)) - 1 }

// Tip is the newest block.
func (c *Chain) Tip() *btcutil.Block { return c.blocks[len(c.blocks)-1] }

// Blocks are all blocks, by height.
func (c *Chain) Blocks() []*btcutil.Block { return slices.Clone(c.blocks) }

// Mine puts a block on top.
func (c *Chain) Mine(txs ...*wire.MsgTx) *btcutil.Block {
	tip := c.Tip()
	on := Parent{Hash: *tip.Hash(), Height: tip.Height(), Time: tip.MsgBlock().Header.Timestamp}
	block := Block(c.params, on, c.tag, c.payTo, txs...)
	c.blocks = append(c.blocks, block)
	return block
}

// Spend makes a signed transaction of the coinbase at a height; with another fee it is another one.
func (c *Chain) Spend(height int32, fee int64) (*wire.MsgTx, error) {
	coinbase := c.blocks[height].Transactions()[0]
	tx := wire.NewMsgTx(1)
	tx.AddTxIn(wire.NewTxIn(wire.NewOutPoint(coinbase.Hash(), 0), nil, nil))
	tx.AddTxOut(wire.NewTxOut(coinbase.MsgTx().TxOut[0].Value-fee, c.payTo))
	signature, err := txscript.RawTxInSignature(tx, 0, c.payTo, txscript.SigHashAll, c.key)
	if err == nil {
		tx.TxIn[0].SignatureScript, err = txscript.NewScriptBuilder().AddData(signature).Script()
	}
	return tx, err
}
