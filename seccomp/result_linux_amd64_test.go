// SPDX-License-Identifier: MIT

package seccomp

import (
	"errors"
	"strings"
	"syscall"
	"testing"
)

// What seccomp(2) may answer, and what becomes of it, including what no program of
// Compile's can cause.
func TestSetFilterResult(t *testing.T) {
	for _, c := range []struct {
		name  string
		flags Flags
		r1    uintptr
		errno syscall.Errno
		is    error
	}{
		{"EINVAL", 0, ^uintptr(0), syscall.EINVAL, errors.ErrUnsupported},
		{"ENOSYS", 0, ^uintptr(0), syscall.ENOSYS, errors.ErrUnsupported},
		{"EACCES", TSync, ^uintptr(0), syscall.EACCES, ErrNoNewPrivs},
		{"ENOMEM", TSync, ^uintptr(0), syscall.ENOMEM, ErrChainFull},
		{"EPERM", 0, ^uintptr(0), syscall.EPERM, ErrRefused},
		{"EFAULT", 0, ^uintptr(0), syscall.EFAULT, syscall.EFAULT},
		{"EBUSY", 0, ^uintptr(0), syscall.EBUSY, ErrListenerExists},
		{"EMFILE", 0, ^uintptr(0), syscall.EMFILE, syscall.EMFILE},
		{"ESRCH", 0, ^uintptr(0), syscall.ESRCH, syscall.ESRCH},
	} {
		err := setFilterResult(nil, c.flags, c.r1, c.errno)
		var e *InstallError
		if !errors.As(err, &e) || !errors.Is(err, c.is) || !errors.Is(err, c.errno) || e.Errno != int(c.errno) {
			t.Errorf("%s: %v", c.name, err)
		}
		if !strings.Contains(err.Error(), "seccomp: seccomp(SECCOMP_SET_MODE_FILTER): "+c.name) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	var diverged *ThreadSyncError
	if err := setFilterResult(nil, TSync, 1234, 0); !errors.As(err, &diverged) || diverged.TID != 1234 {
		t.Errorf("positive return: %v", err)
	}
	if err := setFilterResult(nil, TSync|TSyncESRCH, ^uintptr(0), syscall.ESRCH); !errors.As(err, &diverged) || diverged.TID != 0 {
		t.Errorf("ESRCH: %v", err)
	}
	if err := setFilterResult(nil, TSync, 0, 0); err != nil {
		t.Errorf("success: %v", err)
	}
}

// What a kernel that does not know the question means for each action.
func TestActionAvailableResult(t *testing.T) {
	for _, c := range []struct {
		action      Action
		errno       syscall.Errno
		unsupported bool
	}{
		{KillProcess, syscall.EINVAL, true},
		{Log, syscall.EINVAL, true},
		{UserNotif, syscall.EINVAL, true},
		{Allow, syscall.EINVAL, false},
		{Errno(1), syscall.EINVAL, false},
		{Allow, syscall.EOPNOTSUPP, true},
		{Allow, syscall.ENOSYS, true},
		{Allow, syscall.EPERM, false},
	} {
		err := actionAvailableResult(c.action, c.errno)
		if err == nil || errors.Is(err, errors.ErrUnsupported) != c.unsupported {
			t.Errorf("%v, %v: %v", c.action, c.errno, err)
		}
	}
	if err := actionAvailableResult(Allow, 0); err != nil {
		t.Error(err)
	}
}
