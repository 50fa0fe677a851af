// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
)

var bucket = []byte("records")

func openBolt(dir string) (*bolt.DB, error) {
	return bolt.Open(filepath.Join(dir, "bolt.db"), 0o600, nil)
}

func fillBolt(db *bolt.DB) error {
	for from := 0; from < records; from += batch {
		err := db.Update(func(tx *bolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists(bucket)
			for i := from; err == nil && i < from+batch; i++ {
				err = b.Put(key(i), value(i))
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func useBolt(dir string) error {
	db, err := openBolt(dir)
	if err != nil {
		return err
	}
	if err := errors.Join(fillBolt(db), compactBolt(db, dir), db.Close()); err != nil {
		return err
	}
	return reopenBolt(dir)
}

// compactBolt writes a copy without free pages, which takes the place of the original.
func compactBolt(db *bolt.DB, dir string) error {
	name := filepath.Join(dir, "compact.db")
	to, err := bolt.Open(name, 0o600, nil)
	if err != nil {
		return err
	}
	if err := errors.Join(bolt.Compact(to, db, 1<<16), to.Close()); err != nil {
		return err
	}
	return os.Rename(name, db.Path())
}

// crashBolt ends in the middle of a transaction, which then has not happened.
func crashBolt(dir string) error {
	db, err := openBolt(dir)
	if err != nil {
		return err
	}
	if err := fillBolt(db); err != nil {
		return err
	}
	tx, err := db.Begin(true)
	if err != nil {
		return err
	}
	return tx.DeleteBucket(bucket)
}

func reopenBolt(dir string) error {
	db, err := openBolt(dir)
	if err != nil {
		return err
	}
	return errors.Join(db.View(readBolt), db.Close())
}

func readBolt(tx *bolt.Tx) error {
	b := tx.Bucket(bucket)
	if b == nil {
		return errors.New("the bucket is gone")
	}
	n := 0
	err := b.ForEach(func(k, v []byte) error {
		n++
		return check(n-1, k, v)
	})
	return errors.Join(err, checkAll(n))
}
