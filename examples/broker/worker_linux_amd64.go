// SPDX-License-Identifier: MIT

package main

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// workerName in place of the program's name makes this program a worker.
const workerName = "broker-worker"

// socket is the descriptor that the worker inherits.
const socket = 3

// workerMain is the worker: from the filter on no thread of it opens anything by
// itself.
func workerMain(work func() int) int {
	if err := confine(); err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		return 1
	}
	return work()
}

// confine puts the filter on the process, hands the listener to the supervisor and gives
// up the own: with one left here, opens would wait for ever when the supervisor has died.
func confine() error {
	warmUp()
	conn := os.NewFile(socket, "socket")
	defer conn.Close()
	program, err := filter(seccomp.RuntimeProcess).Compile()
	if err != nil {
		return err
	}
	listener, err := install(program, seccomp.TSync|seccomp.WaitKillableRecv)
	if err != nil {
		return err
	}
	defer listener.Close()
	return listener.Send(conn)
}

// install sets no_new_privs first, which must be on the thread that installs. Without TSync
// the goroutine stays locked to it, by SetFilterWithListener.
func install(program *seccomp.Program, flags seccomp.Flags) (*seccomp.Listener, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := seccomp.SetNoNewPrivs(); err != nil {
		return nil, err
	}
	return seccomp.SetFilterWithListener(program, flags)
}

// warmUp has the runtime open now what it would open later: its poller.
func warmUp() {
	if r, w, err := os.Pipe(); err == nil {
		r.Close()
		w.Close()
	}
}

// openFiles are the calls of os.File on what is open.
var openFiles = []string{"read", "write", "close", "fstat", "lseek", "epoll_ctl"}

// filter is what the worker may call: what the Go runtime needs, reading, writing and closing
// what is open, and asking for more. openat2, io_uring, memfd_create and whatever else
// makes a descriptor is refused with the rest.
func filter(s seccomp.RuntimeScope) seccomp.Filter {
	rules := append(seccomp.Group(seccomp.Allow, openFiles...), seccomp.Group(seccomp.UserNotif, "openat")...)
	if s == seccomp.RuntimeProcess {
		toSupervisor := []seccomp.Cond{seccomp.Arg32(0).Is(socket)}
		rules = append(rules, seccomp.Rule{Call: "sendmsg", When: toSupervisor, Action: seccomp.Allow})
	}
	for _, r := range seccomp.GoRuntime(s) {
		if !slices.Contains(openFiles, r.Call) { // two rules that say the same are one too many
			rules = append(rules, r)
		}
	}
	// With cgo glibc makes threads, and falls back from this errno alone to clone.
	rules = append(rules, seccomp.Group(seccomp.Errno(uint16(unix.ENOSYS)), "clone3")...)
	return seccomp.Filter{Default: seccomp.Errno(uint16(unix.EPERM)), Unknown: seccomp.Errno(uint16(unix.ENOSYS)), Rules: rules}
}

// hashNames is what the worker is for. It returns its exit code.
func hashNames() int {
	code := 0
	for names := bufio.NewScanner(os.Stdin); names.Scan(); {
		data, err := os.ReadFile(names.Text())
		switch {
		case errors.Is(err, unix.ENOSYS):
			// The answer where nobody holds the listener any more.
			fmt.Println("the supervisor is gone:", err)
			return 3
		case err != nil:
			fmt.Println(err)
			code = 2
		default:
			fmt.Printf("%x  %s\n", sha256.Sum256(data), names.Text())
		}
	}
	return code
}
