// SPDX-License-Identifier: MIT

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/syndtr/goleveldb/leveldb"
)

// indexBatch blocks are indexed by one write.
const indexBatch = 500

// heightKey holds the height up to which the index is complete. It is shorter than any transaction id.
var heightKey = []byte("height")

// txIndex maps transaction ids to the height of their block. It is a goleveldb of its own, the store that ffldb is made of
// too: what the node needs of the kernel does not grow, and the index can lag or be deleted without harm to the chain.
type txIndex struct {
	chain *chain
	db    *leveldb.DB
	wake  chan struct{} // holds one token at most: any number of new blocks is one piece of news
	txs   atomic.Int64  // indexed by this process
}

func openTxIndex(dir string, c *chain) (*txIndex, error) {
	db, err := leveldb.OpenFile(filepath.Join(dir, "txindex"), nil)
	if err != nil {
		return nil, fmt.Errorf("transaction index: %w", err)
	}
	return &txIndex{chain: c, db: db, wake: make(chan struct{}, 1)}, nil
}

// notify says that the chain may have grown.
func (x *txIndex) notify() {
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

// run is the body of the transaction index role: it follows the chain until the node stops.
func (x *txIndex) run(quit <-chan struct{}) {
	for {
		for more := true; more; {
			var err error
			if more, err = x.indexSome(); err != nil {
				slog.Error("transaction index stopped", "err", err)
				return
			}
			select {
			case <-quit:
				return
			default:
			}
		}
		select {
		case <-x.wake:
		case <-quit:
			return
		}
	}
}

// indexSome indexes up to indexBatch blocks; more says whether there are more. After a kill -9 the index may be ahead of the
// chain: those blocks come again and say the same.
func (x *txIndex) indexSome() (more bool, err error) {
	done, err := x.height()
	if err != nil {
		return false, err
	}
	best := x.chain.height()
	if done >= best {
		return false, nil
	}
	batch, last := new(leveldb.Batch), min(best, done+indexBatch)
	var txs int64
	for h := done + 1; h <= last; h++ {
		block, err := x.chain.BlockByHeight(h)
		if err != nil {
			return false, err
		}
		for _, tx := range block.Transactions() {
			batch.Put(tx.Hash()[:], encodeHeight(h))
			txs++
		}
	}
	batch.Put(heightKey, encodeHeight(last))
	if err := x.db.Write(batch, nil); err != nil {
		return false, err
	}
	x.txs.Add(txs)
	return last < best, nil
}

// find returns a transaction and its block.
func (x *txIndex) find(id *chainhash.Hash) (*btcutil.Tx, *btcutil.Block, error) {
	value, err := x.db.Get(id[:], nil)
	if err != nil {
		return nil, nil, err
	}
	block, err := x.chain.BlockByHeight(decodeHeight(value))
	if err != nil {
		return nil, nil, err
	}
	for _, tx := range block.Transactions() {
		if *tx.Hash() == *id {
			return tx, block, nil
		}
	}
	return nil, nil, leveldb.ErrNotFound
}

// height returns the height up to which the index is complete; -1: nothing is indexed yet, the genesis block comes first.
func (x *txIndex) height() (int32, error) {
	value, err := x.db.Get(heightKey, nil)
	switch {
	case errors.Is(err, leveldb.ErrNotFound):
		return -1, nil
	case err != nil:
		return 0, err
	}
	return decodeHeight(value), nil
}

func (x *txIndex) close() error { return x.db.Close() }

func encodeHeight(h int32) []byte {
	return binary.LittleEndian.AppendUint32(nil, uint32(h))
}

func decodeHeight(b []byte) int32 {
	return int32(binary.LittleEndian.Uint32(b))
}
