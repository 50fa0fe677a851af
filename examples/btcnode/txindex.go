// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/syndtr/goleveldb/leveldb"
)

// indexBatch blocks are read and indexed together; the index waits for so many, or for indexEvery at most. If its thread were
// woken for each block, that would cost more than the indexing: see ../../docs/threads.md.
const (
	indexBatch = 100
	indexEvery = 250 * time.Millisecond
)

// heightKey holds the height up to which the index is complete. It is shorter than any transaction id.
var heightKey = []byte("height")

// txIndex maps transaction ids to the height of their block. It is a goleveldb of its own, the store that ffldb is made of
// too: what the node needs of the kernel does not grow, and the index can lag or be deleted without harm to the chain. It knows
// which block it has indexed at each height, and so finds out by itself, after a kill -9 too, that the chain has another one now.
type txIndex struct {
	chain   *chain
	db      *leveldb.DB
	wake    chan struct{} // holds one token at most: any number of new blocks is one piece of news
	closing sync.RWMutex  // held for reading by workers that look something up
	done    atomic.Int32  // height up to which the chain was indexed when last looked at
	txs     atomic.Int64  // indexed by this process
}

func openTxIndex(dir string, c *chain) (*txIndex, error) {
	db, err := leveldb.OpenFile(filepath.Join(dir, "txindex"), nil)
	if err != nil {
		return nil, fmt.Errorf("transaction index: %w", err)
	}
	return &txIndex{chain: c, db: db, wake: make(chan struct{}, 1)}, nil
}

// notify is called after each block; it wakes the index when enough of them wait.
func (x *txIndex) notify() {
	if x.chain.height()-x.done.Load() < indexBatch {
		return
	}
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

// run is the body of the transaction index role: it follows the chain until the node stops.
func (x *txIndex) run(quit <-chan struct{}) {
	ticker := time.NewTicker(indexEvery)
	defer ticker.Stop()
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
		case <-ticker.C:
		case <-quit:
			return
		}
	}
}

// indexSome indexes up to indexBatch blocks; more says whether there are more.
func (x *txIndex) indexSome() (more bool, err error) {
	done, tip, err := x.rewind()
	if err != nil {
		return false, err
	}
	x.done.Store(done)
	best := x.chain.height()
	if done >= best {
		return false, nil
	}
	blocks, err := x.chain.above(done, min(best-done, indexBatch))
	if err != nil {
		return false, err
	}
	batch, last := new(leveldb.Batch), done
	var txs int64
	for _, block := range blocks {
		if block.MsgBlock().Header.PrevBlock != tip {
			break // a branch takes the chain's place just now
		}
		last, tip = last+1, *block.Hash()
		for _, tx := range block.Transactions() {
			batch.Put(tx.Hash()[:], encodeHeight(last))
			txs++
		}
		batch.Put(blockKey(last), tip[:])
	}
	batch.Put(heightKey, encodeHeight(last))
	if err := x.db.Write(batch, nil); err != nil {
		return false, err
	}
	x.txs.Add(txs)
	x.done.Store(last)
	return last < best, nil
}

// rewind takes out the blocks that are not of the chain any more, and returns the newest one that is left and its height.
func (x *txIndex) rewind() (height int32, block chainhash.Hash, err error) {
	for {
		height, err := x.height()
		if err != nil || height < 0 {
			return height, chainhash.Hash{}, err
		}
		indexed, err := x.db.Get(blockKey(height), nil)
		if err != nil && !errors.Is(err, leveldb.ErrNotFound) {
			return 0, chainhash.Hash{}, err
		}
		hash, err := x.chain.BlockHashByHeight(height)
		if err == nil && bytes.Equal(hash[:], indexed) {
			return height, *hash, nil
		}
		if err := x.undo(height, indexed); err != nil {
			return 0, chainhash.Hash{}, err
		}
	}
}

// undo takes out the newest block. After a kill -9 the chain may not have that block; what is left of it then does no harm, since
// find looks into the block that the chain has.
func (x *txIndex) undo(height int32, indexed []byte) error {
	batch := new(leveldb.Batch)
	if hash, err := chainhash.NewHash(indexed); err == nil {
		if block, err := x.chain.storedBlock(hash); err == nil {
			for _, tx := range block.Transactions() {
				batch.Delete(tx.Hash()[:])
			}
		}
	}
	batch.Delete(blockKey(height))
	batch.Put(heightKey, encodeHeight(height-1))
	return x.db.Write(batch, nil)
}

// find returns a transaction and its block.
func (x *txIndex) find(id *chainhash.Hash) (*btcutil.Tx, *btcutil.Block, error) {
	value, err := x.lookup(id)
	if err != nil {
		return nil, nil, err
	}
	hash, err := x.chain.BlockHashByHeight(decodeHeight(value))
	if err != nil {
		return nil, nil, leveldb.ErrNotFound // the chain has become shorter, and the index is behind
	}
	block, err := x.chain.storedBlock(hash)
	if err != nil {
		return nil, nil, err
	}
	block.SetHeight(decodeHeight(value))
	for _, tx := range block.Transactions() {
		if *tx.Hash() == *id {
			return tx, block, nil
		}
	}
	return nil, nil, leveldb.ErrNotFound
}

// lookup is what workers do to the index. goleveldb lets the last user of a table remove it, and a Get that is overtaken by Close
// logs that, to a file that may have to be exchanged (leveldb/version.go, releaseNB): a worker may do neither.
func (x *txIndex) lookup(id *chainhash.Hash) ([]byte, error) {
	x.closing.RLock()
	defer x.closing.RUnlock()
	//sandboxvet:ignore unlinkat@net-http-server-worker a table is removed when no version has it any more, and Get holds one
	//sandboxvet:ignore openat@net-http-server-worker,renameat@net-http-server-worker Get logs only while the database is closed, which waits
	return x.db.Get(id[:], nil)
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

func (x *txIndex) close() error {
	x.closing.Lock()
	defer x.closing.Unlock()
	return x.db.Close()
}

// blockKey holds the hash of the block indexed at a height.
func blockKey(h int32) []byte { return append([]byte("block"), encodeHeight(h)...) }

func encodeHeight(h int32) []byte {
	return binary.LittleEndian.AppendUint32(nil, uint32(h))
}

func decodeHeight(b []byte) int32 {
	return int32(binary.LittleEndian.Uint32(b))
}
