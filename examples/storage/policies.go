// SPDX-License-Identifier: MIT

package main

import "github.com/syscall-sandbox/sandbox"

// The policies, each of what its engine needs and no more. They are for the whole
// process, since databases have goroutines of their own. A node's policy would be the
// union of such lists, by AllowPolicy.

// opened is where most begin: reading, writing and closing what is open. What the Go
// runtime needs is there in any case.
func opened() *sandbox.SeccompPolicyBuilder {
	return sandbox.NewSeccompPolicyBuilder().AllowNothing().AllowOpenFiles()
}

var (
	// goleveldb locks by flock(2) and makes its tables last by fsync(2).
	policyLevelDB = sandbox.NewPolicy("goleveldb", opened().AllowFiles().AllowStorage().AllowFileLocks())

	// bbolt reads by a map of its file.
	policyBolt = sandbox.NewPolicy("bbolt", opened().AllowFiles().AllowStorage().AllowFileLocks().AllowFileMapping())

	// badger reads and writes by maps of its files; it draws random numbers for its names.
	policyBadger = sandbox.NewPolicy("badger", opened().AllowFiles().AllowStorage().AllowFileLocks().AllowFileMapping().AllowGetRandom())

	// pebble reserves space, asks how much is left and syncs parts of files. It maps nothing.
	policyPebble = sandbox.NewPolicy("pebble", opened().AllowFiles().AllowStorage().AllowFileLocks())

	// SQLite without cgo is C in Go's clothes: it opens files by the calls of its C library. Give it an absolute
	// name: of a relative one it asks the working directory, which is in the group Files.
	policySQLite = sandbox.NewPolicy("sqlite", opened().AllowLegacyPaths().AllowStorage().AllowFileLocks())

	// With a write-ahead log its processes share an index by a map of a file; with mmap_size it reads by one.
	policySQLiteMapped = sandbox.NewPolicy("sqlite-mapped", opened().AllowLegacyPaths().AllowStorage().AllowFileLocks().AllowFileMapping())

	// Locks that are directories need no file locks, but the time of a directory is set (utimensat).
	policySQLiteDotfile = sandbox.NewPolicy("sqlite-dotfile", opened().AllowFiles().AllowLegacyPaths().AllowStorage())

	// Log rotation renames, deletes and opens. lumberjack also gives the new file the old one's owner.
	policyLogs = sandbox.NewPolicy("logs", opened().AllowFiles())

	// Sockets to daemons of this machine, and none to other machines. log/syslog asks for the host's name by
	// uname(2). Accept is for the daemons' part, which this program plays too.
	policyUnix = sandbox.NewPolicy("unix", opened().AllowSocketIo().AllowUnixSockets().AllowAccept().Allow("uname"))

	// The kernel's list of interfaces.
	policyInterfaces = sandbox.NewPolicy("interfaces", opened().AllowNetlink())

	// Two questions about a descriptor, and no other ioctl.
	policyTerminal = sandbox.NewPolicy("terminal", sandbox.NewSeccompPolicyBuilder().AllowNothing().AllowTerminal())
)
