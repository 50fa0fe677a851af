// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// resultLine is the serial line that the host reads.
const resultLine = "/dev/ttyS1"

// beInit is the guest's first process: it sets the machine up, has a worker run the tests,
// adopts what these leave behind, and powers off. The kernel panics if it ends.
func beInit() {
	defer func() {
		unix.Sync()
		unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	}()
	if err := setUp(); err != nil {
		fmt.Println("init:", err)
		return
	}
	line, err := os.OpenFile(resultLine, os.O_WRONLY, 0)
	if err != nil {
		fmt.Println("init:", err)
		return
	}
	w, err := os.StartProcess("/init", []string{"/init", worker}, &os.ProcAttr{
		Env:   []string{"PATH=/bin", "HOME=/tmp", "TMPDIR=/tmp"},
		Files: []*os.File{nil, line, line},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		fmt.Println("init:", err)
		return
	}
	for {
		if pid, err := unix.Wait4(-1, nil, 0, nil); pid == w.Pid || err == unix.ECHILD {
			break
		}
	}
	unix.IoctlSetInt(int(line.Fd()), unix.TCSBRK, 1) // wait until all is sent, tcdrain(3)
}

// setUp mounts what every Linux machine has and brings the loopback device up.
func setUp() error {
	for _, m := range []struct{ kind, dir, data string }{
		{"proc", "/proc", ""}, {"sysfs", "/sys", ""}, {"devtmpfs", "/dev", ""}, {"tmpfs", "/tmp", "mode=1777"},
		{"devpts", "/dev/pts", "ptmxmode=666"}, {"tmpfs", "/dev/shm", "mode=1777"},
	} {
		if err := os.MkdirAll(m.dir, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(m.kind, m.dir, m.kind, 0, m.data); err != nil {
			return fmt.Errorf("mount %s: %w", m.dir, err)
		}
	}
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING) // netdevice(7)
	return unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, lo)
}

// work runs the test binaries as root, and those that tell as an ordinary user too.
func work() {
	say("kernel %s", release())
	say("fact %s", namesMappings())
	command("/init", probe).Run()
	list, _ := os.ReadFile(listFile)
	pattern, _ := os.ReadFile(runFile)
	for _, user := range []int{0, ordinaryID} {
		for _, p := range strings.Fields(string(list)) {
			if user == 0 || slices.Contains(users, p) {
				runTests(p, user, string(pattern))
			}
		}
	}
	say("done")
}

func runTests(pkg string, user int, pattern string) {
	say("start %d %s", user, pkg)
	began := time.Now()
	cmd := command("/"+path.Join(testsDir, binary(pkg)), "-test.v=test2json", "-test.timeout=60m", "-test.run="+pattern, "-test.skip="+skipped(pkg))
	cmd.Dir = path.Join("/", treeDir, pkg)
	if user != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(user), Gid: uint32(user)}}
	}
	err := cmd.Run()
	end := "ok"
	if err != nil {
		end = err.Error()
	}
	say("end %.1fs %s", time.Since(began).Seconds(), end)
}

// command has its output copied, so that it does not see the serial line: a test may ask
// what its output is.
func command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	out := struct{ io.Writer }{os.Stdout}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.WaitDelay = 10 * time.Second // for what still holds the pipe
	return cmd
}

// say writes a line of the report. It begins on a line of its own whatever came before.
func say(format string, args ...any) { fmt.Printf("\n"+mark+format+"\n", args...) }

func release() string {
	var u unix.Utsname
	unix.Uname(&u)
	return unix.ByteSliceToString(u.Release[:])
}
