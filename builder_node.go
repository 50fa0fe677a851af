// SPDX-License-Identifier: MIT

package sandbox

// The groups for node code, one method each. None is on in a new builder, whose
// defaults have most of it, and wider: begin with AllowNothing. Which databases need
// which of them, and what proves it, is in examples/storage.

// AllowOpenFiles allows what is done with descriptors that are open: read, write, seek, close, their flags, the network poller. Nothing new comes of it.
func (b *SeccompPolicyBuilder) AllowOpenFiles() *SeccompPolicyBuilder {
	return b.allowGroup(&groupOpenFiles)
}

// AllowReadFiles allows to open files for reading, to list and to ask about them. Paths cannot be filtered by seccomp.
func (b *SeccompPolicyBuilder) AllowReadFiles() *SeccompPolicyBuilder {
	return b.allowGroup(&groupReadFiles)
}

// AllowFiles allows files and directories by name, as package os makes and changes them; log rotation does with it. Paths cannot be filtered by seccomp.
func (b *SeccompPolicyBuilder) AllowFiles() *SeccompPolicyBuilder {
	return b.allowGroup(&groupFiles)
}

// AllowStorage allows what databases do with open files: sync, reserve, truncate, read ahead, advise, and the state of the file system.
func (b *SeccompPolicyBuilder) AllowStorage() *SeccompPolicyBuilder {
	return b.allowGroup(&groupStorage)
}

// AllowFileLocks allows locks on open files: flock, and fcntl for locks only.
func (b *SeccompPolicyBuilder) AllowFileLocks() *SeccompPolicyBuilder {
	return b.allowGroup(&groupFileLocks)
}

// AllowFileMapping allows to map files and memory, never executable (bbolt, badger, SQLite with a write-ahead log).
func (b *SeccompPolicyBuilder) AllowFileMapping() *SeccompPolicyBuilder {
	return b.allowGroup(&groupFileMapping)
}

// AllowLegacyPaths allows the older forms of calls with paths, which SQLite without cgo makes, and C libraries. SQLite needs no AllowFiles beside it if its database has an absolute name.
func (b *SeccompPolicyBuilder) AllowLegacyPaths() *SeccompPolicyBuilder {
	return b.allowGroup(&groupLegacyPaths)
}

// AllowSocketIo allows what is done with sockets that are there: send, receive, options, addresses, shutdown.
func (b *SeccompPolicyBuilder) AllowSocketIo() *SeccompPolicyBuilder {
	return b.allowGroup(&groupSocketIo)
}

// AllowInetSockets allows to make TCP and UDP sockets.
func (b *SeccompPolicyBuilder) AllowInetSockets() *SeccompPolicyBuilder {
	return b.allowGroup(&groupInetSockets)
}

// AllowUnixSockets allows to make sockets of AF_UNIX and to connect them. They reach other daemons of the machine, which may do what this process may not. Package net wants AllowSocketIo beside it.
func (b *SeccompPolicyBuilder) AllowUnixSockets() *SeccompPolicyBuilder {
	return b.allowGroup(&groupUnixSockets)
}

// AllowNetlink allows to ask the kernel for interfaces and routes (NETLINK_ROUTE).
func (b *SeccompPolicyBuilder) AllowNetlink() *SeccompPolicyBuilder {
	return b.allowGroup(&groupNetlink)
}

// AllowConnect allows to open connections with sockets that may be made.
func (b *SeccompPolicyBuilder) AllowConnect() *SeccompPolicyBuilder {
	return b.allowGroup(&groupConnect)
}

// AllowListen allows to bind and listen. net.Listen also reads a file the first time: see AllowReadFiles.
func (b *SeccompPolicyBuilder) AllowListen() *SeccompPolicyBuilder {
	return b.allowGroup(&groupListen)
}

// AllowAccept allows to accept connections.
func (b *SeccompPolicyBuilder) AllowAccept() *SeccompPolicyBuilder {
	return b.allowGroup(&groupAccept)
}

// AllowTerminal allows to ask whether a descriptor is a terminal, and how wide. No other ioctl: a password is to be read before.
func (b *SeccompPolicyBuilder) AllowTerminal() *SeccompPolicyBuilder {
	return b.allowGroup(&groupTerminal)
}
