// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
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
			//sandboxvet:ignore read,fstat,fcntl,getdents64,openat,newfstatat,renameat,readlinkat the precomputed table is read from memory
			err = vm.Execute() //sandboxvet:ignore close,epoll_ctl package txscript logs nowhere, and no log is closed while somebody writes to it
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
