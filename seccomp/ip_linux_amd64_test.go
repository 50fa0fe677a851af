// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unsafe" // code is called that was written into a page

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func init() {
	installChildren["ip"] = ipChild
	installChildren["ipExec"] = ipExecChild
}

// textOf returns the bounds of the mapping that holds an address, as /proc/self/maps
// has them (man 5 proc_pid_maps).
func textOf(address uint64) (lo, hi uint64) {
	maps, err := os.ReadFile("/proc/self/maps")
	check(err == nil, "%v", err)
	for line := range strings.Lines(string(maps)) {
		var access string
		_, err := fmt.Sscanf(line, "%x-%x %s", &lo, &hi, &access)
		check(err == nil, "%q: %v", line, err)
		if lo <= address && address < hi {
			check(access == "r-xp", "code at %#x is mapped %s", address, access)
			return lo, hi - 1
		}
	}
	testproc.Fail("%#x is not mapped", address)
	return 0, 0
}

// ownText is where the test binary has its code, RawSyscall's call instruction included.
func ownText() (lo, hi uint64) {
	return textOf(uint64(reflect.ValueOf(unix.RawSyscall).Pointer()))
}

// getppidFar makes getppid at two places outside the binary's code: functions that
// return what the kernel leaves in RAX, where Go has a function's first result
// (cmd/compile/abi-internal.md). The kernel destroys RCX and R11, which that
// convention leaves to the callee.
func getppidFar() (calls [2]func() int, next [2]uint64) {
	page, err := unix.Mmap(-1, 0, unix.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	check(err == nil, "mmap: %v", err)
	code := binary.LittleEndian.AppendUint32([]byte{0xb8}, unix.SYS_GETPPID) // mov eax, nr
	code = append(code, 0x0f, 0x05, 0xc3)                                    // syscall; ret
	for i := range calls {
		copy(page[64*i:], code)
		entry := unsafe.Pointer(&page[64*i])
		closure := &struct{ entry unsafe.Pointer }{entry}
		calls[i] = *(*func() int)(unsafe.Pointer(&closure))
		next[i] = uint64(uintptr(entry)) + 7 // behind mov and syscall
	}
	err = unix.Mprotect(page, unix.PROT_READ|unix.PROT_EXEC)
	check(err == nil, "mprotect: %v", err)
	return calls, next
}

// The errnos say which rule has answered.
const fromText, fromElsewhere = unix.EXDEV, unix.EXFULL

// ipFilter answers getppid by where it is called.
func ipFilter(lo, hi, gate uint64) *seccomp.Program {
	p, err := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Errno(uint16(unix.ENOSYS)), Rules: []seccomp.Rule{
		{Call: "getppid", When: []seccomp.Cond{seccomp.UnsafeIP().Between(lo, hi)}, Action: seccomp.Errno(uint16(fromText))},
		{Call: "getppid", When: []seccomp.Cond{seccomp.UnsafeIP().Not(gate)}, Action: seccomp.Errno(uint16(fromElsewhere))},
	}}.Compile()
	check(err == nil, "Compile: %v", err)
	return p
}

// getppidHere calls from the binary's own code.
func getppidHere() (int, unix.Errno) {
	pid, _, errno := unix.RawSyscall(unix.SYS_GETPPID, 0, 0, 0)
	return int(pid), errno
}

func ipChild() {
	onThread(func() {
		noNewPrivs()
		calls, next := getppidFar()
		lo, hi := ownText()
		for i, at := range next {
			check(at < lo || at > hi, "page within the text")
			check(calls[i]() == unix.Getppid(), "call %d before the filter", i)
		}
		err := seccomp.SetFilter(ipFilter(lo, hi, next[0]), 0)
		check(err == nil, "SetFilter: %v", err)
		for range 3 {
			_, errno := getppidHere()
			check(errno == fromText, "from the text: %v", errno)
			pid := calls[0]()
			check(pid > 0 && pid == ppidFromStat(), "from the gate: %d", pid)
			pid = calls[1]()
			check(pid == -int(fromElsewhere), "from behind the gate: %d", pid)
		}
	})
}

// ppidFromStat is the parent's id by another way than the call.
func ppidFromStat() (ppid int) {
	stat, err := os.ReadFile("/proc/self/stat")
	check(err == nil, "%v", err)
	_, err = fmt.Sscanf(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), " %c %d", new(rune), &ppid)
	check(err == nil, "%v", err)
	return ppid
}

// The kernel compares the address behind the call instruction, both words of it.
func TestUnsafeIPKernel(t *testing.T) {
	testproc.Require(t, testproc.Seccomp)
	testproc.Run(t, "ip").ExpectExit(t, 0)
}

// shell executes programs, whose getppid it asks for: $PPID.
const shell = "/bin/sh"

// ipExecChild executes a shell under a filter that refuses getppid to the text of this
// binary or, for comparison, to all addresses. The shell exits with 7 if it has not
// got its parent's id.
func ipExecChild() {
	onThread(func() {
		noNewPrivs()
		lo, hi := ownText()
		if file, err := elf.Open(shell); err != nil || file.Type != elf.ET_DYN {
			_, next := getppidFar() // a program with fixed addresses may have its code where this one has
			lo, hi = textOf(next[0])
		}
		if testproc.Args()[0] == "everywhere" {
			lo, hi = 0, ^uint64(0)
		}
		p, err := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Errno(uint16(unix.ENOSYS)), Rules: []seccomp.Rule{
			{Call: "getppid", When: []seccomp.Cond{seccomp.UnsafeIP().Between(lo, hi)}, Action: seccomp.Errno(uint16(fromText))},
		}}.Compile()
		check(err == nil, "Compile: %v", err)
		parent := strconv.Itoa(unix.Getppid())
		err = seccomp.SetFilter(p, 0)
		check(err == nil, "SetFilter: %v", err)
		err = unix.Exec(shell, []string{"sh", "-c", `test "$PPID" = "$1" || exit 7`, "sh", parent}, nil)
		testproc.Fail("execve: %v", err)
	})
}

// An executed program inherits the filter and runs free of what is for the addresses of
// the program that installed it.
func TestUnsafeIPAfterExec(t *testing.T) {
	testproc.Require(t, testproc.Seccomp)
	testproc.Run(t, "ipExec", "own text").ExpectExit(t, 0)
	testproc.Run(t, "ipExec", "everywhere").ExpectExit(t, 7)
}
