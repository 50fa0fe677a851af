// SPDX-License-Identifier: MIT

// Package stdops is what node software asks of the standard library, as data: each
// operation is one function or method of it, used as programs use it, so that one can be
// run under a policy and found by name. Nothing here knows of policies.
//
// Operations need no network but the loopback's, no configuration of the machine, and no
// second process. They end by themselves and wait for nothing that could fail to
// come. The servers that some of them talk to run in the same process, and so under the
// policy that is put on all of it; another process can run them instead: see Peers.
package stdops

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// An Op is one operation.
type Op struct {
	// Name is the function or method without its package: "ReadFile", "TCPConn.Write".
	Name string
	// With tells uses of one function apart: "file to TCP". It may be empty.
	With string
	// Package is its import path.
	Package string
	// Make prepares, before a policy is in force, what run uses: files in a new
	// directory below os.TempDir, listeners, peers that are connected. run is what is
	// done under the policy, once, on the calling goroutine. Its error is nil if the
	// operation did what it is for.
	Make func() (run func() error, err error)
	// WarmUp is what a program does before it narrows its policy, so that run needs
	// less; nil if nothing helps. Warm is the Go code of it.
	WarmUp func() error
	Warm   string
	// Elsewhere says what of run is done on other goroutines, which are under the policy
	// of the process, not that of the thread; empty if nothing is.
	Elsewhere string
	// Alone is true if it leaves something behind, or finds it there, that spares calls of
	// operations after it: what holds for a first use is found out in a process of its own.
	Alone bool
	// LibC is true where a program with cgo asks the C library instead.
	LibC bool
}

// String is unique: "os.ReadFile", "io.Copy (file to TCP)".
func (o Op) String() string {
	s := o.Package + "." + o.Name
	if o.With != "" {
		s += " (" + o.With + ")"
	}
	return s
}

// All returns every operation, by package.
func All() []Op {
	all := slices.Concat(paths(), openFiles(), forgotten(), processes(), copies(), dialing(), connections(), packets(), lookups(),
		secrets(), web(), clocks(), logs(), accounts(), diagnostics(), linux())
	slices.SortStableFunc(all, func(a, b Op) int { return compare(a.Package, b.Package) })
	return all
}

// compare puts package os first, for it is what all programs use, and those that are not
// of the standard library last.
func compare(a, b string) int {
	rank := func(p string) int {
		switch p {
		case "os":
			return 0
		case "golang.org/x/sys/unix":
			return 2
		}
		return 1
	}
	if d := rank(a) - rank(b); d != 0 {
		return d
	}
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Find returns the operation of that String.
func Find(name string) (Op, error) {
	all := All()
	i := slices.IndexFunc(all, func(o Op) bool { return o.String() == name })
	if i < 0 {
		return Op{}, fmt.Errorf("no operation %q", name)
	}
	return all[i], nil
}

// kept are files and connections that stay open: finalizers would close them, on another
// goroutine and at any time.
var kept struct {
	sync.Mutex
	all []any
}

func keep(what ...any) {
	kept.Lock()
	defer kept.Unlock()
	kept.all = append(kept.all, what...)
}

// plain is the Make of an operation that has nothing to prepare.
func plain(run func() error) func() (func() error, error) {
	return func() (func() error, error) { return run, nil }
}

// content is what files hold.
const content = "The quick brown fox jumps over the lazy dog.\n"

// inDir is the Make of an operation on paths: it is given a directory that holds a file
// "file", a link "link" to it, and an empty directory "dir".
func inDir(run func(dir string) error) func() (func() error, error) {
	return func() (func() error, error) {
		dir, err := os.MkdirTemp("", "op")
		if err != nil {
			return nil, err
		}
		err = errors.Join(
			os.WriteFile(filepath.Join(dir, "file"), []byte(content), 0o600),
			os.Symlink("file", filepath.Join(dir, "link")),
			os.Mkdir(filepath.Join(dir, "dir"), 0o700))
		return func() error { return run(dir) }, err
	}
}

// onFile is the Make of an operation on a file that is open for reading and writing.
func onFile(run func(f *os.File) error) func() (func() error, error) {
	return func() (func() error, error) {
		f, err := open()
		return func() error { return run(f) }, err
	}
}

// open opens a file with the content, at its beginning.
func open() (*os.File, error) {
	f, err := os.CreateTemp("", "op")
	if err != nil {
		return nil, err
	}
	keep(f)
	if _, err := f.WriteString(content); err != nil {
		return nil, err
	}
	_, err = f.Seek(0, 0)
	return f, err
}

// second is the error of a function with a result that does not matter.
func second[T any](_ T, err error) error { return err }

// expect is an error unless got is what was wanted.
func expect[T comparable](got, want T, err error) error {
	if err == nil && got != want {
		err = fmt.Errorf("%v, not %v", got, want)
	}
	return err
}

// peers are the servers that operations ask.
var peers = map[string]func() (address string, err error){"http": startServer, "dns": startNames}

const peerVar = "STDOPS_PEER_"

// Peers starts the servers that operations talk to. With what it returns in its
// environment, "key=value", another process uses these instead of its own: they answer
// whatever its policy.
func Peers() (env []string, err error) {
	for kind, start := range peers {
		address, err := start()
		if err != nil {
			return nil, err
		}
		env = append(env, peerVar+kind+"="+address)
	}
	return env, nil
}

func peerOf(kind string, start func() (string, error)) (address string, err error) {
	if address := os.Getenv(peerVar + kind); address != "" {
		return address, nil
	}
	return start()
}
