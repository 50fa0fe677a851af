// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
)

func openBadger(dir string) (*badger.DB, error) {
	// Small tables, and values in the value log. SyncWrites is an msync for each transaction.
	return badger.Open(badger.DefaultOptions(filepath.Join(dir, "badger")).WithLogger(nil).
		WithMemTableSize(1 << 20).WithValueLogFileSize(1 << 20).WithValueThreshold(256).WithSyncWrites(true))
}

func fillBadger(db *badger.DB) error {
	for from := 0; from < records; from += batch {
		err := db.Update(func(tx *badger.Txn) error {
			for i := from; i < from+batch; i++ {
				if err := tx.Set(key(i), value(i)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// useBadger writes everything twice, so that there is garbage to collect.
func useBadger(dir string) error {
	db, err := openBadger(dir)
	if err != nil {
		return err
	}
	if err := errors.Join(fillBadger(db), fillBadger(db), compactBadger(db), db.Close()); err != nil {
		return err
	}
	return reopenBadger(dir)
}

func compactBadger(db *badger.DB) error {
	err := db.RunValueLogGC(0.1)
	if errors.Is(err, badger.ErrNoRewrite) {
		err = nil
	}
	return errors.Join(db.Flatten(1), err)
}

// crashBadger leaves its tables in memory, which are files that are mapped.
func crashBadger(dir string) error {
	db, err := openBadger(dir)
	if err != nil {
		return err
	}
	return fillBadger(db)
}

func reopenBadger(dir string) error {
	db, err := openBadger(dir)
	if err != nil {
		return err
	}
	return errors.Join(db.View(readBadger), compactBadger(db), db.Close())
}

func readBadger(tx *badger.Txn) error {
	it := tx.NewIterator(badger.DefaultIteratorOptions)
	defer it.Close()
	n := 0
	for it.Rewind(); it.Valid(); it.Next() {
		item := it.Item()
		if err := item.Value(func(v []byte) error { return check(n, item.Key(), v) }); err != nil {
			return err
		}
		n++
	}
	return checkAll(n)
}
