// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"bytes"
	"errors"
	"net"
	"os"
	"runtime/pprof"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

func init() {
	children["profiles"] = profiles
	children["open to write"] = openToWrite
	children["open on a thread"] = openOnThread
	children["open denied by name"] = openDeniedByName
	children["interfaces"] = interfaces
	children["other netlink"] = otherNetlink
}

// opensNothing is a policy for the whole process without openat.
var opensNothing = sandbox.NewPolicy("opens nothing", sandbox.NewSeccompPolicyBuilder().AllowNothing())

// profiles takes every profile that net/http/pprof offers, as an operator would.
func profiles() {
	setUp(testproc.Args()[0])
	must(sandbox.SetProcessPolicy(opensNothing))
	var b bytes.Buffer
	must(pprof.StartCPUProfile(&b))
	pprof.StopCPUProfile()
	for _, p := range pprof.Profiles() {
		for _, debug := range [...]int{0, 1, 2} {
			must(p.WriteTo(&b, debug))
		}
	}
	if b.Len() == 0 {
		testproc.Fail("the profiles are empty")
	}
	if _, err := os.Stat("/"); !errors.Is(err, syscall.EPERM) {
		testproc.Fail("os.Stat: %v", err)
	}
	if _, err := os.ReadDir("/"); !errors.Is(err, syscall.EPERM) {
		testproc.Fail("os.ReadDir: %v", err)
	}
	_, err := os.Open("/proc/self/maps")
	if !errors.Is(err, syscall.EPERM) || !strings.Contains(sandbox.ExplainError(err).Error(), `policy "opens nothing" permits`) {
		testproc.Fail("os.Open: %v", sandbox.ExplainError(err))
	}
}

// runtime/pprof reads /proc/self/maps: that ends no process.
func TestProfilesEndNoProcess(t *testing.T) {
	for _, action := range []string{"abort", "log-and-abort"} {
		testproc.Cmd{Name: "profiles", Args: []string{action}}.Run(t).ExpectExit(t, 0)
	}
	r := testproc.Cmd{Name: "profiles", Args: []string{"log-and-deny"}}.Run(t).ExpectExit(t, 0)
	if !strings.Contains(r.Stderr, `"openat"`) {
		t.Errorf("log-and-deny reports nothing: %s", r.Stderr)
	}
}

// What may write is no profile.
func openToWrite() {
	setUp("abort")
	must(sandbox.SetProcessPolicy(opensNothing))
	_, err := os.OpenFile("/proc/self/comm", os.O_RDWR, 0)
	testproc.Fail("lives on: %v", err)
}

// A thread's own policy is not softened: what its goroutine opens, it opens itself.
func openOnThread() {
	setUp("abort")
	onThread(opensNothing, "opener", func() {
		_, err := os.Open("/proc/self/maps")
		testproc.Fail("lives on: %v", err)
	})
}

func TestOtherOpensEndTheProcess(t *testing.T) {
	for _, child := range []string{"open to write", "open on a thread"} {
		testproc.Run(t, child).ExpectSignal(t, syscall.SIGSYS)
	}
}

// The errno that a policy names is the one that counts.
func openDeniedByName() {
	setUp("abort")
	must(sandbox.SetProcessPolicy(sandbox.NewPolicy("own errno", sandbox.NewSeccompPolicyBuilder().AllowNothing().DenyErrno(uint16(syscall.ENOENT), "openat"))))
	for _, flag := range []int{os.O_RDONLY, os.O_RDWR} {
		if _, err := os.OpenFile("/proc/self/comm", flag, 0); !errors.Is(err, syscall.ENOENT) {
			testproc.Fail("%v", err)
		}
	}
}

func TestDenyErrnoOfOpenat(t *testing.T) {
	testproc.Run(t, "open denied by name").ExpectExit(t, 0)
}

// interfaces does what package net does on the goroutine that accepts a neighbour with a
// link-local address: it asks for the names of interfaces, to write the zone of the address.
func interfaces() {
	args := testproc.Args()
	setUp(args[0])
	under(sandbox.PolicyNet, args[1], func() {
		if _, err := net.Interfaces(); !errors.Is(err, syscall.EACCES) {
			testproc.Fail("%v", err)
		}
	})
}

func TestNeighboursEndNoServer(t *testing.T) {
	for _, scope := range []string{"thread", "process"} {
		for _, action := range []string{"abort", "log-and-abort", "log-and-deny"} {
			testproc.Run(t, "interfaces", action, scope).ExpectExit(t, 0)
		}
	}
}

// Other sockets to the kernel are refused as ever.
func otherNetlink() {
	setUp("abort")
	under(sandbox.PolicyNet, testproc.Args()[0], func() {
		_, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_KOBJECT_UEVENT)
		testproc.Fail("lives on: %v", err)
	})
}

func TestOtherNetlinkEndsTheProcess(t *testing.T) {
	for _, scope := range []string{"thread", "process"} {
		testproc.Run(t, "other netlink", scope).ExpectSignal(t, syscall.SIGSYS)
	}
}
