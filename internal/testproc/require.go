// SPDX-License-Identifier: MIT

//go:build unix || windows

package testproc

import (
	"fmt"
	"testing"
)

// A Feature is something of the kernel that a test needs.
type Feature struct {
	Name  string
	Since Version
}

// A Version is the kernel's, such as 5.7.
type Version struct{ Major, Minor int }

func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

// Before reports whether v is older than w.
func (v Version) Before(w Version) bool {
	return v.Major < w.Major || v.Major == w.Major && v.Minor < w.Minor
}

// Features by the Linux release that brought them (seccomp(2), proc(5), and the
// kernel's own history where these are silent).
var (
	Seccomp             = Feature{"seccomp(2) with TSYNC", Version{3, 17}}
	KillProcess         = Feature{"SECCOMP_RET_KILL_PROCESS", Version{4, 14}}
	ActionAvail         = Feature{"SECCOMP_GET_ACTION_AVAIL", Version{4, 14}}
	Log                 = Feature{"SECCOMP_RET_LOG and FILTER_FLAG_LOG", Version{4, 14}}
	SpecAllow           = Feature{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", Version{4, 17}}
	UserNotif           = Feature{"SECCOMP_RET_USER_NOTIF", Version{5, 0}}
	PidfdOpen           = Feature{"pidfd_open(2)", Version{5, 3}}
	Clone3              = Feature{"clone3(2)", Version{5, 3}}
	TSyncESRCH          = Feature{"SECCOMP_FILTER_FLAG_TSYNC_ESRCH", Version{5, 7}}
	SeccompFiltersField = Feature{"Seccomp_filters in /proc/PID/status", Version{5, 9}}
	ActionCache         = Feature{"seccomp action cache", Version{5, 11}}
	WaitKillableRecv    = Feature{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", Version{5, 19}}
)

// SkipMarker begins the line of every skip. A run that finds it on a kernel
// that has the feature has not tested what it claims.
const SkipMarker = "SKIP-KERNEL"

// Require skips the test if the kernel is older than the feature, and only
// then: a kernel that should have it and has not must fail the test.
func Require(t testing.TB, f Feature) {
	t.Helper()
	have, release, err := kernelVersion()
	if err != nil {
		t.Fatalf("cannot tell the kernel's version: %v", err)
	}
	if have.Before(f.Since) {
		t.Skipf("%s %s needs %v, have %s", SkipMarker, f.Name, f.Since, release)
	}
}
