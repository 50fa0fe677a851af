// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// A need says why an entry is in its group: an engine is refused without it, or, where
// none of these engines makes the call, a reason.
type need struct {
	entry
	engine string
	why    string
	// crashed: it is made when a database is opened that was not closed.
	crashed bool
	// only, if there is one, says whether the call is made on this machine.
	only func(dir string) bool
}

// Numbers: F_GETLK, F_SETLK, F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW; MADV_NORMAL, RANDOM, SEQUENTIAL,
// WILLNEED, DONTNEED, FREE; SOCK_STREAM, SOCK_DGRAM, SOCK_RAW with SOCK_NONBLOCK (0x800), SOCK_CLOEXEC (0x80000).
var needs = []need{
	{entry: entry{"Storage", "fsync", ""}, engine: "goleveldb"},
	{entry: entry{"Storage", "fdatasync", ""}, engine: "bbolt"},
	{entry: entry{"Storage", "ftruncate", ""}, engine: "bbolt"},
	{entry: entry{"Storage", "statfs", ""}, engine: "pebble"},
	{entry: entry{"Storage", "fstatfs", ""}, engine: "pebble"},
	{entry: entry{"Storage", "readahead", ""}, engine: "pebble"},
	{entry: entry{"Storage", "fadvise64", ""}, engine: "pebble"},
	{entry: entry{"Storage", "sync_file_range", ""}, engine: "pebble", only: onExt},
	{entry: entry{"Storage", "fallocate", ""}, engine: "pebble"},

	{entry: entry{"FileLocks", "flock", ""}, engine: "bbolt"},
	{entry: entry{"FileLocks", "fcntl", "arg1:32 == 0x5"}, engine: "sqlite", crashed: true},
	{entry: entry{"FileLocks", "fcntl", "arg1:32 == 0x6"}, engine: "pebble"},
	{entry: entry{"FileLocks", "fcntl", "arg1:32 == 0x7"}, why: "waits for what F_SETLK asks for: LMDB, with cgo, waits so"},
	{entry: entry{"FileLocks", "fcntl", "arg1:32 == 0x24"}, engine: "sqlite-ofd", crashed: true},
	{entry: entry{"FileLocks", "fcntl", "arg1:32 == 0x25"}, engine: "sqlite-ofd"},
	{entry: entry{"FileLocks", "fcntl", "arg1:32 == 0x26"}, why: "waits for what F_OFD_SETLK asks for: etcd's fileutil.LockFile"},

	{entry: entry{"FileMapping", "mremap", ""}, engine: "sqlite-mmap"},
	{entry: entry{"FileMapping", "msync", ""}, engine: "badger"},
	{entry: entry{"FileMapping", "madvise", "arg2:32 == 0x0"}, why: "advice alone, and takes the other kinds back"},
	{entry: entry{"FileMapping", "madvise", "arg2:32 == 0x1"}, engine: "bbolt"},
	{entry: entry{"FileMapping", "madvise", "arg2:32 == 0x2"}, why: "advice alone, the opposite of MADV_RANDOM"},
	{entry: entry{"FileMapping", "madvise", "arg2:32 == 0x3"}, why: "advice alone: reads ahead, as readahead(2) of the group Storage"},
	{entry: entry{"FileMapping", "madvise", "arg2:32 == 0x4"}, why: "the Go runtime makes it, so it is permitted without the group"},
	{entry: entry{"FileMapping", "madvise", "arg2:32 == 0x8"}, why: "the Go runtime makes it, so it is permitted without the group"},
	{entry: entry{"FileMapping", "mmap", "arg2:32 & 0x4 == 0x0"}, engine: "bbolt"},
	{entry: entry{"FileMapping", "mprotect", "arg2:32 & 0x4 == 0x0"}, why: "for engines with cgo: glibc's malloc grows the arena of a thread by it; on the process it is in the runtime's share"},

	{entry: entry{"LegacyPaths", "open", ""}, engine: "sqlite"},
	{entry: entry{"LegacyPaths", "stat", ""}, engine: "sqlite"},
	{entry: entry{"LegacyPaths", "lstat", ""}, engine: "sqlite"},
	{entry: entry{"LegacyPaths", "access", ""}, engine: "sqlite"},
	{entry: entry{"LegacyPaths", "rename", ""}, why: "rename(3) of a C library: RocksDB, with cgo; the group Files has renameat"},
	{entry: entry{"LegacyPaths", "mkdir", ""}, engine: "sqlite-dotfile"},
	{entry: entry{"LegacyPaths", "rmdir", ""}, engine: "sqlite-dotfile"},
	{entry: entry{"LegacyPaths", "unlink", ""}, engine: "sqlite"},
	{entry: entry{"LegacyPaths", "readlink", ""}, engine: "sqlite-link"},
	{entry: entry{"LegacyPaths", "chmod", ""}, why: "chmod(3) of a C library, with cgo; the group Files has fchmodat"},
	{entry: entry{"LegacyPaths", "fchown", ""}, engine: "sqlite", only: asRoot},
	{entry: entry{"LegacyPaths", "geteuid", ""}, engine: "sqlite"},

	{entry: entry{"UnixSockets", "connect", ""}, engine: "unix"},
	{entry: entry{"UnixSockets", "socket", "arg0:32 == 0x1 && arg1:32 == 0x1"}, why: otherFlags},
	{entry: entry{"UnixSockets", "socket", "arg0:32 == 0x1 && arg1:32 == 0x2"}, why: otherFlags},
	{entry: entry{"UnixSockets", "socket", "arg0:32 == 0x1 && arg1:32 == 0x801"}, why: otherFlags},
	{entry: entry{"UnixSockets", "socket", "arg0:32 == 0x1 && arg1:32 == 0x802"}, why: otherFlags},
	{entry: entry{"UnixSockets", "socket", "arg0:32 == 0x1 && arg1:32 == 0x80001"}, why: otherFlags},
	{entry: entry{"UnixSockets", "socket", "arg0:32 == 0x1 && arg1:32 == 0x80002"}, why: otherFlags},
	{entry: entry{"UnixSockets", "socket", "arg0:32 == 0x1 && arg1:32 == 0x80801"}, engine: "unix"},
	{entry: entry{"UnixSockets", "socket", "arg0:32 == 0x1 && arg1:32 == 0x80802"}, engine: "unix"},

	{entry: entry{"Netlink", "sendto", ""}, engine: "interfaces"},
	{entry: entry{"Netlink", "recvfrom", ""}, engine: "interfaces"},
	{entry: entry{"Netlink", "bind", ""}, engine: "interfaces"},
	{entry: entry{"Netlink", "getsockname", ""}, engine: "interfaces"},
	{entry: entry{"Netlink", "socket", "arg0:32 == 0x10 && arg1:32 == 0x3 && arg2:32 == 0x0"}, why: otherFlags},
	{entry: entry{"Netlink", "socket", "arg0:32 == 0x10 && arg1:32 == 0x80003 && arg2:32 == 0x0"}, engine: "interfaces"},
	{entry: entry{"Netlink", "socket", "arg0:32 == 0x10 && arg1:32 == 0x80803 && arg2:32 == 0x0"}, why: otherFlags},

	{entry: entry{"Terminal", "ioctl", "arg1:32 == 0x5401"}, engine: "terminal"},
	{entry: entry{"Terminal", "ioctl", "arg1:32 == 0x5413"}, engine: "terminal"},
}

const otherFlags = "the same socket by the flags that C libraries and other packages than net give it"

// asRoot: SQLite gives its files the owner of the database only as root (os_unix.c robustFchown).
func asRoot(string) bool { return os.Geteuid() == 0 }

// onExt: pebble uses sync_file_range on ext2 to ext4 only (vfs/default_linux.go isSyncRangeSupported).
func onExt(dir string) bool {
	var s syscall.Statfs_t
	return syscall.Statfs(dir, &s) == nil && s.Type == 0xef53
}

// TestNeedsAreComplete: each entry has its line, and each line its entry.
func TestNeedsAreComplete(t *testing.T) {
	lines := make(map[entry]int)
	for _, n := range needs {
		lines[n.entry]++
		if (n.engine == "") == (n.why == "") {
			t.Errorf("%v: either an engine or a reason", n.entry)
		}
	}
	for _, g := range groups {
		if !g.proved {
			continue
		}
		for _, e := range g.entries(t) {
			if lines[e] != 1 {
				t.Errorf("%d lines for %v, an entry of the group; it wants one", lines[e], e)
			}
			delete(lines, e)
		}
	}
	for e := range lines {
		t.Errorf("%v is no entry of the group", e)
	}
}

// TestNeeds takes each entry away from the engine that is said to need it.
func TestNeeds(t *testing.T) {
	for _, n := range needs {
		if n.engine == "" {
			continue
		}
		e := engineOf(t, n.engine)
		t.Run(fmt.Sprintf("%s %s %s", n.group, n.call, n.engine), func(t *testing.T) {
			if !holds(t, e.policy, n.entry) {
				t.Fatalf("policy %q does not have %v", e.policy, n.entry)
			}
			a := &attempt{TB: t}
			if n.crashed {
				dir := sharedDir(t)
				step(t, e.policy, e.crash, dir)
				step(a, without(t, e.policy, n.entry), e.reopen, dir)
			} else {
				use(a, e, without(t, e.policy, n.entry))
			}
			if n.only != nil && !n.only(t.TempDir()) {
				t.Logf("%s does not call %s here", n.engine, n.call)
			} else if call := a.refused(); call != n.call && !(n.group == "Netlink" && a.answered()) {
				t.Errorf("without %v %s is not refused %s but %q:\n%s", n.entry, n.engine, n.call, call, a.text.String())
			}
		})
	}
}

// TestReasons takes away all that no engine is said to need: none does.
func TestReasons(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			var reasons []entry
			for _, n := range needs {
				if n.why != "" && holds(t, e.policy, n.entry) {
					reasons = append(reasons, n.entry)
				}
			}
			if reasons == nil {
				return
			}
			p := without(t, e.policy, reasons...)
			use(t, e, p)
			if e.crash != nil {
				dir := sharedDir(t)
				step(t, p, e.crash, dir)
				step(t, p, e.reopen, dir)
			}
		})
	}
}

func engineOf(t testing.TB, name string) engine {
	t.Helper()
	i := slices.IndexFunc(engines, func(e engine) bool { return e.name == name })
	if i < 0 {
		t.Fatalf("no engine %q", name)
	}
	return engines[i]
}

// An attempt is a test that is to fail, and keeps why.
type attempt struct {
	testing.TB
	text strings.Builder
}

func (a *attempt) Errorf(format string, args ...any) { fmt.Fprintf(&a.text, format+"\n", args...) }
func (a *attempt) Error(args ...any)                 { fmt.Fprintln(&a.text, args...) }
func (a *attempt) Log(args ...any)                   { fmt.Fprintln(&a.text, args...) }

// answered reports whether the attempt failed by an errno that the library gives on the
// whole process in place of its action: looks at files, and names of interfaces.
func (a *attempt) answered() bool {
	text := a.text.String()
	return strings.Contains(text, ": operation not permitted") || strings.Contains(text, "netlinkrib: permission denied")
}

var violation = regexp.MustCompile(`ERROR: The syscall "(\w+)"`)

// refused is the call by whose violation a child ended.
func (a *attempt) refused() string {
	m := violation.FindStringSubmatch(a.text.String())
	if m == nil {
		return ""
	}
	return m[1]
}
