// SPDX-License-Identifier: MIT

package sandbox

import "github.com/syscall-sandbox/sandbox/internal/sysno"

// Groups for node code, narrower than Bitcoin Core's: what a role of a Go program does,
// with conditions where the number alone says too little. They are not among the
// defaults of a new builder.

var nodeGroups = [...]*group{
	&groupOpenFiles, &groupReadFiles, &groupFiles, &groupStorage, &groupFileLocks, &groupFileMapping, &groupLegacyPaths,
	&groupSocketIo, &groupInetSockets, &groupUnixSockets, &groupNetlink, &groupConnect, &groupListen, &groupAccept, &groupTerminal,
}

var groupOpenFiles = group{"OpenFiles", []groupCall{
	{nr: sysno.Close, reason: "close a descriptor"},
	{nr: sysno.EpollCtl, reason: "register a descriptor with the network poller"},
	{nr: sysno.Fcntl, when: "arg1:32 in {0x1, 0x2, 0x3, 0x406}", reason: "flags of a descriptor, another one for it (F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC)"},
	// Without O_ASYNC, by which a terminal would signal its foreground processes.
	{nr: sysno.Fcntl, when: "arg1:32 == 0x4 && arg2:32 & 0x2000 == 0x0", reason: "blocking or not (F_SETFL)"},
	{nr: sysno.Fstat, reason: "state of an open file"},
	{nr: sysno.Lseek, reason: "move the offset of a file"},
	{nr: sysno.Pread64, reason: "read at an offset"},
	{nr: sysno.Pwrite64, reason: "write at an offset"},
	{nr: sysno.Read, reason: "read"},
	{nr: sysno.Write, reason: "write"},
	{nr: sysno.Writev, reason: "write several buffers (net.Buffers)"},
}}

// readOnly: none of O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, __O_TMPFILE.
const readOnly = "& 0x400243 == 0x0"

var groupReadFiles = group{"ReadFiles", []groupCall{
	{nr: sysno.Faccessat2, reason: "check permissions (os/exec.LookPath)"},
	{nr: sysno.Getdents64, reason: "list a directory"},
	{nr: sysno.Newfstatat, reason: "state of a file (os.Stat)"},
	{nr: sysno.Openat, when: "arg2:32 " + readOnly, reason: "open a file for reading (os.Open)"},
	{nr: sysno.Readlinkat, reason: "read a symbolic link (os.Readlink)"},
}}

var groupFiles = group{"Files", []groupCall{
	{nr: sysno.Faccessat2, reason: "check permissions (os/exec.LookPath)"},
	{nr: sysno.Fchmod, reason: "change permissions of an open file"},
	{nr: sysno.Fchmodat, reason: "change permissions (os.Chmod)"},
	{nr: sysno.Fchownat, reason: "change owner (os.Chown: lumberjack's log rotation)"},
	{nr: sysno.Getcwd, reason: "name of the working directory"},
	{nr: sysno.Getdents64, reason: "list a directory"},
	{nr: sysno.Linkat, reason: "make a hard link (os.Link)"},
	{nr: sysno.Mkdirat, reason: "make a directory (os.Mkdir)"},
	{nr: sysno.Newfstatat, reason: "state of a file (os.Stat)"},
	{nr: sysno.Openat, reason: "open a file (os.Open)"},
	{nr: sysno.Readlinkat, reason: "read a symbolic link (os.Readlink)"},
	{nr: sysno.Renameat, reason: "rename (os.Rename)"},
	{nr: sysno.Unlinkat, reason: "delete a file (os.Remove)"},
	{nr: sysno.Utimensat, reason: "set file times (os.Chtimes)"},
}}

var groupStorage = group{"Storage", []groupCall{
	{nr: sysno.Fadvise64, reason: "advise about use of a file (pebble)"},
	{nr: sysno.Fallocate, reason: "reserve space in a file (pebble)"},
	{nr: sysno.Fdatasync, reason: "write data to the device (bbolt)"},
	{nr: sysno.Fstatfs, reason: "state of the file system of an open file (pebble)"},
	{nr: sysno.Fsync, reason: "write data and state to the device (goleveldb)"},
	{nr: sysno.Ftruncate, reason: "set the length of an open file (bbolt, badger)"},
	{nr: sysno.Readahead, reason: "read a file before it is asked for (pebble)"},
	{nr: sysno.Statfs, reason: "state of a file system (pebble)"},
	{nr: sysno.SyncFileRange, reason: "write part of a file to the device (pebble)"},
}}

var groupFileLocks = group{"FileLocks", []groupCall{
	{nr: sysno.Fcntl, when: "arg1:32 in {0x5, 0x6, 0x7, 0x24, 0x25, 0x26}", reason: "lock part of a file (SQLite, pebble: F_GETLK, F_SETLK, F_SETLKW, F_OFD_...)"},
	{nr: sysno.Flock, reason: "lock a file (goleveldb, bbolt)"},
}}

// noExec: PROT_EXEC is not asked for.
const noExec = "arg2:32 & 0x4 == 0x0"

var groupFileMapping = group{"FileMapping", []groupCall{
	{nr: sysno.Madvise, when: "arg2:32 in {0x0, 0x1, 0x2, 0x3, 0x4, 0x8}", reason: "advise about use of a mapping (bbolt: MADV_RANDOM)"},
	{nr: sysno.Mmap, when: noExec, reason: "map a file, never executable (bbolt, badger, SQLite)"},
	{nr: sysno.Mprotect, when: noExec, reason: "change protection, never to executable (glibc's malloc, for engines with cgo)"},
	{nr: sysno.Mremap, reason: "grow or move a mapping (SQLite with mmap_size)"},
	{nr: sysno.Msync, reason: "write a mapping to the device (badger)"},
}}

var groupLegacyPaths = group{"LegacyPaths", []groupCall{
	{nr: sysno.Access, reason: "check permissions (SQLite without cgo)"},
	{nr: sysno.Chmod, reason: "change permissions"},
	{nr: sysno.Fchown, reason: "change owner of an open file (SQLite without cgo)"},
	{nr: sysno.Geteuid, reason: "effective user id (SQLite without cgo)"},
	{nr: sysno.Lstat, reason: "state of a file (SQLite without cgo)"},
	{nr: sysno.Mkdir, reason: "make a directory"},
	{nr: sysno.Open, reason: "open a file (SQLite without cgo)"},
	{nr: sysno.Readlink, reason: "read a symbolic link (SQLite without cgo)"},
	{nr: sysno.Rename, reason: "rename"},
	{nr: sysno.Rmdir, reason: "delete a directory"},
	{nr: sysno.Stat, reason: "state of a file (SQLite without cgo)"},
	{nr: sysno.Unlink, reason: "delete a file (SQLite without cgo)"},
}}

var groupSocketIo = group{"SocketIo", []groupCall{
	{nr: sysno.Getpeername, reason: "address of the peer"},
	{nr: sysno.Getsockname, reason: "own address"},
	{nr: sysno.Getsockopt, reason: "read an option of a socket"},
	{nr: sysno.Recvfrom, reason: "receive from a socket"},
	{nr: sysno.Recvmsg, reason: "receive a message"},
	{nr: sysno.Sendmsg, reason: "send a message"},
	{nr: sysno.Sendto, reason: "send to a socket"},
	{nr: sysno.Setsockopt, reason: "set an option of a socket"},
	// SHUT_WR only: SHUT_RD turns a listening socket into one that can connect again, by
	// sendto(2) with MSG_FASTOPEN (net/ipv4/af_inet.c inet_shutdown).
	{nr: sysno.Shutdown, when: "arg1:32 == 0x1", reason: "end the writing side of a connection (CloseWrite)"},
}}

// Types of sockets: SOCK_STREAM, SOCK_DGRAM, each as it is and with SOCK_CLOEXEC,
// SOCK_NONBLOCK or both.
const (
	streamOrDatagram = "arg1:32 in {0x1, 0x2, 0x801, 0x802, 0x80001, 0x80002, 0x80801, 0x80802}"
	rawSocket        = "arg1:32 in {0x3, 0x80003, 0x80803}"
)

var groupInetSockets = group{"InetSockets", []groupCall{
	{nr: sysno.Socket, when: "arg0:32 in {0x2, 0xa} && " + streamOrDatagram + " && arg2:32 in {0x0, 0x6, 0x11, 0x106}", reason: "make a TCP, MPTCP or UDP socket (AF_INET, AF_INET6)"},
}}

// Sockets of other daemons (D-Bus, Docker, systemd) are reached by AF_UNIX.
var groupUnixSockets = group{"UnixSockets", []groupCall{
	{nr: sysno.Connect, reason: "open a connection (sd_notify, syslog)"},
	{nr: sysno.Socket, when: "arg0:32 == 0x1 && " + streamOrDatagram, reason: "make a socket to programs on this machine (AF_UNIX)"},
}}

var groupNetlink = group{"Netlink", []groupCall{
	{nr: sysno.Bind, reason: "give a socket an address"},
	{nr: sysno.Getsockname, reason: "own address"},
	{nr: sysno.Recvfrom, reason: "receive from a socket"},
	{nr: sysno.Sendto, reason: "send to a socket"},
	{nr: sysno.Socket, when: "arg0:32 == 0x10 && " + rawSocket + " && arg2:32 == 0x0", reason: "ask for interfaces and routes (net.InterfaceAddrs: AF_NETLINK, NETLINK_ROUTE)"},
}}

var groupConnect = group{"Connect", []groupCall{
	{nr: sysno.Connect, reason: "open a connection"},
	{nr: sysno.Shutdown, reason: "end either side of a connection (CloseRead, CloseWrite)"},
}}

var groupListen = group{"Listen", []groupCall{
	{nr: sysno.Bind, reason: "give a socket an address"},
	{nr: sysno.Listen, reason: "listen for connections"},
	{nr: sysno.Uname, reason: "version of the kernel, which decides the backlog (package net)"},
}}

var groupAccept = group{"Accept", []groupCall{
	{nr: sysno.Accept4, reason: "accept a connection (package net)"},
}}

var groupTerminal = group{"Terminal", []groupCall{
	{nr: sysno.Ioctl, when: "arg1:32 in {0x5401, 0x5413}", reason: "is it a terminal, and how wide (TCGETS, TIOCGWINSZ)"},
}}
