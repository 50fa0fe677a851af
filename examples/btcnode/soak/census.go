// SPDX-License-Identifier: MIT

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/syscall-sandbox/sandbox"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/rpcapi"
)

const (
	// listeners are the sockets of a node without peers.
	listeners = 2
	// moreThreads may appear of those that no role owns: the Go runtime makes one when all others are in system calls, and never
	// ends it.
	moreThreads = 16
	// moreMemory is a part of what there was.
	moreMemory = 0.10
	// writeBuffer is what goleveldb allocates for what it is about to write (leveldb/opt, DefaultWriteBuffer).
	writeBuffer = 4 << 20
	// buffers are what a node may have of them: for each of two databases the one in use, and one that goleveldb keeps to be used
	// again. Go does not touch memory that is new; when it is used again, all of it is cleared. So it is chance how much of them is
	// resident.
	buffers = 4
	// lookAgain is how often a node is counted until it is as it was.
	lookAgain = 200 * time.Millisecond
	// leak is how long that may take. What is over by then was none; what a node leaks stays.
	leak = 2 * time.Minute
)

// Kinds of descriptors whose number depends on what was read last.
const (
	tables     = "database table"
	blockFiles = "block file"
)

// census is what a node has.
type census struct {
	roles  map[string]string // policies by name
	others int               // threads that no role owns
	files  map[string]int    // open descriptors by kind
	onDisk map[string]int    // files of the kinds that are opened when they are read
	heap   int64             // memory that is in use
	rss    int64             // memory that is resident
}

// settle counts a node that nobody asks for anything, until it has no more than the first one: descriptors and threads are
// compared with first, memory with same, which ran under the same settings. Where there is none yet it must have come to rest:
// be the same twice.
func (s *soak) settle(n *node, peers int, first, same *census) (*census, error) {
	if s.settled != nil {
		s.settled(n)
	}
	var before *census
	for deadline := time.Now().Add(s.patience); ; time.Sleep(lookAgain) {
		now, err := n.count()
		if err == nil {
			err = n.failed()
		}
		if err != nil {
			return nil, fmt.Errorf("%s node (%s): %w", n.name, n.settings, err)
		}
		wrong := errors.Join(now.compare(cmp.Or(first, before), peers), now.compareMemory(cmp.Or(same, before)))
		if wrong == nil && (first != nil || before != nil) {
			return now, nil
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("%s node (%s) does not come back to what it was: %w", n.name, n.settings, wrong)
		}
		before = now
	}
}

// compare says what a node has that the first one had not.
func (c *census) compare(first *census, peers int) error {
	var errs []error
	if got, want := c.files["socket"], listeners+peers; got != want {
		errs = append(errs, fmt.Errorf("%d sockets, not %d", got, want))
	}
	for kind, onDisk := range c.onDisk {
		if got := c.files[kind]; got > onDisk {
			errs = append(errs, fmt.Errorf("%d descriptors of the kind %q, and %d on the disk", got, kind, onDisk))
		}
	}
	if first == nil {
		return errors.Join(errs...)
	}
	for _, kind := range slices.Sorted(maps.Keys(merged(c.files, first.files))) {
		if _, varies := c.onDisk[kind]; !varies && c.files[kind] != first.files[kind] {
			errs = append(errs, fmt.Errorf("%d descriptors of the kind %q, not %d", c.files[kind], kind, first.files[kind]))
		}
	}
	for _, role := range slices.Sorted(maps.Keys(merged(c.roles, first.roles))) {
		if c.roles[role] != first.roles[role] {
			errs = append(errs, fmt.Errorf("thread %s is under %q, not %q", role, c.roles[role], first.roles[role]))
		}
	}
	if c.others > first.others+moreThreads {
		errs = append(errs, fmt.Errorf("%d threads that no role owns, not %d", c.others, first.others))
	}
	return errors.Join(errs...)
}

// compareMemory says how much more memory a node has than the first one had. It allows for one spare buffer in what is in use,
// and for all of them in what is resident.
func (c *census) compareMemory(same *census) error {
	if same == nil {
		return nil
	}
	var errs []error
	if c.heap > same.heap+writeBuffer+int64(moreMemory*float64(same.heap)) {
		errs = append(errs, fmt.Errorf("%s in use, not %s", mib(c.heap), mib(same.heap)))
	}
	if c.rss > same.rss+buffers*writeBuffer+int64(moreMemory*float64(same.rss)) {
		errs = append(errs, fmt.Errorf("%s resident, not %s", mib(c.rss), mib(same.rss)))
	}
	return errors.Join(errs...)
}

// open counts the descriptors.
func (c *census) open() (n int) {
	for _, of := range c.files {
		n += of
	}
	return n
}

func merged[V any](a, b map[string]V) map[string]V {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// count takes the census. What it asks over RPC is asked after the descriptors were counted, since that needs one itself; memory is
// measured when the node has given garbage back.
func (n *node) count() (*census, error) {
	c := &census{roles: make(map[string]string)}
	if err := errors.Join(c.countFiles(n.PID()), c.countTables(n.DataDir)); err != nil {
		return nil, err
	}
	var info rpcapi.SandboxInfo
	var violations []sandbox.Violation
	err := errors.Join(
		n.RPC.Call(nil, "profiling", true), n.RPC.Call(&c.heap, "freememory"),
		n.RPC.Call(&info, "getsandboxinfo"), n.RPC.Call(&violations, "getviolations"),
	)
	http.DefaultClient.CloseIdleConnections()
	if err != nil {
		return nil, err
	}
	if len(violations) > 0 || !info.Enabled {
		return nil, fmt.Errorf("violations %v, enabled: %t", violations, info.Enabled)
	}
	c.others = info.ProcessThreads
	for _, role := range info.Roles {
		switch {
		case role.Ended:
			c.roles[role.Name] = "ended"
		case role.TID == 0 || role.Filters != len(role.Chain):
			return nil, fmt.Errorf("role %s has thread %d with %d filters for %v", role.Name, role.TID, role.Filters, role.Chain)
		default:
			c.roles[role.Name] = strings.Join(role.Chain, " > ")
		}
	}
	return c, c.measure(n.PID())
}

// countFiles reads /proc/PID/fd (proc(5)).
func (c *census) countFiles(pid int) error {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	list, err := os.ReadDir(dir)
	c.files = make(map[string]int)
	for _, fd := range list {
		target, linkErr := os.Readlink(filepath.Join(dir, fd.Name()))
		if errors.Is(linkErr, fs.ErrNotExist) {
			continue // it was closed meanwhile
		}
		c.files[kindOf(target)]++
		err = errors.Join(err, linkErr)
	}
	return err
}

// kindOf makes one kind of what differs by number only.
func kindOf(target string) string {
	name := filepath.Base(target)
	switch {
	case strings.HasSuffix(target, " (deleted)"):
		return "deleted file"
	case strings.HasPrefix(target, "socket:"), strings.HasPrefix(target, "pipe:"):
		kind, _, _ := strings.Cut(target, ":")
		return kind
	case filepath.Ext(name) == ".ldb":
		return tables
	case filepath.Ext(name) == ".fdb":
		return blockFiles
	case strings.Trim(name, "0123456789") == ".log":
		return "database journal"
	case strings.HasPrefix(name, "MANIFEST-"):
		return "database manifest"
	}
	return name
}

// countTables counts the files that are opened when they are read, each at most once; the last block file once more to be written.
func (c *census) countTables(dataDir string) error {
	c.onDisk = map[string]int{tables: 0, blockFiles: 1}
	return filepath.WalkDir(dataDir, func(path string, _ fs.DirEntry, err error) error {
		if kind := kindOf(path); kind == tables || kind == blockFiles {
			c.onDisk[kind]++
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // the databases clear up
		}
		return err
	})
}

// measure reads how much memory is resident.
func (c *census) measure(pid int) error {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			c.rss = kib << 10
			return err
		}
	}
	return errors.New("/proc/PID/status has no VmRSS")
}
