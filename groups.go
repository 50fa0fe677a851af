// SPDX-License-Identifier: MIT

package sandbox

import "github.com/syscall-sandbox/sandbox/internal/sysno"

// The groups of Bitcoin Core 25's builder, updated for what Go programs call on
// amd64: the *at forms that package os uses, dup3, waitid and pidfd for os/exec,
// splice for io.Copy. What the Go runtime needs for itself is not here but in
// internal/gobase. clone3, openat2 and the like are nowhere: their arguments are
// in memory, where no filter sees them, and every caller has a fallback.

// A group is a table of calls, one reason per line. groups are those of the defaults,
// and FileSystem and Network; nodeGroups (groups_node.go) the others.
type group struct {
	name  string
	calls []groupCall
}

type groupCall struct {
	nr     uint32
	when   string // conditions on the arguments, joined by " && "; empty: whatever they are
	reason string
}

var groups = [...]*group{
	&groupAddressSpaceAccess, &groupEpoll, &groupEventFd, &groupFileSystem, &groupFutex, &groupGeneralIo, &groupGetRandom, &groupGetSimpleID, &groupGetTime,
	&groupGlobalProcessEnvironment, &groupGlobalSystemStatus, &groupKernelInternalAPI, &groupNetwork, &groupNetworkSocketInformation,
	&groupOperationOnExistingFileDescriptor, &groupPipe, &groupPrctl, &groupProcessStartOrDeath, &groupScheduling, &groupSignalHandling, &groupSleep, &groupUmask,
}

var groupAddressSpaceAccess = group{"AddressSpaceAccess", []groupCall{
	{nr: sysno.Brk, reason: "change data segment size"},
	{nr: sysno.Madvise, reason: "advise about use of memory"},
	{nr: sysno.Membarrier, reason: "memory barrier on a set of threads"},
	{nr: sysno.Mincore, reason: "ask which pages are in memory"},
	{nr: sysno.Mlock, reason: "keep pages in memory (keys)"},
	{nr: sysno.Mmap, reason: "map files or memory"},
	{nr: sysno.Mprotect, reason: "change protection of memory"},
	{nr: sysno.Mremap, reason: "move a mapping"},
	{nr: sysno.Munlock, reason: "undo mlock"},
	{nr: sysno.Munmap, reason: "unmap"},
}}

var groupEpoll = group{"Epoll", []groupCall{
	{nr: sysno.EpollCreate1, reason: "make an epoll descriptor"},
	{nr: sysno.EpollCtl, reason: "register a descriptor"},
	{nr: sysno.EpollPwait, reason: "wait for events (Go's network poller)"},
	{nr: sysno.EpollWait, reason: "wait for events"},
}}

var groupEventFd = group{"EventFd", []groupCall{
	{nr: sysno.Eventfd2, reason: "make an event descriptor"},
}}

var groupFileSystem = group{"FileSystem", []groupCall{
	{nr: sysno.Access, reason: "check permissions"},
	{nr: sysno.Chdir, reason: "change working directory"},
	{nr: sysno.Chmod, reason: "change permissions"},
	{nr: sysno.CopyFileRange, reason: "copy between files (io.Copy)"},
	{nr: sysno.Faccessat, reason: "check permissions (syscall.Faccessat)"},
	{nr: sysno.Faccessat2, reason: "check permissions (os/exec.LookPath)"},
	{nr: sysno.Fadvise64, reason: "advise about use of a file"},
	{nr: sysno.Fallocate, reason: "reserve space in a file"},
	{nr: sysno.Fchdir, reason: "change working directory (os.File.Chdir)"},
	{nr: sysno.Fchmod, reason: "change permissions of an open file"},
	{nr: sysno.Fchmodat, reason: "change permissions (os.Chmod)"},
	{nr: sysno.Fchown, reason: "change owner of an open file"},
	{nr: sysno.Fchownat, reason: "change owner (os.Chown)"},
	{nr: sysno.Fdatasync, reason: "write data to the device"},
	{nr: sysno.Flock, reason: "lock a file (goleveldb, bbolt)"},
	{nr: sysno.Fstat, reason: "state of an open file"},
	{nr: sysno.Fstatfs, reason: "state of a file system"},
	{nr: sysno.Fsync, reason: "write data and state to the device"},
	{nr: sysno.Ftruncate, reason: "set the length of an open file"},
	{nr: sysno.Getcwd, reason: "name of the working directory"},
	{nr: sysno.Getdents, reason: "list a directory"},
	{nr: sysno.Getdents64, reason: "list a directory"},
	{nr: sysno.Linkat, reason: "make a hard link (os.Link)"},
	{nr: sysno.Lstat, reason: "state of a file"},
	{nr: sysno.Mkdir, reason: "make a directory"},
	{nr: sysno.Mkdirat, reason: "make a directory (os.Mkdir)"},
	{nr: sysno.Msync, reason: "write a mapped file to the device"},
	{nr: sysno.Newfstatat, reason: "state of a file (os.Stat)"},
	{nr: sysno.Open, reason: "open a file"},
	{nr: sysno.Openat, reason: "open a file (os.Open)"},
	{nr: sysno.Readlink, reason: "read a symbolic link"},
	{nr: sysno.Readlinkat, reason: "read a symbolic link (os.Readlink)"},
	{nr: sysno.Rename, reason: "rename"},
	{nr: sysno.Renameat, reason: "rename (os.Rename)"},
	{nr: sysno.Renameat2, reason: "rename without replacing"},
	{nr: sysno.Rmdir, reason: "delete a directory"},
	{nr: sysno.Sendfile, reason: "copy between descriptors (io.Copy)"},
	{nr: sysno.Stat, reason: "state of a file"},
	{nr: sysno.Statfs, reason: "state of a file system"},
	{nr: sysno.Statx, reason: "state of a file"},
	{nr: sysno.Symlinkat, reason: "make a symbolic link (os.Symlink)"},
	{nr: sysno.SyncFileRange, reason: "write part of a file to the device"},
	{nr: sysno.Truncate, reason: "set the length of a file (os.Truncate)"},
	{nr: sysno.Unlink, reason: "delete a file"},
	{nr: sysno.Unlinkat, reason: "delete a file (os.Remove)"},
	{nr: sysno.Utimensat, reason: "set file times (os.Chtimes)"},
}}

var groupFutex = group{"Futex", []groupCall{
	{nr: sysno.Futex, reason: "lock in user space"},
	{nr: sysno.SetRobustList, reason: "robust futexes of the C library"},
}}

var groupGeneralIo = group{"GeneralIo", []groupCall{
	{nr: sysno.Ioctl, reason: "control a device"},
	{nr: sysno.Lseek, reason: "move the offset of a file"},
	{nr: sysno.Poll, reason: "wait for descriptors"},
	{nr: sysno.Ppoll, reason: "wait for descriptors"},
	{nr: sysno.Pread64, reason: "read at an offset"},
	{nr: sysno.Preadv, reason: "read at an offset into several buffers"},
	{nr: sysno.Pselect6, reason: "wait for descriptors"},
	{nr: sysno.Pwrite64, reason: "write at an offset"},
	{nr: sysno.Pwritev, reason: "write several buffers at an offset"},
	{nr: sysno.Read, reason: "read"},
	{nr: sysno.Readv, reason: "read into several buffers"},
	{nr: sysno.Recvfrom, reason: "receive from a socket"},
	{nr: sysno.Recvmmsg, reason: "receive several messages"},
	{nr: sysno.Recvmsg, reason: "receive a message"},
	{nr: sysno.Select, reason: "wait for descriptors"},
	{nr: sysno.Sendmmsg, reason: "send several messages"},
	{nr: sysno.Sendmsg, reason: "send a message"},
	{nr: sysno.Sendto, reason: "send to a socket"},
	{nr: sysno.Splice, reason: "copy between descriptors (io.Copy)"},
	{nr: sysno.Write, reason: "write"},
	{nr: sysno.Writev, reason: "write several buffers (net.Buffers)"},
}}

var groupGetRandom = group{"GetRandom", []groupCall{
	{nr: sysno.Getrandom, reason: "random bytes (crypto/rand)"},
}}

var groupGetSimpleID = group{"GetSimpleId", []groupCall{
	{nr: sysno.Getegid, reason: "effective group id"},
	{nr: sysno.Geteuid, reason: "effective user id"},
	{nr: sysno.Getgid, reason: "group id"},
	{nr: sysno.Getpgid, reason: "process group id"},
	{nr: sysno.Getpid, reason: "process id"},
	{nr: sysno.Getppid, reason: "parent process id"},
	{nr: sysno.Getresgid, reason: "real, effective and saved group ids"},
	{nr: sysno.Getresuid, reason: "real, effective and saved user ids"},
	{nr: sysno.Getsid, reason: "session id"},
	{nr: sysno.Gettid, reason: "thread id"},
	{nr: sysno.Getuid, reason: "user id"},
}}

var groupGetTime = group{"GetTime", []groupCall{
	{nr: sysno.ClockGetres, reason: "resolution of a clock"},
	{nr: sysno.ClockGettime, reason: "read a clock"},
	{nr: sysno.Gettimeofday, reason: "read the wall clock"},
	{nr: sysno.Time, reason: "read the wall clock"},
}}

var groupGlobalProcessEnvironment = group{"GlobalProcessEnvironment", []groupCall{
	{nr: sysno.Getrlimit, reason: "read a resource limit"},
	{nr: sysno.Getrusage, reason: "read resource usage"},
	{nr: sysno.Prlimit64, reason: "read or set a resource limit"},
}}

var groupGlobalSystemStatus = group{"GlobalSystemStatus", []groupCall{
	{nr: sysno.Sysinfo, reason: "memory and load of the machine"},
	{nr: sysno.Uname, reason: "name and version of the kernel"},
}}

var groupKernelInternalAPI = group{"KernelInternalApi", []groupCall{
	{nr: sysno.RestartSyscall, reason: "the kernel restarts a call after a stop signal"},
}}

var groupNetwork = group{"Network", []groupCall{
	{nr: sysno.Accept, reason: "accept a connection"},
	{nr: sysno.Accept4, reason: "accept a connection (package net)"},
	{nr: sysno.Bind, reason: "give a socket an address"},
	{nr: sysno.Connect, reason: "open a connection"},
	{nr: sysno.Listen, reason: "listen for connections"},
	{nr: sysno.Setsockopt, reason: "set an option of a socket"},
	{nr: sysno.Socket, reason: "make a socket"},
	{nr: sysno.Socketpair, reason: "make a pair of sockets"},
}}

var groupNetworkSocketInformation = group{"NetworkSocketInformation", []groupCall{
	{nr: sysno.Getpeername, reason: "address of the peer"},
	{nr: sysno.Getsockname, reason: "own address"},
	{nr: sysno.Getsockopt, reason: "read an option of a socket"},
}}

var groupOperationOnExistingFileDescriptor = group{"OperationOnExistingFileDescriptor", []groupCall{
	{nr: sysno.Close, reason: "close a descriptor"},
	{nr: sysno.Dup, reason: "duplicate a descriptor"},
	{nr: sysno.Dup2, reason: "duplicate a descriptor"},
	{nr: sysno.Dup3, reason: "duplicate a descriptor (os/exec)"},
	{nr: sysno.Fcntl, reason: "flags and locks of a descriptor"},
	{nr: sysno.Shutdown, reason: "shut down part of a connection"},
}}

var groupPipe = group{"Pipe", []groupCall{
	{nr: sysno.Pipe, reason: "make a pipe"},
	{nr: sysno.Pipe2, reason: "make a pipe (os.Pipe)"},
}}

var groupPrctl = group{"Prctl", []groupCall{
	{nr: sysno.ArchPrctl, reason: "state of the thread that depends on the architecture"},
	{nr: sysno.Prctl, reason: "operations on process and thread"},
}}

// execve is not here, as it was not in Bitcoin Core: Allow("execve") adds it.
var groupProcessStartOrDeath = group{"ProcessStartOrDeath", []groupCall{
	{nr: sysno.Clone, reason: "make a thread or a process"},
	{nr: sysno.Exit, reason: "end a thread"},
	{nr: sysno.ExitGroup, reason: "end the process"},
	{nr: sysno.Fork, reason: "make a process"},
	{nr: sysno.PidfdOpen, reason: "a descriptor for a process (os.FindProcess)"},
	{nr: sysno.PidfdSendSignal, reason: "signal a process by descriptor (os.Process.Signal)"},
	{nr: sysno.Rseq, reason: "restartable sequences of the C library"},
	{nr: sysno.Tgkill, reason: "signal a thread"},
	{nr: sysno.Vfork, reason: "make a process"},
	{nr: sysno.Wait4, reason: "wait for a process"},
	{nr: sysno.Waitid, reason: "wait for a process (os.Process.Wait)"},
}}

var groupScheduling = group{"Scheduling", []groupCall{
	{nr: sysno.SchedGetaffinity, reason: "CPUs of a thread"},
	{nr: sysno.SchedGetparam, reason: "scheduling parameters"},
	{nr: sysno.SchedGetscheduler, reason: "scheduling policy"},
	{nr: sysno.SchedSetscheduler, reason: "set scheduling policy"},
	{nr: sysno.SchedYield, reason: "give way"},
}}

var groupSignalHandling = group{"SignalHandling", []groupCall{
	{nr: sysno.RtSigaction, reason: "set a signal handler"},
	{nr: sysno.RtSigprocmask, reason: "set the signal mask"},
	{nr: sysno.RtSigreturn, reason: "return from a signal handler"},
	{nr: sysno.Sigaltstack, reason: "set the signal stack"},
}}

var groupSleep = group{"Sleep", []groupCall{
	{nr: sysno.ClockNanosleep, reason: "sleep on a clock"},
	{nr: sysno.Nanosleep, reason: "sleep"},
}}

var groupUmask = group{"Umask", []groupCall{
	{nr: sysno.Umask, reason: "set the file mode mask"},
}}
