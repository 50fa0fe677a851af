// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"os"
	"path/filepath"
	"sync"

	"github.com/btcsuite/btcd/database"
	_ "github.com/btcsuite/btcd/database/ffldb" // registers "ffldb"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/syscall-sandbox/sandbox"
)

// store is btcd's ffldb with a flush. ffldb keeps up to five minutes of metadata in memory (database/ffldb/dbcache.go,
// needsFlush) and writes it early only on Close; a process killed before that starts again from the genesis block. So a
// flush closes the database and opens it again. The chain on top keeps its handle: it holds the store, not the ffldb.
type store struct {
	path string
	net  wire.BitcoinNet

	mu   sync.RWMutex // held for reading by View, for writing by Update and while the database is exchanged
	db   database.DB
	lost error // why a flush has left no database open
}

func openStore(dir string, net wire.BitcoinNet) (*store, error) {
	s := &store{path: filepath.Join(dir, "blocks"), net: net}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	err := s.open()
	var dbErr database.Error
	if errors.As(err, &dbErr) && dbErr.ErrorCode == database.ErrDbDoesNotExist {
		s.db, err = database.Create("ffldb", s.path, s.net)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (s *store) open() (err error) {
	s.db, err = database.Open("ffldb", s.path, s.net)
	return err
}

// flush writes all that was committed to the disk.
func (s *store) flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost == nil {
		s.lost = explained(s.db.Close())
	}
	if s.lost == nil {
		s.lost = explained(s.open())
	}
	return s.lost
}

// Type, Begin, View, Update and Close make the store a database.DB. Begin is not guarded against flush: package
// blockchain uses managed transactions only, and nothing else here has the handle.
func (s *store) Type() string { return s.db.Type() }

func (s *store) Begin(bool) (database.Tx, error) {
	return nil, errors.New("store: use View or Update")
}

func (s *store) View(fn func(database.Tx) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.lost != nil {
		return s.lost
	}
	//sandboxvet:ignore unlinkat@net-http-server-worker a table is removed when no version has it any more, and Get holds one
	//sandboxvet:ignore openat@net-http-server-worker,renameat@net-http-server-worker Get logs only while the database is closed, which waits
	return explained(s.db.View(fn))
}

// Update excludes View: ffldb opens the file that it writes blocks to under another lock than the one under which readers look
// whether it is open (ffldb/blockio.go, writeBlock and blockFile), and after each flush it opens it again.
func (s *store) Update(fn func(database.Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost != nil {
		return s.lost
	}
	return explained(s.db.Update(fn))
}

func (s *store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost != nil {
		return nil // nothing is open
	}
	return explained(s.db.Close())
}

// storageError is what the disk, or the sandbox, did to the database. No peer is to blame for it, and the node cannot go on.
type storageError struct{ cause error }

func (e *storageError) Error() string { return "database: " + e.cause.Error() }
func (e *storageError) Unwrap() error { return e.cause }

// explained makes a storageError of what the operating system said to the database: btcd's type keeps the cause where errors.As
// does not look. What the sandbox adds is about the policies of the calling thread.
func explained(err error) error {
	var dbErr database.Error
	if !errors.As(err, &dbErr) || dbErr.ErrorCode != database.ErrDriverSpecific || dbErr.Err == nil {
		return err
	}
	return &storageError{sandbox.ExplainError(dbErr.Err)}
}
