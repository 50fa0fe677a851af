// SPDX-License-Identifier: MIT

package main

import "github.com/syscall-sandbox/sandbox"

// An engine is a library at work in a directory, under a policy of its own.
type engine struct {
	name   string
	policy sandbox.SyscallSandboxPolicy
	// before, if there is one, is what the program does before the policy is in force.
	before func(dir string) error
	// use is the whole life of a database: it is made, filled, compacted, closed, opened
	// again and read.
	use func(dir string) error
	// crash fills a database and does not close it; reopen opens and reads it after that.
	// Both are nil where nothing is left behind.
	crash, reopen func(dir string) error
}

var engines = []engine{
	{name: "goleveldb", policy: policyLevelDB, use: useLevelDB, crash: crashLevelDB, reopen: reopenLevelDB},
	{name: "bbolt", policy: policyBolt, use: useBolt, crash: crashBolt, reopen: reopenBolt},
	{name: "badger", policy: policyBadger, use: useBadger, crash: crashBadger, reopen: reopenBadger},
	{name: "pebble", policy: policyPebble, use: usePebble, crash: crashPebble, reopen: reopenPebble},
	{name: "sqlite", policy: policySQLite, use: journalMode.use, crash: journalMode.crash, reopen: journalMode.reopen},
	{name: "sqlite-wal", policy: policySQLiteMapped, use: walMode.use, crash: walMode.crash, reopen: walMode.reopen},
	{name: "sqlite-mmap", policy: policySQLiteMapped, use: mappedMode.use, crash: mappedMode.crash, reopen: mappedMode.reopen},
	{name: "sqlite-ofd", policy: policySQLite, use: ofdMode.use, crash: ofdMode.crash, reopen: ofdMode.reopen},
	{name: "sqlite-link", policy: policySQLite, before: linkData, use: useLinked},
	// After a crash its lock is still there: a person has to delete it.
	{name: "sqlite-dotfile", policy: policySQLiteDotfile, use: dotfileMode.use},
	{name: "logrotate", policy: policyLogs, use: rotateLogs},
	{name: "lumberjack", policy: policyLogs, use: rotateLumberjack},
	{name: "unix", policy: policyUnix, before: listenUnix, use: useUnix},
	{name: "interfaces", policy: policyInterfaces, use: useInterfaces},
	{name: "terminal", policy: policyTerminal, use: useTerminal},
}
