// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2"
)

func openPebble(dir string) (*pebble.DB, error) {
	return pebble.Open(filepath.Join(dir, "pebble"), &pebble.Options{
		Logger: quiet{},
		// Small, so that a short run flushes, compacts and syncs on the way.
		MemTableSize:    256 << 10,
		BytesPerSync:    64 << 10,
		WALBytesPerSync: 64 << 10,
	})
}

func fillPebble(db *pebble.DB) error {
	for from := 0; from < records; from += batch {
		b := db.NewBatch()
		for i := from; i < from+batch; i++ {
			if err := b.Set(key(i), value(i), nil); err != nil {
				return err
			}
		}
		if err := b.Commit(pebble.Sync); err != nil {
			return err
		}
	}
	return nil
}

func usePebble(dir string) error {
	db, err := openPebble(dir)
	if err != nil {
		return err
	}
	if err := errors.Join(fillPebble(db), db.Flush(), compactPebble(db), db.Checkpoint(filepath.Join(dir, "checkpoint")), db.Close()); err != nil {
		return err
	}
	return reopenPebble(dir)
}

func compactPebble(db *pebble.DB) error {
	return db.Compact(context.Background(), key(0), key(records), true)
}

// crashPebble leaves what it has written last in the write-ahead log only.
func crashPebble(dir string) error {
	db, err := openPebble(dir)
	if err != nil {
		return err
	}
	return fillPebble(db)
}

func reopenPebble(dir string) error {
	db, err := openPebble(dir)
	if err != nil {
		return err
	}
	return errors.Join(readPebble(db), compactPebble(db), db.Close())
}

func readPebble(db *pebble.DB) error {
	it, err := db.NewIter(nil)
	if err != nil {
		return err
	}
	n := 0
	for ok := it.First(); ok && err == nil; ok = it.Next() {
		err = check(n, it.Key(), it.Value())
		n++
	}
	return errors.Join(err, it.Close(), checkAll(n))
}

// quiet drops what pebble logs. Fatalf must not return.
type quiet struct{}

func (quiet) Infof(string, ...any)              {}
func (quiet) Errorf(string, ...any)             {}
func (quiet) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
