// SPDX-License-Identifier: MIT

package sandbox

import "github.com/syscall-sandbox/sandbox/internal/sysno"

// The groups of Bitcoin Core 25's builder, updated for what Go programs call on
// amd64: the *at forms that package os uses, dup3, waitid and pidfd for os/exec,
// splice for io.Copy. What the Go runtime needs for itself is not here but in
// internal/gobase. clone3, openat2 and the like are nowhere: their arguments are
// in memory, where no filter sees them, and every caller has a fallback.

// A group is a table of calls, one reason per line.
type group struct {
	name  string
	calls []groupCall
}

type groupCall struct {
	nr     uint32
	reason string
}

var groups = [...]*group{
	&groupAddressSpaceAccess, &groupEpoll, &groupEventFd, &groupFileSystem, &groupFutex, &groupGeneralIo, &groupGetRandom, &groupGetSimpleID, &groupGetTime,
	&groupGlobalProcessEnvironment, &groupGlobalSystemStatus, &groupKernelInternalAPI, &groupNetwork, &groupNetworkSocketInformation,
	&groupOperationOnExistingFileDescriptor, &groupPipe, &groupPrctl, &groupProcessStartOrDeath, &groupScheduling, &groupSignalHandling, &groupSleep, &groupUmask,
}

var groupAddressSpaceAccess = group{"AddressSpaceAccess", []groupCall{
	{sysno.Brk, "change data segment size"},
	{sysno.Madvise, "advise about use of memory"},
	{sysno.Membarrier, "memory barrier on a set of threads"},
	{sysno.Mincore, "ask which pages are in memory"},
	{sysno.Mlock, "keep pages in memory (keys)"},
	{sysno.Mmap, "map files or memory"},
	{sysno.Mprotect, "change protection of memory"},
	{sysno.Mremap, "move a mapping"},
	{sysno.Munlock, "undo mlock"},
	{sysno.Munmap, "unmap"},
}}

var groupEpoll = group{"Epoll", []groupCall{
	{sysno.EpollCreate1, "make an epoll descriptor"},
	{sysno.EpollCtl, "register a descriptor"},
	{sysno.EpollPwait, "wait for events (Go's network poller)"},
	{sysno.EpollWait, "wait for events"},
}}

var groupEventFd = group{"EventFd", []groupCall{
	{sysno.Eventfd2, "make an event descriptor"},
}}

var groupFileSystem = group{"FileSystem", []groupCall{
	{sysno.Access, "check permissions"},
	{sysno.Chdir, "change working directory"},
	{sysno.Chmod, "change permissions"},
	{sysno.CopyFileRange, "copy between files (io.Copy)"},
	{sysno.Faccessat, "check permissions (syscall.Faccessat)"},
	{sysno.Faccessat2, "check permissions (os/exec.LookPath)"},
	{sysno.Fadvise64, "advise about use of a file"},
	{sysno.Fallocate, "reserve space in a file"},
	{sysno.Fchdir, "change working directory (os.File.Chdir)"},
	{sysno.Fchmod, "change permissions of an open file"},
	{sysno.Fchmodat, "change permissions (os.Chmod)"},
	{sysno.Fchown, "change owner of an open file"},
	{sysno.Fchownat, "change owner (os.Chown)"},
	{sysno.Fdatasync, "write data to the device"},
	{sysno.Flock, "lock a file (goleveldb, bbolt)"},
	{sysno.Fstat, "state of an open file"},
	{sysno.Fstatfs, "state of a file system"},
	{sysno.Fsync, "write data and state to the device"},
	{sysno.Ftruncate, "set the length of an open file"},
	{sysno.Getcwd, "name of the working directory"},
	{sysno.Getdents, "list a directory"},
	{sysno.Getdents64, "list a directory"},
	{sysno.Linkat, "make a hard link (os.Link)"},
	{sysno.Lstat, "state of a file"},
	{sysno.Mkdir, "make a directory"},
	{sysno.Mkdirat, "make a directory (os.Mkdir)"},
	{sysno.Msync, "write a mapped file to the device"},
	{sysno.Newfstatat, "state of a file (os.Stat)"},
	{sysno.Open, "open a file"},
	{sysno.Openat, "open a file (os.Open)"},
	{sysno.Readlink, "read a symbolic link"},
	{sysno.Readlinkat, "read a symbolic link (os.Readlink)"},
	{sysno.Rename, "rename"},
	{sysno.Renameat, "rename (os.Rename)"},
	{sysno.Renameat2, "rename without replacing"},
	{sysno.Rmdir, "delete a directory"},
	{sysno.Sendfile, "copy between descriptors (io.Copy)"},
	{sysno.Stat, "state of a file"},
	{sysno.Statfs, "state of a file system"},
	{sysno.Statx, "state of a file"},
	{sysno.Symlinkat, "make a symbolic link (os.Symlink)"},
	{sysno.SyncFileRange, "write part of a file to the device"},
	{sysno.Truncate, "set the length of a file (os.Truncate)"},
	{sysno.Unlink, "delete a file"},
	{sysno.Unlinkat, "delete a file (os.Remove)"},
	{sysno.Utimensat, "set file times (os.Chtimes)"},
}}

var groupFutex = group{"Futex", []groupCall{
	{sysno.Futex, "lock in user space"},
	{sysno.SetRobustList, "robust futexes of the C library"},
}}

var groupGeneralIo = group{"GeneralIo", []groupCall{
	{sysno.Ioctl, "control a device"},
	{sysno.Lseek, "move the offset of a file"},
	{sysno.Poll, "wait for descriptors"},
	{sysno.Ppoll, "wait for descriptors"},
	{sysno.Pread64, "read at an offset"},
	{sysno.Preadv, "read at an offset into several buffers"},
	{sysno.Pselect6, "wait for descriptors"},
	{sysno.Pwrite64, "write at an offset"},
	{sysno.Pwritev, "write several buffers at an offset"},
	{sysno.Read, "read"},
	{sysno.Readv, "read into several buffers"},
	{sysno.Recvfrom, "receive from a socket"},
	{sysno.Recvmmsg, "receive several messages"},
	{sysno.Recvmsg, "receive a message"},
	{sysno.Select, "wait for descriptors"},
	{sysno.Sendmmsg, "send several messages"},
	{sysno.Sendmsg, "send a message"},
	{sysno.Sendto, "send to a socket"},
	{sysno.Splice, "copy between descriptors (io.Copy)"},
	{sysno.Write, "write"},
	{sysno.Writev, "write several buffers (net.Buffers)"},
}}

var groupGetRandom = group{"GetRandom", []groupCall{
	{sysno.Getrandom, "random bytes (crypto/rand)"},
}}

var groupGetSimpleID = group{"GetSimpleId", []groupCall{
	{sysno.Getegid, "effective group id"},
	{sysno.Geteuid, "effective user id"},
	{sysno.Getgid, "group id"},
	{sysno.Getpgid, "process group id"},
	{sysno.Getpid, "process id"},
	{sysno.Getppid, "parent process id"},
	{sysno.Getresgid, "real, effective and saved group ids"},
	{sysno.Getresuid, "real, effective and saved user ids"},
	{sysno.Getsid, "session id"},
	{sysno.Gettid, "thread id"},
	{sysno.Getuid, "user id"},
}}

var groupGetTime = group{"GetTime", []groupCall{
	{sysno.ClockGetres, "resolution of a clock"},
	{sysno.ClockGettime, "read a clock"},
	{sysno.Gettimeofday, "read the wall clock"},
	{sysno.Time, "read the wall clock"},
}}

var groupGlobalProcessEnvironment = group{"GlobalProcessEnvironment", []groupCall{
	{sysno.Getrlimit, "read a resource limit"},
	{sysno.Getrusage, "read resource usage"},
	{sysno.Prlimit64, "read or set a resource limit"},
}}

var groupGlobalSystemStatus = group{"GlobalSystemStatus", []groupCall{
	{sysno.Sysinfo, "memory and load of the machine"},
	{sysno.Uname, "name and version of the kernel"},
}}

var groupKernelInternalAPI = group{"KernelInternalApi", []groupCall{
	{sysno.RestartSyscall, "the kernel restarts a call after a stop signal"},
}}

var groupNetwork = group{"Network", []groupCall{
	{sysno.Accept, "accept a connection"},
	{sysno.Accept4, "accept a connection (package net)"},
	{sysno.Bind, "give a socket an address"},
	{sysno.Connect, "open a connection"},
	{sysno.Listen, "listen for connections"},
	{sysno.Setsockopt, "set an option of a socket"},
	{sysno.Socket, "make a socket"},
	{sysno.Socketpair, "make a pair of sockets"},
}}

var groupNetworkSocketInformation = group{"NetworkSocketInformation", []groupCall{
	{sysno.Getpeername, "address of the peer"},
	{sysno.Getsockname, "own address"},
	{sysno.Getsockopt, "read an option of a socket"},
}}

var groupOperationOnExistingFileDescriptor = group{"OperationOnExistingFileDescriptor", []groupCall{
	{sysno.Close, "close a descriptor"},
	{sysno.Dup, "duplicate a descriptor"},
	{sysno.Dup2, "duplicate a descriptor"},
	{sysno.Dup3, "duplicate a descriptor (os/exec)"},
	{sysno.Fcntl, "flags and locks of a descriptor"},
	{sysno.Shutdown, "shut down part of a connection"},
}}

var groupPipe = group{"Pipe", []groupCall{
	{sysno.Pipe, "make a pipe"},
	{sysno.Pipe2, "make a pipe (os.Pipe)"},
}}

var groupPrctl = group{"Prctl", []groupCall{
	{sysno.ArchPrctl, "state of the thread that depends on the architecture"},
	{sysno.Prctl, "operations on process and thread"},
}}

// execve is not here, as it was not in Bitcoin Core: Allow("execve") adds it.
var groupProcessStartOrDeath = group{"ProcessStartOrDeath", []groupCall{
	{sysno.Clone, "make a thread or a process"},
	{sysno.Exit, "end a thread"},
	{sysno.ExitGroup, "end the process"},
	{sysno.Fork, "make a process"},
	{sysno.PidfdOpen, "a descriptor for a process (os.FindProcess)"},
	{sysno.PidfdSendSignal, "signal a process by descriptor (os.Process.Signal)"},
	{sysno.Rseq, "restartable sequences of the C library"},
	{sysno.Tgkill, "signal a thread"},
	{sysno.Vfork, "make a process"},
	{sysno.Wait4, "wait for a process"},
	{sysno.Waitid, "wait for a process (os.Process.Wait)"},
}}

var groupScheduling = group{"Scheduling", []groupCall{
	{sysno.SchedGetaffinity, "CPUs of a thread"},
	{sysno.SchedGetparam, "scheduling parameters"},
	{sysno.SchedGetscheduler, "scheduling policy"},
	{sysno.SchedSetscheduler, "set scheduling policy"},
	{sysno.SchedYield, "give way"},
}}

var groupSignalHandling = group{"SignalHandling", []groupCall{
	{sysno.RtSigaction, "set a signal handler"},
	{sysno.RtSigprocmask, "set the signal mask"},
	{sysno.RtSigreturn, "return from a signal handler"},
	{sysno.Sigaltstack, "set the signal stack"},
}}

var groupSleep = group{"Sleep", []groupCall{
	{sysno.ClockNanosleep, "sleep on a clock"},
	{sysno.Nanosleep, "sleep"},
}}

var groupUmask = group{"Umask", []groupCall{
	{sysno.Umask, "set the file mode mask"},
}}
