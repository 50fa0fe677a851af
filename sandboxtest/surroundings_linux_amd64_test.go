// SPDX-License-Identifier: MIT

package sandboxtest

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/scenarios"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// What the runtime asks of the kernel depends on what the kernel gives it. These are the
// scenarios under every built-in policy with "abort", as a production machine has it; on
// one where the vDSO cannot read the clock; and on one that can name mappings.

func TestRuntimeAbort(t *testing.T) { testIn(t, surroundings{}) }

func TestRuntimeWithoutVDSO(t *testing.T) { testIn(t, surroundings{start: startWithoutVDSO}) }

func TestRuntimeNamesMappings(t *testing.T) { testIn(t, surroundings{enter: enterNaming}) }

// Settings of GODEBUG that change how memory goes back to the kernel, or that write: what a
// program is started with when something must be found out. Not efence=1: it makes pages
// inaccessible by mprotect(2), which a thread with a policy may not call.
func TestRuntimeDebugSettings(t *testing.T) {
	t.Parallel()
	settings := "GODEBUG=madvdontneed=0,harddecommit=1,disablethp=1,gctrace=1,scavtrace=1,clobberfree=1,invalidptr=1"
	surroundings{start: func(cmd *exec.Cmd) error {
		cmd.Env = slices.Insert(cmd.Env, 0, settings)
		return cmd.Start()
	}}.runtime(t, caller(), []sandbox.SyscallSandboxPolicy{nothing})
}

func testIn(t *testing.T, in surroundings) {
	t.Parallel()
	in.runtime(t, caller(), append(sandbox.Policies(), nothing))
}

var nothing = sandbox.NewPolicy("nothing", sandbox.NewSeccompPolicyBuilder().AllowNothing())

// On a whole process each built-in policy runs every scenario, on a thread all but those
// that open files or ask of the process.
func TestLeftOut(t *testing.T) {
	onThreads := []string{"default GOMAXPROCS", "network poller", "deadline of a read", "heap profile", "every profile", "every profile as text"}
	for _, p := range sandbox.Policies() {
		for _, s := range scenarios.All() {
			if why := (runtimeTest{policy: p, scope: sandbox.ScopeProcess}).missing(s); why != "" {
				t.Errorf("%s on a process: %q is left out: %s", p, s.Name, why)
			}
			why := runtimeTest{policy: p, scope: sandbox.ScopeThread}.missing(s)
			if why != "" && !slices.Contains(onThreads, s.Name) {
				t.Errorf("%s on a thread: %q is left out: %s", p, s.Name, why)
			}
		}
	}
}

// What makes a kernel another one does so: without an entry of the runtime's share a
// program lives well on this kernel, if it is not of that kind itself, and dies there.
func TestSurroundings(t *testing.T) {
	tests := []struct {
		name, entry string // where the runtime makes the call
		in          surroundings
		lives       bool // here, without the entry
	}{
		{"without vDSO", "sys_linux_amd64.s nanotime1", surroundings{start: startWithoutVDSO}, vdsoReadsClock()},
		{"names mappings", "set_vma_name_linux.go setVMAName", surroundings{enter: enterNaming}, !namesMappings()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if o := runsWithout(t, test.entry, surroundings{}); o != nil && (o.has(eventDone) && o.exit == 0) != test.lives {
				t.Errorf("on this kernel it ends by %s\n%s", o.end(), o.output())
			}
			if o := runsWithout(t, "", test.in); o != nil && (!o.has(eventDone) || o.exit != 0) {
				t.Errorf("with all entries it ends by %s\n%s", o.end(), o.output())
			}
			if o := runsWithout(t, test.entry, test.in); o != nil && o.signal != sigsys {
				t.Errorf("without the entry it ends by %s\n%s", o.end(), o.output())
			}
		})
	}
}

// vdsoReadsClock reports whether the clock is read without a system call: the vDSO makes one
// where the clock source is not the processor's counter or a hypervisor's page (vdso(7)),
// as in many virtual machines (arch/x86/include/asm/vdso/clocksource.h).
func vdsoReadsClock() bool {
	source, err := os.ReadFile("/sys/devices/system/clocksource/clocksource0/current_clocksource")
	return err != nil || slices.Contains([]string{"tsc", "kvm-clock", "hyperv_clocksource_tsc_page"}, strings.TrimSpace(string(source)))
}

// namesMappings reports whether the kernel has CONFIG_ANON_VMA_NAME. Where it has not,
// PR_SET_VMA is no option of prctl(2).
func namesMappings() bool {
	page, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return false
	}
	defer unix.Munmap(page)
	return unix.Prctl(unix.PR_SET_VMA, unix.PR_SET_VMA_ANON_NAME, uintptr(unsafe.Pointer(&page[0])), uintptr(len(page)), 0) == nil
}

// runsWithout runs two scenarios, of which one reads the clock and the other maps memory,
// under a policy for a thread and without an entry of the runtime's share.
func runsWithout(t *testing.T, entry string, in surroundings) *outcome {
	t.Helper()
	enter := in.enter
	in.enter = func() error {
		if enter != nil {
			if err := enter(); err != nil {
				return err
			}
		}
		return takeAway(entry)
	}
	s, isParent := in.site(t, caller(), []sandbox.SyscallSandboxPolicy{nothing})
	if !isParent {
		return nil
	}
	return runtimeTest{site: s, in: in, policy: nothing, scope: sandbox.ScopeThread}.start(t, []string{"timers", "large allocations"})
}

// takeAway refuses on all threads what an entry of the runtime's share permits.
func takeAway(entry string) error {
	if entry == "" {
		return nil
	}
	f := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Allow}
	for _, r := range seccomp.GoRuntime(seccomp.RuntimeThread) {
		if strings.Contains(r.Reason, entry) {
			r.Action = seccomp.KillProcess
			f.Rules = append(f.Rules, r)
		}
	}
	if len(f.Rules) != 1 {
		return fmt.Errorf("%d entries of the runtime's share are %q", len(f.Rules), entry)
	}
	p, err := f.Compile()
	if err != nil {
		return err
	}
	runtime.LockOSThread() // both are the thread's
	defer runtime.UnlockOSThread()
	return errors.Join(seccomp.SetNoNewPrivs(), seccomp.SetFilter(p, seccomp.TSync))
}

// startWithoutVDSO starts a program as on a kernel without a vDSO: it stops at its first
// instruction (ptrace(2), PTRACE_TRACEME), and the entry of the auxiliary vector that
// tells of the vDSO is made one to ignore (getauxval(3)).
func startWithoutVDSO(cmd *exec.Cmd) error {
	runtime.LockOSThread() // the tracer is this thread
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	pid := cmd.Process.Pid
	var status unix.WaitStatus
	if _, err := unix.Wait4(pid, &status, 0, nil); err != nil || !status.Stopped() {
		return fmt.Errorf("waiting for the program's first stop: %v, %#x", err, status)
	}
	if err := errors.Join(ignoreVDSO(pid), unix.PtraceDetach(pid)); err != nil {
		return errors.Join(err, cmd.Process.Kill())
	}
	return nil
}

// Of the auxiliary vector, linux/auxvec.h.
const (
	atNull        = 0
	atIgnore      = 1
	atSysinfoEhdr = 33
)

// ignoreVDSO goes through what the kernel has put on the stack of a new program
// (fs/binfmt_elf.c create_elf_tables): the number of arguments, these, a null, the
// environment, a null, and pairs of a type and a value.
func ignoreVDSO(pid int) error {
	var regs unix.PtraceRegs
	if err := unix.PtraceGetRegs(pid, &regs); err != nil {
		return err
	}
	at := uintptr(regs.Rsp)
	words := make([]byte, 8)
	next := func() (v uint64, err error) {
		_, err = unix.PtracePeekData(pid, at, words)
		at += 8
		return binary.LittleEndian.Uint64(words), err
	}
	args, err := next()
	if err != nil {
		return err
	}
	at += 8 * (uintptr(args) + 1)
	for v := uint64(1); v != 0; {
		if v, err = next(); err != nil {
			return err
		}
	}
	for {
		switch kind, err := next(); {
		case err != nil:
			return err
		case kind == atNull:
			return errors.New("the kernel gives programs no vDSO")
		case kind == atSysinfoEhdr:
			binary.LittleEndian.PutUint64(words, atIgnore)
			_, err = unix.PtracePokeData(pid, at-8, words)
			return err
		}
		at += 8
	}
}

// enterNaming executes this program once more, on a kernel that seems to have
// CONFIG_ANON_VMA_NAME: a filter lets prctl(PR_SET_VMA) succeed without doing anything.
// The runtime tries it once at its start, and from then on after each mmap
// (set_vma_name_linux.go setVMAName). Elsewhere 7 is no attribute of PR_SET_VMA.
func enterNaming() error {
	if unix.Prctl(unix.PR_SET_VMA, 7, 0, 0, 0) == nil {
		return nil
	}
	runtime.LockOSThread()
	if err := letNaming(); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	text, err := json.Marshal(target())
	if err != nil {
		return err
	}
	return syscall.Exec(self, os.Args, append(os.Environ(), childVar+"="+string(text)))
}

// letNaming puts a filter on this thread. Package seccomp has no errno 0: a call that is
// said to have succeeded has no place in a policy.
func letNaming() error {
	program := [...]unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the number
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 3, K: sysno.Prctl},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 16}, // the first argument
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: unix.PR_SET_VMA},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	f := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&f))); errno != 0 {
		return errno
	}
	return nil
}
