// SPDX-License-Identifier: MIT

package abi

import (
	"testing"
	"unsafe" // for the offsets of the kernel's structures

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

func TestAgainstUnix(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want uint64
	}{
		{"AUDIT_ARCH_X86_64", AuditArchX86_64, unix.AUDIT_ARCH_X86_64},
		{"AUDIT_ARCH_I386", AuditArchI386, unix.AUDIT_ARCH_I386},
		{"RET_KILL_PROCESS", RetKillProcess, unix.SECCOMP_RET_KILL_PROCESS},
		{"RET_KILL_THREAD", RetKillThread, unix.SECCOMP_RET_KILL_THREAD},
		{"RET_TRAP", RetTrap, unix.SECCOMP_RET_TRAP},
		{"RET_ERRNO", RetErrno, unix.SECCOMP_RET_ERRNO},
		{"RET_USER_NOTIF", RetUserNotif, unix.SECCOMP_RET_USER_NOTIF},
		{"RET_TRACE", RetTrace, unix.SECCOMP_RET_TRACE},
		{"RET_LOG", RetLog, unix.SECCOMP_RET_LOG},
		{"RET_ALLOW", RetAllow, unix.SECCOMP_RET_ALLOW},
		{"RET_ACTION_FULL", RetActionFull, unix.SECCOMP_RET_ACTION_FULL},
		{"RET_DATA", RetData, unix.SECCOMP_RET_DATA},
		{"SET_MODE_STRICT", SetModeStrict, unix.SECCOMP_SET_MODE_STRICT},
		{"SET_MODE_FILTER", SetModeFilter, unix.SECCOMP_SET_MODE_FILTER},
		{"GET_ACTION_AVAIL", GetActionAvail, unix.SECCOMP_GET_ACTION_AVAIL},
		{"GET_NOTIF_SIZES", GetNotifSizes, unix.SECCOMP_GET_NOTIF_SIZES},
		{"FLAG_TSYNC", FlagTSync, unix.SECCOMP_FILTER_FLAG_TSYNC},
		{"FLAG_LOG", FlagLog, unix.SECCOMP_FILTER_FLAG_LOG},
		{"FLAG_SPEC_ALLOW", FlagSpecAllow, unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW},
		{"FLAG_NEW_LISTENER", FlagNewListener, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER},
		{"FLAG_TSYNC_ESRCH", FlagTSyncESRCH, unix.SECCOMP_FILTER_FLAG_TSYNC_ESRCH},
		{"FLAG_WAIT_KILLABLE_RECV", FlagWaitKillableRecv, unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
		{"IOCTL_NOTIF_RECV", IoctlNotifRecv, unix.SECCOMP_IOCTL_NOTIF_RECV},
		{"IOCTL_NOTIF_SEND", IoctlNotifSend, unix.SECCOMP_IOCTL_NOTIF_SEND},
		{"IOCTL_NOTIF_ID_VALID", IoctlNotifIDValid, unix.SECCOMP_IOCTL_NOTIF_ID_VALID},
		{"IOCTL_NOTIF_ID_VALID_WRONG_DIR", IoctlNotifIDValidOld, unix.SECCOMP_IOCTL_NOTIF_ID_VALID ^ 3<<30},
		{"IOCTL_NOTIF_ADDFD", IoctlNotifAddFD, unix.SECCOMP_IOCTL_NOTIF_ADDFD},
		{"IOCTL_NOTIF_SET_FLAGS", IoctlNotifSetFlags, unix.SECCOMP_IOCTL_NOTIF_SET_FLAGS},
		{"USER_NOTIF_FLAG_CONTINUE", NotifContinue, unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE},
		{"ADDFD_FLAG_SETFD", AddFDSetFD, unix.SECCOMP_ADDFD_FLAG_SETFD},
		{"ADDFD_FLAG_SEND", AddFDSend, unix.SECCOMP_ADDFD_FLAG_SEND},
		{"USER_NOTIF_FD_SYNC_WAKE_UP", NotifSyncWakeUp, unix.SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP},
		{"size in IOCTL_NOTIF_RECV", SizeofNotif, unix.SECCOMP_IOCTL_NOTIF_RECV >> 16 & 0x3fff},
		{"size in IOCTL_NOTIF_SEND", SizeofNotifResp, unix.SECCOMP_IOCTL_NOTIF_SEND >> 16 & 0x3fff},
		{"size in IOCTL_NOTIF_ADDFD", SizeofNotifAddFD, unix.SECCOMP_IOCTL_NOTIF_ADDFD >> 16 & 0x3fff},
		{"BPF_MAXINSNS", MaxInsns, unix.BPF_MAXINSNS},
		{"BPF_MEMWORDS", MemWords, unix.BPF_MEMWORDS},
		{"SIGSYS", SIGSYS, uint64(unix.SIGSYS)},
		{"EPERM", EPERM, uint64(unix.EPERM)},
		{"ENOENT", ENOENT, uint64(unix.ENOENT)},
		{"ESRCH", ESRCH, uint64(unix.ESRCH)},
		{"EINTR", EINTR, uint64(unix.EINTR)},
		{"EBADF", EBADF, uint64(unix.EBADF)},
		{"EAGAIN", EAGAIN, uint64(unix.EAGAIN)},
		{"ENOMEM", ENOMEM, uint64(unix.ENOMEM)},
		{"EACCES", EACCES, uint64(unix.EACCES)},
		{"EFAULT", EFAULT, uint64(unix.EFAULT)},
		{"EBUSY", EBUSY, uint64(unix.EBUSY)},
		{"EINVAL", EINVAL, uint64(unix.EINVAL)},
		{"ENFILE", ENFILE, uint64(unix.ENFILE)},
		{"EMFILE", EMFILE, uint64(unix.EMFILE)},
		{"ENOSYS", ENOSYS, uint64(unix.ENOSYS)},
		{"EOPNOTSUPP", EOPNOTSUPP, uint64(unix.EOPNOTSUPP)},
		{"EINPROGRESS", EINPROGRESS, uint64(unix.EINPROGRESS)},
	} {
		if c.got != c.want {
			t.Errorf("%s = %#x, x/sys/unix has %#x", c.name, c.got, c.want)
		}
	}
}

// The kernel says how long its structures are; those that this library knows are
// the first ones (seccomp(2), SECCOMP_GET_NOTIF_SIZES), so they can only have grown.
func TestNotifSizes(t *testing.T) {
	testproc.Require(t, testproc.UserNotif)
	var sizes [SizeofNotifSizes / 2]uint16
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, GetNotifSizes, 0, uintptr(unsafe.Pointer(&sizes))); errno != 0 {
		t.Fatal(errno)
	}
	if sizes[0] < SizeofNotif || sizes[1] < SizeofNotifResp || sizes[2] < SizeofData {
		t.Errorf("the kernel's sizes are %v", sizes)
	}
}

// The filter instruction that the programs are copied into is the kernel's.
func TestSockFilterLayout(t *testing.T) {
	var f unix.SockFilter
	if unsafe.Sizeof(f) != 8 || unsafe.Offsetof(f.Jt) != 2 || unsafe.Offsetof(f.Jf) != 3 || unsafe.Offsetof(f.K) != 4 {
		t.Errorf("struct sock_filter has another layout: %+v", f)
	}
}
