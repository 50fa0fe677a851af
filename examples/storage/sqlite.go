// SPDX-License-Identifier: MIT

package main

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
)

// An sqliteMode is how SQLite keeps its journal and its locks.
type sqliteMode struct {
	options string // of the data source name
	// openFileLocks: locks that no close of another descriptor drops, and fdatasync
	// instead of fsync.
	openFileLocks bool
}

var (
	journalMode = sqliteMode{}
	walMode     = sqliteMode{options: "_pragma=journal_mode(WAL)"}
	mappedMode  = sqliteMode{options: "_pragma=mmap_size(1073741824)"}
	dotfileMode = sqliteMode{options: "vfs=unix-dotfile"} // locks are directories: network file systems
	ofdMode     = sqliteMode{openFileLocks: true}
)

// open gives it a small cache, so that it writes before a transaction ends and needs
// temporary files.
func (m sqliteMode) open(dir string) (*sql.DB, error) {
	if m.openFileLocks {
		if _, err := sqlite.OFDLocking(true); err != nil {
			return nil, err
		}
		if _, err := sqlite.Fdatasync(true); err != nil {
			return nil, err
		}
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "sqlite.db")+"?_pragma=cache_size(10)&"+m.options)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

func fillSQLite(db *sql.DB) error {
	if _, err := db.Exec("CREATE TABLE IF NOT EXISTS records (k BLOB PRIMARY KEY, v BLOB)"); err != nil {
		return err
	}
	for from := 0; from < records; from += batch {
		tx, err := db.Begin()
		for i := from; err == nil && i < from+batch; i++ {
			_, err = tx.Exec("INSERT OR REPLACE INTO records VALUES (?, ?)", key(i), value(i))
		}
		if err == nil {
			err = tx.Commit()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (m sqliteMode) use(dir string) error {
	db, err := m.open(dir)
	if err != nil {
		return err
	}
	err = fillSQLite(db)
	if err == nil {
		_, err = db.Exec("VACUUM") // by a temporary file
	}
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	return m.reopen(dir)
}

// crash ends in the middle of a transaction that is too large for the cache, so that
// part of it is in the database already, and the journal has what to put back.
func (m sqliteMode) crash(dir string) error {
	db, err := m.open(dir)
	if err != nil {
		return err
	}
	if err := fillSQLite(db); err != nil {
		return err
	}
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	_, err = tx.Exec("UPDATE records SET v = zeroblob(400)")
	return err
}

func (m sqliteMode) reopen(dir string) error {
	db, err := m.open(dir)
	if err != nil {
		return err
	}
	return errors.Join(readSQLite(db), db.Close())
}

// linkData makes a directory that is a symbolic link, as where the data of a node has
// moved to another disk.
func linkData(dir string) error { return os.Symlink(dir, filepath.Join(dir, "link")) }

func useLinked(dir string) error { return journalMode.use(filepath.Join(dir, "link")) }

func readSQLite(db *sql.DB) error {
	rows, err := db.Query("SELECT k, v FROM records ORDER BY k")
	if err != nil {
		return err
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var k, v []byte
		if err := rows.Scan(&k, &v); err != nil {
			return err
		}
		if err := check(n, k, v); err != nil {
			return err
		}
	}
	return errors.Join(rows.Err(), checkAll(n))
}
