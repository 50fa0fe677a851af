// SPDX-License-Identifier: MIT

package sysargs

// open(2). O_LARGEFILE is the kernel's bit; in the C library of amd64 it is 0.
var openFlags = kind{class: flags, width: 32, fields: []field{
	{mask: 3, values: []value{
		{0, "O_RDONLY"},
		{1, "O_WRONLY"},
		{2, "O_RDWR"},
	}},
}, values: []value{
	{0x101000, "O_SYNC"},
	{0x410000, "O_TMPFILE"},
	{0x40, "O_CREAT"},
	{0x80, "O_EXCL"},
	{0x100, "O_NOCTTY"},
	{0x200, "O_TRUNC"},
	{0x400, "O_APPEND"},
	{0x800, "O_NONBLOCK"},
	{0x1000, "O_DSYNC"},
	{0x2000, "O_ASYNC"},
	{0x4000, "O_DIRECT"},
	{0x8000, "O_LARGEFILE"},
	{0x10000, "O_DIRECTORY"},
	{0x20000, "O_NOFOLLOW"},
	{0x40000, "O_NOATIME"},
	{0x80000, "O_CLOEXEC"},
	{0x200000, "O_PATH"},
	{0x800, "O_NDELAY"},
	{0x101000, "O_RSYNC"},
	{0x101000, "O_FSYNC"},
}}

// pipe(2)
var pipeFlags = kind{class: flags, width: 32, values: []value{
	{0x80000, "O_CLOEXEC"},
	{0x800, "O_NONBLOCK"},
	{0x4000, "O_DIRECT"},
	{0x80, "O_NOTIFICATION_PIPE"},
}}

// dup(2)
var dupFlags = kind{class: flags, width: 32, values: []value{
	{0x80000, "O_CLOEXEC"},
}}

// access(2)
var accessMode = kind{class: flags, width: 32, exact: []value{{0, "F_OK"}}, values: []value{
	{4, "R_OK"},
	{2, "W_OK"},
	{1, "X_OK"},
}}

// access(2), faccessat2
var accessFlags = kind{class: flags, width: 32, values: []value{
	{0x200, "AT_EACCESS"},
	{0x100, "AT_SYMLINK_NOFOLLOW"},
	{0x1000, "AT_EMPTY_PATH"},
}}

// stat(2), statx(2)
var statFlags = kind{class: flags, width: 32, values: []value{
	{0x100, "AT_SYMLINK_NOFOLLOW"},
	{0x800, "AT_NO_AUTOMOUNT"},
	{0x1000, "AT_EMPTY_PATH"},
	{0x2000, "AT_STATX_FORCE_SYNC"},
	{0x4000, "AT_STATX_DONT_SYNC"},
}}

// statx(2)
var statxMask = kind{class: flags, width: 32, values: []value{
	{0xfff, "STATX_ALL"},
	{0x7ff, "STATX_BASIC_STATS"},
	{1, "STATX_TYPE"},
	{2, "STATX_MODE"},
	{4, "STATX_NLINK"},
	{8, "STATX_UID"},
	{0x10, "STATX_GID"},
	{0x20, "STATX_ATIME"},
	{0x40, "STATX_MTIME"},
	{0x80, "STATX_CTIME"},
	{0x100, "STATX_INO"},
	{0x200, "STATX_SIZE"},
	{0x400, "STATX_BLOCKS"},
	{0x800, "STATX_BTIME"},
	{0x1000, "STATX_MNT_ID"},
	{0x2000, "STATX_DIOALIGN"},
	{0x4000, "STATX_MNT_ID_UNIQUE"},
	{0x8000, "STATX_SUBVOL"},
	{0x10000, "STATX_WRITE_ATOMIC"},
	{0x20000, "STATX_DIO_READ_ALIGN"},
}}

// unlink(2)
var unlinkFlags = kind{class: flags, width: 32, values: []value{
	{0x200, "AT_REMOVEDIR"},
}}

// link(2)
var linkFlags = kind{class: flags, width: 32, values: []value{
	{0x400, "AT_SYMLINK_FOLLOW"},
	{0x1000, "AT_EMPTY_PATH"},
}}

// chown(2), chmod(2), utimensat(2), setxattr(2)
var pathFlags = kind{class: flags, width: 32, values: []value{
	{0x100, "AT_SYMLINK_NOFOLLOW"},
	{0x1000, "AT_EMPTY_PATH"},
}}

// execveat(2)
var execFlags = kind{class: flags, width: 32, values: []value{
	{0x100, "AT_SYMLINK_NOFOLLOW"},
	{0x1000, "AT_EMPTY_PATH"},
	{0x10000, "AT_EXECVE_CHECK"},
}}

// open_by_handle_at(2)
var handleFlags = kind{class: flags, width: 32, values: []value{
	{0x400, "AT_SYMLINK_FOLLOW"},
	{0x1000, "AT_EMPTY_PATH"},
	{0x200, "AT_HANDLE_FID"},
	{1, "AT_HANDLE_MNT_ID_UNIQUE"},
	{2, "AT_HANDLE_CONNECTABLE"},
}}

// rename(2)
var renameFlags = kind{class: flags, width: 32, values: []value{
	{2, "RENAME_EXCHANGE"},
	{1, "RENAME_NOREPLACE"},
	{4, "RENAME_WHITEOUT"},
}}

// setxattr(2)
var xattrFlags = kind{class: flags, width: 32, values: []value{
	{1, "XATTR_CREATE"},
	{2, "XATTR_REPLACE"},
}}

// lseek(2)
var whence = kind{class: enum, width: 32, values: []value{
	{0, "SEEK_SET"},
	{1, "SEEK_CUR"},
	{2, "SEEK_END"},
	{3, "SEEK_DATA"},
	{4, "SEEK_HOLE"},
}}

// readv(2)
var rwFlags = kind{class: flags, width: 32, values: []value{
	{0x10, "RWF_APPEND"},
	{0x40, "RWF_ATOMIC"},
	{0x80, "RWF_DONTCACHE"},
	{2, "RWF_DSYNC"},
	{1, "RWF_HIPRI"},
	{0x20, "RWF_NOAPPEND"},
	{0x100, "RWF_NOSIGNAL"},
	{8, "RWF_NOWAIT"},
	{4, "RWF_SYNC"},
}}

// splice(2)
var spliceFlags = kind{class: flags, width: 32, values: []value{
	{1, "SPLICE_F_MOVE"},
	{2, "SPLICE_F_NONBLOCK"},
	{4, "SPLICE_F_MORE"},
	{8, "SPLICE_F_GIFT"},
}}

// fallocate(2)
var fallocateMode = kind{class: flags, width: 32, values: []value{
	{8, "FALLOC_FL_COLLAPSE_RANGE"},
	{0x20, "FALLOC_FL_INSERT_RANGE"},
	{1, "FALLOC_FL_KEEP_SIZE"},
	{4, "FALLOC_FL_NO_HIDE_STALE"},
	{2, "FALLOC_FL_PUNCH_HOLE"},
	{0x40, "FALLOC_FL_UNSHARE_RANGE"},
	{0x80, "FALLOC_FL_WRITE_ZEROES"},
	{0x10, "FALLOC_FL_ZERO_RANGE"},
}}

// sync_file_range(2)
var syncRangeFlags = kind{class: flags, width: 32, values: []value{
	{1, "SYNC_FILE_RANGE_WAIT_BEFORE"},
	{2, "SYNC_FILE_RANGE_WRITE"},
	{4, "SYNC_FILE_RANGE_WAIT_AFTER"},
}}

// posix_fadvise(2). x/sys/unix calls them FADV_.
var fadvise = kind{class: enum, width: 32, values: []value{
	{0, "POSIX_FADV_NORMAL"},
	{1, "POSIX_FADV_RANDOM"},
	{2, "POSIX_FADV_SEQUENTIAL"},
	{3, "POSIX_FADV_WILLNEED"},
	{4, "POSIX_FADV_DONTNEED"},
	{5, "POSIX_FADV_NOREUSE"},
	{0, "FADV_NORMAL"},
	{1, "FADV_RANDOM"},
	{2, "FADV_SEQUENTIAL"},
	{3, "FADV_WILLNEED"},
	{4, "FADV_DONTNEED"},
	{5, "FADV_NOREUSE"},
}}

// flock(2)
var flockOps = kind{class: flags, width: 32, fields: []field{
	{mask: 11, values: []value{
		{1, "LOCK_SH"},
		{2, "LOCK_EX"},
		{8, "LOCK_UN"},
	}},
}, values: []value{
	{4, "LOCK_NB"},
	{0x20, "LOCK_MAND"},
	{0x40, "LOCK_READ"},
	{0x80, "LOCK_WRITE"},
}}

// fcntl(2)
var fcntlCmds = kind{class: enum, width: 32, values: []value{
	{0, "F_DUPFD"},
	{1, "F_GETFD"},
	{2, "F_SETFD"},
	{3, "F_GETFL"},
	{4, "F_SETFL"},
	{5, "F_GETLK"},
	{6, "F_SETLK"},
	{7, "F_SETLKW"},
	{8, "F_SETOWN"},
	{9, "F_GETOWN"},
	{0xa, "F_SETSIG"},
	{0xb, "F_GETSIG"},
	{0xf, "F_SETOWN_EX"},
	{0x10, "F_GETOWN_EX"},
	{0x11, "F_GETOWNER_UIDS"},
	{0x24, "F_OFD_GETLK"},
	{0x25, "F_OFD_SETLK"},
	{0x26, "F_OFD_SETLKW"},
	{0x400, "F_SETLEASE"},
	{0x401, "F_GETLEASE"},
	{0x402, "F_NOTIFY"},
	{0x403, "F_DUPFD_QUERY"},
	{0x404, "F_CREATED_QUERY"},
	{0x405, "F_CANCELLK"},
	{0x406, "F_DUPFD_CLOEXEC"},
	{0x407, "F_SETPIPE_SZ"},
	{0x408, "F_GETPIPE_SZ"},
	{0x409, "F_ADD_SEALS"},
	{0x40a, "F_GET_SEALS"},
	{0x40b, "F_GET_RW_HINT"},
	{0x40c, "F_SET_RW_HINT"},
	{0x40d, "F_GET_FILE_RW_HINT"},
	{0x40e, "F_SET_FILE_RW_HINT"},
	{0x40f, "F_GETDELEG"},
	{0x410, "F_SETDELEG"},
	{5, "F_GETLK64"},
	{6, "F_SETLK64"},
	{7, "F_SETLKW64"},
}}

// fcntl(2), F_SETFD
var fdFlags = kind{class: flags, width: 32, values: []value{
	{1, "FD_CLOEXEC"},
}}

// fcntl(2), F_ADD_SEALS
var seals = kind{class: flags, width: 32, values: []value{
	{0x20, "F_SEAL_EXEC"},
	{0x10, "F_SEAL_FUTURE_WRITE"},
	{4, "F_SEAL_GROW"},
	{1, "F_SEAL_SEAL"},
	{2, "F_SEAL_SHRINK"},
	{8, "F_SEAL_WRITE"},
}}

// fcntl(2), F_SETLEASE
var leases = kind{class: enum, width: 32, values: []value{
	{0, "F_RDLCK"},
	{1, "F_WRLCK"},
	{2, "F_UNLCK"},
}}

// fcntl(2), F_NOTIFY
var dnotify = kind{class: flags, width: 32, values: []value{
	{1, "DN_ACCESS"},
	{2, "DN_MODIFY"},
	{4, "DN_CREATE"},
	{8, "DN_DELETE"},
	{0x10, "DN_RENAME"},
	{0x20, "DN_ATTRIB"},
	{0x80000000, "DN_MULTISHOT"},
}}

// fcntl(2): what the third argument is depends on the command
var fcntlArg = kind{class: hex, width: 64, on: 1, cases: []choice{
	{0, &fd},             // F_DUPFD
	{0x406, &fd},         // F_DUPFD_CLOEXEC
	{0x403, &fd},         // F_DUPFD_QUERY
	{2, &fdFlags},        // F_SETFD
	{4, &openFlags},      // F_SETFL
	{8, &integer},        // F_SETOWN
	{0x407, &integer},    // F_SETPIPE_SZ
	{0xa, &signalNumber}, // F_SETSIG
	{0x409, &seals},      // F_ADD_SEALS
	{0x400, &leases},     // F_SETLEASE
	{0x402, &dnotify},    // F_NOTIFY
	{5, &ptr},            // F_GETLK
	{6, &ptr},            // F_SETLK
	{7, &ptr},            // F_SETLKW
	{0x24, &ptr},         // F_OFD_GETLK
	{0x25, &ptr},         // F_OFD_SETLK
	{0x26, &ptr},         // F_OFD_SETLKW
	{0xf, &ptr},          // F_SETOWN_EX
	{0x10, &ptr},         // F_GETOWN_EX
	{0x11, &ptr},         // F_GETOWNER_UIDS
	{0x40b, &ptr},        // F_GET_RW_HINT
	{0x40c, &ptr},        // F_SET_RW_HINT
	{0x40d, &ptr},        // F_GET_FILE_RW_HINT
	{0x40e, &ptr},        // F_SET_FILE_RW_HINT
	{0x40f, &ptr},        // F_GETDELEG
	{0x410, &ptr},        // F_SETDELEG
}}

// close_range(2)
var closeRangeFlags = kind{class: flags, width: 32, values: []value{
	{2, "CLOSE_RANGE_UNSHARE"},
	{4, "CLOSE_RANGE_CLOEXEC"},
}}

// inotify_init(2)
var inotifyInit = kind{class: flags, width: 32, values: []value{
	{0x800, "IN_NONBLOCK"},
	{0x80000, "IN_CLOEXEC"},
}}

// inotify_add_watch(2)
var inotifyMask = kind{class: flags, width: 32, values: []value{
	{0xfff, "IN_ALL_EVENTS"},
	{1, "IN_ACCESS"},
	{2, "IN_MODIFY"},
	{4, "IN_ATTRIB"},
	{8, "IN_CLOSE_WRITE"},
	{0x10, "IN_CLOSE_NOWRITE"},
	{0x20, "IN_OPEN"},
	{0x40, "IN_MOVED_FROM"},
	{0x80, "IN_MOVED_TO"},
	{0x100, "IN_CREATE"},
	{0x200, "IN_DELETE"},
	{0x400, "IN_DELETE_SELF"},
	{0x800, "IN_MOVE_SELF"},
	{0x2000, "IN_UNMOUNT"},
	{0x4000, "IN_Q_OVERFLOW"},
	{0x8000, "IN_IGNORED"},
	{0x1000000, "IN_ONLYDIR"},
	{0x2000000, "IN_DONT_FOLLOW"},
	{0x4000000, "IN_EXCL_UNLINK"},
	{0x10000000, "IN_MASK_CREATE"},
	{0x20000000, "IN_MASK_ADD"},
	{0x40000000, "IN_ISDIR"},
	{0x80000000, "IN_ONESHOT"},
	{0x18, "IN_CLOSE"},
	{0xc0, "IN_MOVE"},
}}

// fanotify_init(2)
var fanotifyInit = kind{class: flags, width: 32, fields: []field{
	{mask: 0xc, values: []value{
		{0, "FAN_CLASS_NOTIF"},
		{4, "FAN_CLASS_CONTENT"},
		{8, "FAN_CLASS_PRE_CONTENT"},
	}},
}, values: []value{
	{1, "FAN_CLOEXEC"},
	{2, "FAN_NONBLOCK"},
	{0x10, "FAN_UNLIMITED_QUEUE"},
	{0x20, "FAN_UNLIMITED_MARKS"},
	{0x40, "FAN_ENABLE_AUDIT"},
	{0x80, "FAN_REPORT_PIDFD"},
	{0x100, "FAN_REPORT_TID"},
	{0x200, "FAN_REPORT_FID"},
	{0x400, "FAN_REPORT_DIR_FID"},
	{0x800, "FAN_REPORT_NAME"},
	{0x1000, "FAN_REPORT_TARGET_FID"},
	{0x2000, "FAN_REPORT_FD_ERROR"},
	{0x4000, "FAN_REPORT_MNT"},
}}

// fanotify_mark(2)
var fanotifyMark = kind{class: flags, width: 32, values: []value{
	{1, "FAN_MARK_ADD"},
	{2, "FAN_MARK_REMOVE"},
	{0x80, "FAN_MARK_FLUSH"},
	{4, "FAN_MARK_DONT_FOLLOW"},
	{8, "FAN_MARK_ONLYDIR"},
	{0x110, "FAN_MARK_MNTNS"},
	{0x10, "FAN_MARK_MOUNT"},
	{0x100, "FAN_MARK_FILESYSTEM"},
	{0x20, "FAN_MARK_IGNORED_MASK"},
	{0x40, "FAN_MARK_IGNORED_SURV_MODIFY"},
	{0x200, "FAN_MARK_EVICTABLE"},
	{0x400, "FAN_MARK_IGNORE"},
}}

// fanotify_mark(2), the events
var fanotifyMask = kind{class: flags, width: 64, values: []value{
	{1, "FAN_ACCESS"},
	{2, "FAN_MODIFY"},
	{4, "FAN_ATTRIB"},
	{8, "FAN_CLOSE_WRITE"},
	{0x10, "FAN_CLOSE_NOWRITE"},
	{0x20, "FAN_OPEN"},
	{0x40, "FAN_MOVED_FROM"},
	{0x80, "FAN_MOVED_TO"},
	{0x100, "FAN_CREATE"},
	{0x200, "FAN_DELETE"},
	{0x400, "FAN_DELETE_SELF"},
	{0x800, "FAN_MOVE_SELF"},
	{0x1000, "FAN_OPEN_EXEC"},
	{0x4000, "FAN_Q_OVERFLOW"},
	{0x8000, "FAN_FS_ERROR"},
	{0x10000, "FAN_OPEN_PERM"},
	{0x20000, "FAN_ACCESS_PERM"},
	{0x40000, "FAN_OPEN_EXEC_PERM"},
	{0x100000, "FAN_PRE_ACCESS"},
	{0x1000000, "FAN_MNT_ATTACH"},
	{0x2000000, "FAN_MNT_DETACH"},
	{0x8000000, "FAN_EVENT_ON_CHILD"},
	{0x10000000, "FAN_RENAME"},
	{0x40000000, "FAN_ONDIR"},
	{0x18, "FAN_CLOSE"},
	{0xc0, "FAN_MOVE"},
}}

// epoll_create(2)
var epollCreate = kind{class: flags, width: 32, values: []value{
	{0x80000, "EPOLL_CLOEXEC"},
}}

// epoll_ctl(2)
var epollOps = kind{class: enum, width: 32, values: []value{
	{1, "EPOLL_CTL_ADD"},
	{2, "EPOLL_CTL_DEL"},
	{3, "EPOLL_CTL_MOD"},
}}

// eventfd(2)
var eventfdFlags = kind{class: flags, width: 32, values: []value{
	{1, "EFD_SEMAPHORE"},
	{0x80000, "EFD_CLOEXEC"},
	{0x800, "EFD_NONBLOCK"},
}}

// signalfd(2)
var signalfdFlags = kind{class: flags, width: 32, values: []value{
	{0x80000, "SFD_CLOEXEC"},
	{0x800, "SFD_NONBLOCK"},
}}

// timerfd_create(2)
var timerfdCreate = kind{class: flags, width: 32, values: []value{
	{0x80000, "TFD_CLOEXEC"},
	{0x800, "TFD_NONBLOCK"},
}}

// timerfd_settime(2)
var timerfdSettime = kind{class: flags, width: 32, values: []value{
	{1, "TFD_TIMER_ABSTIME"},
	{2, "TFD_TIMER_CANCEL_ON_SET"},
}}

// userfaultfd(2)
var userfaultfdFlags = kind{class: flags, width: 32, values: []value{
	{0x80000, "O_CLOEXEC"},
	{0x800, "O_NONBLOCK"},
	{1, "UFFD_USER_MODE_ONLY"},
}}
