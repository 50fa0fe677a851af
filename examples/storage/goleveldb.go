// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"path/filepath"

	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/opt"
	"github.com/syndtr/goleveldb/leveldb/util"
)

func openLevelDB(dir string) (*leveldb.DB, error) {
	// A small buffer has it write tables, and compact them, on the way.
	return leveldb.OpenFile(filepath.Join(dir, "level"), &opt.Options{WriteBuffer: 64 << 10})
}

func fillLevelDB(db *leveldb.DB) error {
	for from := 0; from < records; from += batch {
		b := new(leveldb.Batch)
		for i := from; i < from+batch; i++ {
			b.Put(key(i), value(i))
		}
		if err := db.Write(b, &opt.WriteOptions{Sync: true}); err != nil {
			return err
		}
	}
	return nil
}

func useLevelDB(dir string) error {
	db, err := openLevelDB(dir)
	if err != nil {
		return err
	}
	if err := errors.Join(fillLevelDB(db), db.CompactRange(util.Range{}), db.Close()); err != nil {
		return err
	}
	return reopenLevelDB(dir)
}

// crashLevelDB leaves the last batches in the journal only.
func crashLevelDB(dir string) error {
	db, err := openLevelDB(dir)
	if err != nil {
		return err
	}
	return fillLevelDB(db)
}

func reopenLevelDB(dir string) error {
	db, err := openLevelDB(dir)
	if err != nil {
		return err
	}
	return errors.Join(readLevelDB(db), db.CompactRange(util.Range{}), db.Close())
}

func readLevelDB(db *leveldb.DB) error {
	it := db.NewIterator(nil, nil)
	defer it.Release()
	n := 0
	for ; it.Next(); n++ {
		if err := check(n, it.Key(), it.Value()); err != nil {
			return err
		}
	}
	return errors.Join(it.Error(), checkAll(n))
}
