// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite"
)

// connections is how many requests may use the database at a time.
const connections = 4

// A store keeps the entries. Its methods take no context: the driver drops a connection whose query was cancelled, and a new
// one would have to open files. They are all short.
type store struct{ db *sql.DB }

type entry struct {
	ID   int64     `json:"id"`
	At   time.Time `json:"at"`
	Name string    `json:"name"`
	Text string    `json:"text"`
}

var migrations = []string{
	"CREATE TABLE entries (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, name TEXT NOT NULL)",
	"ALTER TABLE entries ADD COLUMN text TEXT NOT NULL DEFAULT ''",
}

// openStore opens all that will ever be opened.
func openStore(file string) (*store, error) {
	db, err := dial(file)
	if err != nil {
		return nil, err
	}
	s := &store{db}
	if err := errors.Join(s.migrate(), s.connect()); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

func dial(file string) (*sql.DB, error) {
	name, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	query := url.Values{"_pragma": {"journal_mode(WAL)", "busy_timeout(60000)", "temp_store(MEMORY)"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: name, RawQuery: query.Encode()}).String())
	if err == nil {
		db.SetMaxOpenConns(connections)
	}
	return db, err
}

func (s *store) migrate() error {
	var version int
	if err := s.db.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	for ; version < len(migrations); version++ {
		tx, err := s.db.Begin()
		if err != nil {
			return err
		}
		if _, err := tx.Exec(migrations[version] + fmt.Sprintf("; PRAGMA user_version = %d", version+1)); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		if err := tx.Commit(); err != nil {
			return err
		}
	}
	return nil
}

func (s *store) add(e entry) (entry, error) {
	e.At = time.Now().UTC().Truncate(time.Second)
	r, err := s.db.Exec("INSERT INTO entries (at, name, text) VALUES (?, ?, ?)", e.At.Unix(), e.Name, e.Text)
	if err != nil {
		return e, err
	}
	e.ID, err = r.LastInsertId()
	return e, err
}

// latest are the newest entries.
func (s *store) latest() ([]entry, error) {
	rows, err := s.db.Query("SELECT id, at, name, text FROM entries ORDER BY id DESC LIMIT 50")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := []entry{}
	for rows.Next() {
		var e entry
		var at int64
		if err := rows.Scan(&e.ID, &at, &e.Name, &e.Text); err != nil {
			return nil, err
		}
		e.At = time.Unix(at, 0).UTC()
		all = append(all, e)
	}
	return all, rows.Err()
}

// backup is the whole database as one file, made in memory.
func (s *store) backup() (file []byte, err error) {
	c, err := s.db.Conn(context.Background())
	if err != nil {
		return nil, err
	}
	defer c.Close()
	err = c.Raw(func(conn any) error {
		file, err = conn.(interface{ Serialize() ([]byte, error) }).Serialize()
		return err
	})
	return file, err
}

// close writes the log back into the database.
func (s *store) close() error {
	_, err := s.db.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
	return errors.Join(err, s.db.Close())
}
