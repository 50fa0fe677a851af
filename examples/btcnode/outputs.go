// SPDX-License-Identifier: MIT

package main

import (
	"fmt"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// outputs finds what can be spent on top of some block.
type outputs func(wire.OutPoint) (*wire.TxOut, error)

// spentOutputs collects the outputs that the inputs of block spend: those that were there before it, or made by transactions
// before them in the same block.
func spentOutputs(block *btcutil.Block, unspent outputs) (*txscript.MultiPrevOutFetcher, error) {
	spent := txscript.NewMultiPrevOutFetcher(nil)
	created := make(map[wire.OutPoint]*wire.TxOut)
	for _, tx := range block.Transactions() {
		for _, in := range inputs(tx) {
			out, err := created[in.PreviousOutPoint], error(nil)
			if out == nil {
				out, err = unspent(in.PreviousOutPoint)
			}
			if err != nil {
				return nil, fmt.Errorf("transaction %v: %w", tx.Hash(), err)
			}
			spent.AddPrevOut(in.PreviousOutPoint, out)
		}
		for i, out := range tx.MsgTx().TxOut {
			created[wire.OutPoint{Hash: *tx.Hash(), Index: uint32(i)}] = out
		}
	}
	return spent, nil
}

// unspentOutput finds what can be spent on top of the tip.
func (c *chain) unspentOutput(op wire.OutPoint) (*wire.TxOut, error) {
	entry, err := c.FetchUtxoEntry(op)
	if err != nil {
		return nil, err
	}
	if entry == nil || entry.IsSpent() {
		return nil, notSpendable(op)
	}
	return &wire.TxOut{Value: entry.Amount(), PkScript: entry.PkScript()}, nil
}

func notSpendable(op wire.OutPoint) error {
	return fmt.Errorf("output %v does not exist or is spent", op)
}

// inputs returns what tx spends: nothing for a coinbase.
func inputs(tx *btcutil.Tx) []*wire.TxIn {
	if blockchain.IsCoinBase(tx) {
		return nil
	}
	return tx.MsgTx().TxIn
}

// scriptFlags returns the rules that are in force for a block by its time (BIP 16) or height (BIP 65 and 66), as in btcd's
// checkConnectBlock. A rule applied too early would refuse real old blocks.
func (c *chain) scriptFlags(block *btcutil.Block) (flags txscript.ScriptFlags) {
	header := &block.MsgBlock().Header
	if !header.Timestamp.Before(txscript.Bip16Activation) {
		flags |= txscript.ScriptBip16
	}
	if header.Version >= 3 && block.Height() >= c.params.BIP0066Height {
		flags |= txscript.ScriptVerifyDERSignatures
	}
	if header.Version >= 4 && block.Height() >= c.params.BIP0065Height {
		flags |= txscript.ScriptVerifyCheckLockTimeVerify
	}
	return flags
}

// deployedFlags returns the rules that miners have brought in by what they signalled below the tip.
func (c *chain) deployedFlags() (flags txscript.ScriptFlags, err error) {
	for _, d := range []struct {
		id    uint32
		flags txscript.ScriptFlags
	}{
		{chaincfg.DeploymentCSV, txscript.ScriptVerifyCheckSequenceVerify},
		{chaincfg.DeploymentSegwit, txscript.ScriptVerifyWitness | txscript.ScriptStrictMultiSig},
		{chaincfg.DeploymentTaproot, txscript.ScriptVerifyTaproot},
	} {
		active, err := c.IsDeploymentActive(d.id)
		if err != nil {
			return 0, err
		}
		if active {
			flags |= d.flags
		}
	}
	return flags, nil
}
