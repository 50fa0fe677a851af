// SPDX-License-Identifier: MIT

package stdops

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// paths are operations on files by name.
func paths() []Op {
	return []Op{
		{Package: "os", Name: "Open", Make: inDir(func(d string) error { return closed(os.Open(d + "/file")) })},
		{Package: "os", Name: "ReadFile", Make: inDir(func(d string) error { return second(os.ReadFile(d + "/file")) })},
		{Package: "os", Name: "ReadDir", Make: inDir(func(d string) error {
			entries, err := os.ReadDir(d)
			return expect(len(entries), 3, err)
		})},
		{Package: "os", Name: "Stat", Make: inDir(func(d string) error { return second(os.Stat(d + "/file")) })},
		{Package: "os", Name: "Lstat", Make: inDir(func(d string) error { return second(os.Lstat(d + "/link")) })},
		{Package: "os", Name: "Readlink", Make: inDir(func(d string) error {
			to, err := os.Readlink(d + "/link")
			return expect(to, "file", err)
		})},
		{Package: "os", Name: "Create", Make: inDir(func(d string) error { return closed(os.Create(d + "/new")) })},
		{Package: "os", Name: "WriteFile", Make: inDir(func(d string) error { return os.WriteFile(d+"/new", []byte(content), 0o600) })},
		{Package: "os", Name: "OpenFile", With: "O_APPEND", Make: inDir(func(d string) error {
			return closed(os.OpenFile(d+"/file", os.O_APPEND|os.O_WRONLY, 0))
		})},
		{Package: "os", Name: "CreateTemp", Make: plain(func() error { return closed(os.CreateTemp("", "op")) })},
		{Package: "os", Name: "MkdirTemp", Make: plain(func() error { return second(os.MkdirTemp("", "op")) })},
		{Package: "os", Name: "Mkdir", Make: inDir(func(d string) error { return os.Mkdir(d+"/new", 0o700) })},
		{Package: "os", Name: "MkdirAll", Make: inDir(func(d string) error { return os.MkdirAll(d+"/new/newer", 0o700) })},
		{Package: "os", Name: "Rename", Make: inDir(func(d string) error { return os.Rename(d+"/file", d+"/new") })},
		{Package: "os", Name: "Remove", Make: inDir(func(d string) error { return os.Remove(d + "/file") })},
		{Package: "os", Name: "RemoveAll", Make: inDir(os.RemoveAll)},
		{Package: "os", Name: "Link", Make: inDir(func(d string) error { return os.Link(d+"/file", d+"/new") })},
		{Package: "os", Name: "Symlink", Make: inDir(func(d string) error { return os.Symlink("file", d+"/new") })},
		{Package: "os", Name: "Chmod", Make: inDir(func(d string) error { return os.Chmod(d+"/file", 0o400) })},
		{Package: "os", Name: "Chown", Make: makeChown},
		{Package: "os", Name: "Chtimes", Make: inDir(func(d string) error { return os.Chtimes(d+"/file", time.Unix(1, 0), time.Unix(2, 0)) })},
		{Package: "os", Name: "Truncate", Make: inDir(func(d string) error { return os.Truncate(d+"/file", 1) })},
		{Package: "os", Name: "Root.Open", Make: makeRoot},
		{Package: "path/filepath", Name: "WalkDir", Make: inDir(walk)},
		{Package: "path/filepath", Name: "EvalSymlinks", Make: inDir(func(d string) error { return second(filepath.EvalSymlinks(d + "/link")) })},
	}
}

func closed(f *os.File, err error) error {
	if err != nil {
		return err
	}
	return f.Close()
}

func makeChown() (func() error, error) {
	uid, gid := os.Getuid(), os.Getgid()
	return inDir(func(d string) error { return os.Chown(d+"/file", uid, gid) })()
}

func makeRoot() (func() error, error) {
	dir, err := os.MkdirTemp("", "op")
	if err != nil {
		return nil, err
	}
	r, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	keep(r)
	return func() error { return closed(r.Open("file")) }, os.WriteFile(dir+"/file", []byte(content), 0o600)
}

func walk(dir string) error {
	n := 0
	err := filepath.WalkDir(dir, func(_ string, _ fs.DirEntry, err error) error { n++; return err })
	return expect(n, 4, err)
}

// openFiles are operations on files that are open.
func openFiles() []Op {
	return []Op{
		{Package: "os", Name: "File.Read", Make: onFile(func(f *os.File) error { return second(f.Read(make([]byte, 8))) })},
		{Package: "os", Name: "File.ReadAt", Make: onFile(func(f *os.File) error { return second(f.ReadAt(make([]byte, 8), 4)) })},
		{Package: "os", Name: "File.Write", Make: onFile(func(f *os.File) error { return second(f.Write([]byte(content))) })},
		{Package: "os", Name: "File.WriteAt", Make: onFile(func(f *os.File) error { return second(f.WriteAt([]byte(content), 4)) })},
		{Package: "os", Name: "File.Seek", Make: onFile(func(f *os.File) error { return second(f.Seek(0, 2)) })},
		{Package: "os", Name: "File.Stat", Make: onFile(func(f *os.File) error { return second(f.Stat()) })},
		{Package: "os", Name: "File.Chmod", Make: onFile(func(f *os.File) error { return f.Chmod(0o400) })},
		{Package: "os", Name: "File.Truncate", Make: onFile(func(f *os.File) error { return f.Truncate(1) })},
		{Package: "os", Name: "File.Sync", Make: onFile((*os.File).Sync)},
		{Package: "os", Name: "File.Close", Make: onFile((*os.File).Close)},
		{Package: "os", Name: "File.ReadDir", Make: makeReadDir},
		{Package: "os", Name: "File.SetReadDeadline", With: "pipe", Make: makeDeadline},
		{Package: "os", Name: "Pipe", Make: plain(pipe)},
	}
}

func makeReadDir() (func() error, error) {
	dir, err := os.MkdirTemp("", "op")
	if err != nil {
		return nil, err
	}
	f, err := os.Open(dir)
	keep(f)
	return func() error { return second(f.ReadDir(-1)) }, err
}

// makeDeadline reads a pipe in which nothing comes.
func makeDeadline() (func() error, error) {
	r, w, err := os.Pipe()
	keep(r, w)
	return func() error {
		if err := r.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
			return err
		}
		if _, err := r.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		return nil
	}, err
}

// forgotten are files and connections that nobody closes: a finalizer does, when a
// collection has found that nobody has them any more.
func forgotten() []Op {
	return []Op{
		{Package: "os", Name: "File", With: "forgotten", Make: makeForgotten(func() (any, error) { return os.Open(os.DevNull) }), Elsewhere: "the closing, by a finalizer"},
		{Package: "net", Name: "TCPConn", With: "forgotten", Make: makeForgotten(func() (any, error) {
			l, err := listen("tcp4")
			if err != nil {
				return nil, err
			}
			return net.Dial("tcp4", l.Addr().String())
		}), Elsewhere: "the closing, by a finalizer"},
	}
}

// makeForgotten: a cleanup of what is forgotten tells that its finalizer is queued by now.
// Finalizers run one after the other, so another one that is queued later is the end of
// it; that one may be in the same batch, and one after it is not.
func makeForgotten(make func() (any, error)) func() (func() error, error) {
	return func() (func() error, error) {
		what, err := make()
		if err != nil {
			return nil, err
		}
		return func() error {
			queued := watch(what)
			what = nil
			if err := collected(queued); err != nil {
				return err
			}
			return errors.Join(collected(finalizer()), collected(finalizer()))
		}, nil
	}
}

// watch tells when a collection has found that nobody has a file or connection.
func watch(what any) (queued chan struct{}) {
	queued = make(chan struct{})
	tell := func(c chan struct{}) { close(c) }
	switch what := what.(type) {
	case *os.File:
		runtime.AddCleanup(what, tell, queued)
	case *net.TCPConn:
		runtime.AddCleanup(what, tell, queued)
	}
	return queued
}

// finalizer tells when a finalizer runs.
func finalizer() (ran chan struct{}) {
	ran = make(chan struct{})
	runtime.SetFinalizer(new([64]byte), func(*[64]byte) { close(ran) })
	return ran
}

func collected(done chan struct{}) error {
	for range 1000 {
		runtime.GC()
		select {
		case <-done:
			return nil
		case <-time.After(time.Millisecond):
		}
	}
	return errors.New("no collection finds it")
}

func pipe() error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	return errors.Join(r.Close(), w.Close())
}
