// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/sandboxtest"
	"modernc.org/sqlite"
)

func TestPolicies(t *testing.T) {
	sandboxtest.Allows(t, serving, "accept4", "read", "write", "pwrite64", "fsync", "fcntl(cmd=F_SETLK)", "mmap(prot=PROT_READ|PROT_WRITE, flags=MAP_SHARED)")
	sandboxtest.Refuses(t, serving, "open", "openat", "openat2", "unlink", "unlinkat", "rename", "socket", "connect", "listen", "execve", "mmap(prot=PROT_READ|PROT_EXEC)")
	sandboxtest.Refuses(t, ending, "accept4", "recvfrom", "sendto", "seccomp")
	for _, p := range []sandbox.SyscallSandboxPolicy{serving, ending} {
		sandboxtest.Golden(t, p, filepath.Join("testdata", p.String()+".txt"))
	}
}

const dirVar = "WEBSERVICE_TEST_DIR"

// sharedDir is a directory that is the same in the test and its children: what stands before a child's function is done in
// each process, and TempDir makes each its own. prepare is done once.
func sharedDir(t *testing.T, prepare func(dir string)) string {
	if dir, ok := os.LookupEnv(dirVar); ok {
		return dir
	}
	dir := t.TempDir()
	prepare(dir)
	t.Setenv(dirVar, dir)
	return dir
}

// otherDatabase is one that the service has no business with.
func otherDatabase(t *testing.T, file string) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err == nil {
		_, err = db.Exec("CREATE TABLE secrets AS SELECT 'private' AS secret")
	}
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// Where a policy has open, as one would need whose connections are opened again, SQL opens any file: paths cannot be filtered.
func TestPathsAreNotFiltered(t *testing.T) {
	wide := sandbox.NewPolicy("wide", serving.Builder().AllowLegacyPaths())
	other := filepath.Join(sharedDir(t, func(dir string) { otherDatabase(t, filepath.Join(dir, "other.db")) }), "other.db")
	s := newStore(t)
	sandboxtest.Run(t, wide, func(t testing.TB) {
		var secret string
		c, err := s.db.Conn(context.Background())
		if err == nil {
			_, err = c.ExecContext(context.Background(), "ATTACH ? AS other", other)
		}
		if err == nil {
			err = c.QueryRowContext(context.Background(), "SELECT secret FROM other.secrets").Scan(&secret)
		}
		if err != nil || secret != "private" {
			t.Errorf("%q, %v", secret, err)
		}
	})
}

func newStore(t *testing.T) *store {
	t.Helper()
	s, err := openStore(filepath.Join(t.TempDir(), "book.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.db.Close() })
	return s
}

// hangUp is called by SQL, hang_up().
var hangUp func()

var registerHangUp = sync.OnceValue(func() error {
	return sqlite.RegisterScalarFunction("hang_up", 0, func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
		hangUp()
		return nil, nil
	})
})

// Why no query takes the context of a request: when it ends, so does the connection, and the next one opens files.
func TestCancelledQueries(t *testing.T) {
	if err := registerHangUp(); err != nil {
		t.Fatal(err)
	}
	s := newStore(t)
	sandboxtest.Refused(t, serving, "lstat", func() { // SQLite's first look at the path
		for range connections {
			ctx, cancel := context.WithCancel(context.Background())
			hangUp = cancel
			s.db.ExecContext(ctx, "WITH RECURSIVE c(x) AS (SELECT hang_up() UNION ALL SELECT x FROM c) SELECT count(*) FROM c")
		}
		s.latest()
	})
}

// Why each connection commits before the process is narrowed: the first commit opens the directory.
func TestFirstCommit(t *testing.T) {
	file := filepath.Join(sharedDir(t, func(dir string) {
		s, err := openStore(filepath.Join(dir, "book.db"))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.close(); err != nil {
			t.Fatal(err)
		}
	}), "book.db")
	s := newStore(t) // SQLite has its random numbers
	sandboxtest.Run(t, serving, func(t testing.TB) {
		if _, err := s.add(entry{Name: "Ann"}); err != nil {
			t.Error(err)
		}
	})
	again, err := dial(file)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	notReady := &store{again}
	if _, err := notReady.latest(); err != nil { // database, log and index are open
		t.Fatal(err)
	}
	sandboxtest.Refused(t, serving, "open", func() { notReady.add(entry{Name: "Ann"}) })
}

// What the policy has mmap for: the index of a log that grows past 4,062 pages.
func TestLogGrows(t *testing.T) {
	long := entry{Name: "Ann", Text: strings.Repeat("x", 20<<20)}
	s := newStore(t)
	sandboxtest.Run(t, serving, func(t testing.TB) {
		if _, err := s.add(long); err != nil {
			t.Error(err)
		}
	})
	less := sandbox.NewPolicy("less", sandbox.PolicyNetHTTPServer.Builder().AllowFileLocks().Allow("fsync", "ftruncate", "stat"))
	sandboxtest.Refused(t, less, "mmap", func() { s.add(long) })
}
