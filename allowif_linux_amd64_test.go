// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func init() { children["arguments"] = arguments }

// arguments: a policy with conditions, in the kernel. The argument picks the call
// that is refused at the end.
func arguments() {
	setUp("log-and-abort")
	builder := sandbox.NewSeccompPolicyBuilder().
		AllowIf("socket", seccomp.Arg32(0).Is(unix.AF_INET), seccomp.Arg32(1).Masked(0xf, unix.SOCK_STREAM)).
		Deny("ioctl").AllowIf("ioctl", seccomp.Arg32(1).Is(unix.TIOCGWINSZ))
	p := sandbox.NewPolicy("inet", builder)
	queue := sandbox.NewPolicy("queue", p.Builder().AllowIf("msgget", seccomp.Arg32(0).Is(7)))
	if err := sandbox.SetSyscallSandboxPolicy(queue); err == nil || !strings.Contains(err.Error(), "msgget(0x7, ") {
		testproc.Fail("msgget is not in the initial policy: %v", err)
	}
	// A process may signal itself, as the runtime does, and nobody else.
	must(unix.Kill(unix.Getpid(), 0))
	onThread(p, "inet", func() {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		must(err)
		must(unix.Close(fd))
		// The upper half of an int is nobody's business.
		if _, _, errno := unix.RawSyscall(unix.SYS_IOCTL, ^uintptr(0), unix.TIOCGWINSZ|1<<40, 0); errno != unix.EBADF {
			testproc.Fail("ioctl: %v", errno)
		}
		switch testproc.Args()[0] {
		case "family":
			unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		case "type":
			unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
		case "kill":
			unix.Kill(unix.Getppid(), 0)
		case "TIOCSTI":
			unix.RawSyscall(unix.SYS_IOCTL, 0, unix.TIOCSTI|1<<32, 0)
		}
	})
}

func TestArgumentsInTheKernel(t *testing.T) {
	testproc.Run(t, "arguments", "none").ExpectExit(t, 0)
	for arg, call := range map[string]string{"family": "socket", "type": "socket", "TIOCSTI": "ioctl", "kill": "kill"} {
		t.Run(arg, func(t *testing.T) {
			r := testproc.Run(t, "arguments", arg).ExpectExit(t, 2)
			if !strings.Contains(r.Stderr, `ERROR: The syscall "`+call+`"`) {
				t.Error(r.Stderr)
			}
		})
	}
}
