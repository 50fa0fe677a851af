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
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// scriptJob is one input of one transaction.
type scriptJob struct {
	tx     *btcutil.Tx
	input  int
	spent  *wire.TxOut
	hashes *txscript.TxSigHashes // shared by the inputs of a witness transaction
}

// scriptBatch is one worker's share of a block: handing over a batch costs one wake-up of a locked thread (12 us), far less
// than one signature check, but not less than none.
type scriptBatch struct {
	jobs    []scriptJob
	fetcher txscript.PrevOutputFetcher
	flags   txscript.ScriptFlags
	done    *sync.WaitGroup
	err     *error // one per batch
}

// scriptPool runs scripts on worker threads. They need memory, a processor and nothing else, so they have the narrowest
// policy of the node: a hole in the script engine finds neither files nor sockets on its thread.
type scriptPool struct {
	batches chan scriptBatch
	runs    []atomic.Int64 // per worker: executions of the script engine
}

func newScriptPool(workers int) *scriptPool {
	return &scriptPool{batches: make(chan scriptBatch, workers), runs: make([]atomic.Int64, workers)}
}

// work is the body of worker i; it ends when the pool is closed.
func (p *scriptPool) work(i int) {
	for b := range p.batches {
		*b.err = p.runBatch(b, &p.runs[i])
		b.done.Done()
	}
}

func (p *scriptPool) runBatch(b scriptBatch, runs *atomic.Int64) error {
	for _, j := range b.jobs {
		vm, err := txscript.NewEngine(j.spent.PkScript, j.tx.MsgTx(), j.input, b.flags, nil, j.hashes, j.spent.Value, b.fetcher)
		if err == nil {
			runs.Add(1)
			err = vm.Execute()
		}
		if err != nil {
			return &scriptError{tx: j.tx.Hash().String(), input: j.input, err: err}
		}
	}
	return nil
}

func (p *scriptPool) close() { close(p.batches) }

func (p *scriptPool) total() (n int64) {
	for i := range p.runs {
		n += p.runs[i].Load()
	}
	return n
}

// scriptError says which input of which transaction may not spend what it spends.
type scriptError struct {
	tx    string
	input int
	err   error
}

func (e *scriptError) Error() string {
	return fmt.Sprintf("script of transaction %s input %d: %v", e.tx, e.input, e.err)
}

func (e *scriptError) Unwrap() error { return e.err }

// check runs the scripts of all inputs of block and waits for the result; spent holds the outputs that they spend.
func (p *scriptPool) check(block *btcutil.Block, spent *txscript.MultiPrevOutFetcher, flags txscript.ScriptFlags) error {
	jobs := scriptJobs(block, spent, flags)
	if len(jobs) == 0 {
		return nil
	}
	share := (len(jobs) + len(p.runs) - 1) / len(p.runs)
	errs := make([]error, len(p.runs))
	var done sync.WaitGroup
	for i := 0; len(jobs) > 0; i++ {
		n := min(share, len(jobs))
		done.Add(1)
		p.batches <- scriptBatch{jobs: jobs[:n], fetcher: spent, flags: flags, done: &done, err: &errs[i]}
		jobs = jobs[n:]
	}
	done.Wait()
	return errors.Join(errs...)
}

func scriptJobs(block *btcutil.Block, spent *txscript.MultiPrevOutFetcher, flags txscript.ScriptFlags) []scriptJob {
	var jobs []scriptJob
	for _, tx := range block.Transactions() {
		if blockchain.IsCoinBase(tx) {
			continue
		}
		var hashes *txscript.TxSigHashes
		if flags&txscript.ScriptVerifyWitness != 0 && tx.HasWitness() {
			hashes = txscript.NewTxSigHashes(tx.MsgTx(), spent)
		}
		for i, in := range tx.MsgTx().TxIn {
			jobs = append(jobs, scriptJob{tx: tx, input: i, spent: spent.FetchPrevOutput(in.PreviousOutPoint), hashes: hashes})
		}
	}
	return jobs
}

// spentOutputs collects the outputs that the inputs of block spend: from the view of the tip, which is the block's parent,
// or from transactions before them in the same block.
func (c *chain) spentOutputs(block *btcutil.Block) (*txscript.MultiPrevOutFetcher, error) {
	spent := txscript.NewMultiPrevOutFetcher(nil)
	created := make(map[wire.OutPoint]*wire.TxOut)
	for _, tx := range block.Transactions() {
		for _, in := range inputs(tx) {
			out, err := c.unspentOutput(in.PreviousOutPoint, created)
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

func (c *chain) unspentOutput(op wire.OutPoint, created map[wire.OutPoint]*wire.TxOut) (*wire.TxOut, error) {
	if out := created[op]; out != nil {
		return out, nil
	}
	entry, err := c.FetchUtxoEntry(op)
	if err != nil {
		return nil, err
	}
	if entry == nil || entry.IsSpent() {
		return nil, fmt.Errorf("output %v does not exist or is spent", op)
	}
	return &wire.TxOut{Value: entry.Amount(), PkScript: entry.PkScript()}, nil
}

// inputs returns what tx spends: nothing for a coinbase.
func inputs(tx *btcutil.Tx) []*wire.TxIn {
	if blockchain.IsCoinBase(tx) {
		return nil
	}
	return tx.MsgTx().TxIn
}

// scriptFlags returns the rules in force for a block on top of the tip: as btcd's checkConnectBlock, by time for BIP 16, by
// height for BIP 65 and 66, by deployment for the later ones. A rule applied too early would refuse real old blocks.
func (c *chain) scriptFlags(block *btcutil.Block) (flags txscript.ScriptFlags, err error) {
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
