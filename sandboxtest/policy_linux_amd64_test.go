// SPDX-License-Identifier: MIT

package sandboxtest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/sandboxtest"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func TestAllows(t *testing.T) {
	sandboxtest.Allows(t, small, "read", "read(0, _, 5)", "futex", fmt.Sprintf("kill(%d, SIGQUIT)", os.Getpid()))
	sandboxtest.Allows(t, sockets, "socket(AF_INET)", "socket(family=AF_INET6, protocol=0)", "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, 0)")
	sandboxtest.Refuses(t, small, "getgroups", "acct", "kill(1, SIGTERM)", "kill(0)", "chroot(\"/\")", "syscall 999", "syscall 999(1)")
	sandboxtest.Refuses(t, sockets, "socket(AF_UNIX)", "socket(AF_NETLINK, _, NETLINK_ROUTE)", "socket(0)")
	for _, p := range sandbox.Policies() {
		sandboxtest.Refuses(t, p, "getgroups")
	}
}

// What a mask or a range leaves open decides, not what some sample of values hits.
func TestAllowsIsExact(t *testing.T) {
	p := sandbox.NewPolicy("exact", nothing().
		AllowIf("openat", seccomp.Arg32(2).Masked(3, 0), seccomp.Arg32(0).Is(seccomp.Int(-100))).
		AllowIf("ioctl", seccomp.Arg64(1).Is(0x5401)).
		AllowIf("mremap", seccomp.Arg64(1).Not(77)).
		AllowIf("lseek", seccomp.Arg32(2).LessOrEqual(2)).AllowIf("lseek", seccomp.Arg32(2).Greater(2)))
	sandboxtest.Allows(t, p, "openat(AT_FDCWD, _, O_RDONLY|O_CLOEXEC)", "ioctl(_, TCGETS)", "mremap(_, 78)", "lseek")
	sandboxtest.Refuses(t, p, "openat(_, _, O_RDWR)", "openat(3)", "openat(_, _, O_WRONLY|O_CREAT)", "mremap(_, 77)")
	for _, test := range []struct {
		call     string
		may, not bool
	}{
		{"openat(AT_FDCWD)", true, true},
		{"openat(_, _, O_RDONLY)", true, true},
		{"mremap", true, true},
		{"ioctl", true, true},
		{"ioctl(_, TCGETS)", true, false},
		{"ioctl(_, 0x100005401)", true, true}, // the kernel reads the lower half, which is allowed,
	} {
		may, not := &verdict{TB: t}, &verdict{TB: t}
		sandboxtest.Refuses(may, p, test.call)
		sandboxtest.Allows(not, p, test.call)
		if may.failed != test.may || not.failed != test.not {
			t.Errorf("%s: some allowed: %v, some refused: %v", test.call, may.failed, not.failed)
		}
	}
}

// A verdict is a test that may fail.
type verdict struct {
	testing.TB
	failed bool
}

func (v *verdict) Errorf(string, ...any) { v.failed = true }

func TestGolden(t *testing.T) {
	sandboxtest.Golden(t, small, filepath.Join("testdata", "small.txt"))
	sandboxtest.Golden(t, sockets, filepath.Join("testdata", "sockets.txt"))
}

func TestGoldenUpdate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new", "policy.txt")
	t.Setenv("SANDBOXTEST_UPDATE", "1")
	sandboxtest.Golden(t, small, file)
	t.Setenv("SANDBOXTEST_UPDATE", "0")
	sandboxtest.Golden(t, small, file)
	other := &verdict{TB: t}
	sandboxtest.Golden(other, sockets, file)
	if !other.failed {
		t.Error("another policy passes")
	}
	// The order of alternatives is part of the policy.
	data, err := os.ReadFile(file)
	if err != nil || string(data) != "policy small\nallow read\nallow close\nallow getrandom\nanswer acct with errno(ENOSYS)\n" {
		t.Errorf("%q, %v", data, err)
	}
}
