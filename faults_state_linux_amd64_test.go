// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"
	"unsafe" // rt_sigaction(2) takes a pointer

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

// What a failed call must leave as it was, and what the process must still be able to do.

// A standing is what filters and handlers there are.
type standing struct {
	filters   map[string]int // how many threads have which "mode, filters"
	handlers  [65]handling   // by signal
	open      int            // descriptors
	instances int
	enabled   bool
	policies  string // of the main thread
}

// A handling is struct sigaction: arch/x86/include/uapi/asm/signal.h.
type handling struct {
	handler, flags, restorer uintptr
	mask                     uint64
}

func stand() standing {
	s := standing{filters: kernelThreads(), instances: sandbox.InstancesInUse(), enabled: sandbox.Enabled()}
	for sig := range s.handlers {
		unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), 0, uintptr(unsafe.Pointer(&s.handlers[sig])), 8, 0, 0)
	}
	fds, err := filepath.Glob("/proc/self/fd/*")
	must(err)
	s.open = len(fds)
	if list, err := sandbox.Threads(); err == nil {
		s.policies = strings.Join(list[0].Policies, " > ")
	}
	return s
}

// kernelThreads counts the threads by what the kernel says of their filters.
func kernelThreads() map[string]int {
	count := make(map[string]int)
	tasks, err := filepath.Glob("/proc/self/task/*/status")
	must(err)
	for _, task := range tasks {
		status, err := os.ReadFile(task)
		if err != nil {
			continue // it has ended
		}
		count[field(status, "Seccomp")+" "+field(status, "Seccomp_filters")]++
	}
	return count
}

func field(status []byte, name string) string {
	_, after, _ := bytes.Cut(status, []byte("\n"+name+":\t"))
	value, _, _ := bytes.Cut(after, []byte("\n"))
	return string(value)
}

// kinds are the kinds of threads that there are.
func (s standing) kinds() string {
	var kinds []string
	for k := range s.filters {
		kinds = append(kinds, k)
	}
	return strings.Join(kinds, ", ")
}

// differs says what of the process is not as it was before a call that failed. Threads may
// have been born; all must be of the one kind that there was. A setup that failed late may
// leave what its document says: filters, on every thread the same, and handlers that do not
// block SIGSYS.
func (before standing) differs(late bool) string {
	after := stand()
	if late && len(after.filters) == 1 {
		before.filters, before.instances = after.filters, after.instances
		for i := range before.handlers {
			before.handlers[i].mask &^= 1 << (unix.SIGSYS - 1)
			after.handlers[i].mask &^= 1 << (unix.SIGSYS - 1)
		}
		before.handlers[unix.SIGSYS] = after.handlers[unix.SIGSYS]
	}
	switch {
	case len(before.filters) != 1 || after.kinds() != before.kinds():
		return fmt.Sprintf("threads have %v, before %v", after.filters, before.filters)
	case after.handlers != before.handlers:
		return "the handlers of signals are not those before"
	case after.open != before.open:
		return fmt.Sprintf("%d descriptors are open, before %d", after.open, before.open)
	case after.instances > before.instances:
		return fmt.Sprintf("%d instances are in use, before %d", after.instances, before.instances)
	case after.enabled != before.enabled || after.policies != before.policies:
		return fmt.Sprintf("%v, policies %q; before %v, %q", after.enabled, after.policies, before.enabled, before.policies)
	}
	return ""
}

// works is a day in the life of a Go process.
func works() {
	dir, err := os.MkdirTemp("", "sandbox")
	must(err)
	defer os.RemoveAll(dir)
	must(os.WriteFile(dir+"/file", []byte("text"), 0o600))
	text, err := os.ReadFile(dir + "/file")
	must(err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	defer l.Close()
	go func() {
		c, err := l.Accept()
		must(err)
		c.Write(text)
		c.Close()
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	must(err)
	defer c.Close()
	got, err := io.ReadAll(c)
	must(err)
	if string(got) != "text" {
		testproc.Fail("%q came over the network", got)
	}
	<-time.After(time.Microsecond)
	release := make(chan struct{})
	threads(3, release)
	runtime.GC()
	close(release)
	must(pprof.Lookup("heap").WriteTo(io.Discard, 0))
}

// locked reports whether the goroutine is locked to its thread, as the runtime says it in the
// first line of a trace.
func locked() bool {
	var b [200]byte
	head, _, _ := bytes.Cut(b[:runtime.Stack(b[:], false)], []byte("\n"))
	return bytes.Contains(head, []byte("locked to thread"))
}
