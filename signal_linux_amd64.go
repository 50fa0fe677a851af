// SPDX-License-Identifier: MIT

package sandbox

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/gobase"
	"github.com/syscall-sandbox/sandbox/internal/sysargs"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// What the handler reads (signal_linux_amd64.s and those it calls). A SIGSYS arrives on any thread at any time, so
// all text is rendered before the filter that can raise the signal is installed,
// and lies where the garbage collector has nothing to do: the handler only picks
// pieces and writes them.
//
// unsafe is used here for the addresses that go to the kernel and to the handler.

// maxInstances bounds how many filters can be told apart in reports at a time.
// The runtime allows 10,000 threads; the kernel's field is 16 bits wide.
const maxInstances = 1 << 14

// An instance is one installed filter, as the handler knows it. The text is the tail
// of a report's first line: what follows the thread's name where the thread has one
// of its own, or else the kernel's name of it, which is asked for when the report is
// written. The layout is the assembly's.
type instance struct {
	length uint32 // 0: no filter of ours
	byComm uint32 // 1: the tail follows the kernel's name of the thread
	label  uint32 // index of the violations' label
	guards uint32 // 1: whoever replaces the handler is refused
	text   [112]byte
}

var (
	instances [maxInstances]instance
	inUse     [maxInstances]bool
	// freeFrom is where to look first. Other people's filters trap with small data, so
	// ours begin elsewhere.
	freeFrom = 0x1337

	// prefixes are the heads of reports, per syscall number, cut from prefixText.
	prefixes   [maxNumbers]prefix
	prefixText []byte

	// denials are the errnos of ActionDeny, per syscall number; 0: the process ends.
	denials [maxNumbers]uint16

	// runtimes is the runtime's own action for SIGSYS, goHandler its handler, where ours
	// goes on.
	runtimes sigactiont
	//lint:ignore U1000 read by signal_linux_amd64.s
	goHandler uintptr

	// answering is 0 where a violation ends the process, 1 for ActionDeny, 2 where
	// the handler makes the call.
	answering uint32

	// reportFD is where reports go; 2 until setup.
	//lint:ignore U1000 read by signal_linux_amd64.s
	reportFD uint32 = 2

	// What the handler asks of rt_sigprocmask(2), timer_settime(2), timer_create(2):
	// SIGKILL after reportTimeout, should nobody read standard error.
	//lint:ignore U1000 read by signal_linux_amd64.s
	allSignals = ^uint64(1 << (unix.SIGSYS - 1))
	//lint:ignore U1000 read by signal_linux_amd64.s
	watchdogEvent = sigevent{signo: int32(unix.SIGKILL), notify: 0 /* SIGEV_SIGNAL */}
	//lint:ignore U1000 read by signal_linux_amd64.s
	watchdogTime = unix.ItimerSpec{Value: unix.Timespec{Sec: reportTimeout}}

	// The line for a report that the reader could not finish: fields of 16 digits at
	// rawFields.
	rawText   [len(rawLine)]byte
	rawFields [8]uint32
)

const maxNumbers = len(callSet{}) * 64

const rawField = "0x0000000000000000"

const rawLine = "  raw:      " + rawField + ", " + rawField + ", " + rawField + ", " + rawField + ", " + rawField + ", " + rawField +
	", pc " + rawField + ", thread id " + rawField + "\n"

// reportTimeout is in seconds.
const reportTimeout = 30

type prefix struct {
	text   uintptr
	length uint64
}

// sigevent is struct sigevent of include/uapi/asm-generic/siginfo.h.
type sigevent struct {
	_      uint64 // sigev_value
	signo  int32
	notify int32
	_      [48]byte
}

// sigactiont is struct sigaction of arch/x86/include/uapi/asm/signal.h, as
// rt_sigaction(2) takes it.
type sigactiont struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     uint64
}

// sigsysEntry returns the address of the handler: a Go function value would be
// the address of a wrapper. gateEntry is that of its call instruction.
func sigsysEntry() uintptr
func gateEntry() uintptr

// addInstance renders the tail of the reports of one filter and returns the index
// that its SECCOMP_RET_TRAP carries. The state must be locked.
func addInstance(c chain, thread string, guards bool) (uint16, error) {
	for i := range maxInstances {
		n := (freeFrom + i) % maxInstances
		if inUse[n] {
			continue
		}
		inUse[n], freeFrom = true, n+1
		in := instance{label: addLabel(c, thread)}
		if guards {
			in.guards = 1
		}
		in.render(c.last(), thread)
		instances[n] = in
		return uint16(n), nil
	}
	return 0, ErrNoInstance
}

func removeInstance(i uint16) { inUse[i] = false }

func (i *instance) render(policy, thread string) {
	text := thread + `" (policy "` + policy + "\").\n"
	i.length = uint32(copy(i.text[:], text))
	i.byComm = 0
	if thread == "" {
		i.byComm = 1
	}
}

// render prepares all that the handler writes or looks up by number.
func render() {
	var text []byte
	var ends [len(prefixes)]int
	for nr := range prefixes {
		name, ok := sysno.Name(uint32(nr))
		if !ok {
			name = "unknown"
		}
		text = append(text, `ERROR: The syscall "`+name+`" (syscall number `+strconv.Itoa(nr)+
			`) is not allowed by the syscall sandbox in thread "`...)
		ends[nr] = len(text)
		denials[nr], _ = gobase.Denial(uint32(nr))
		for i := range chosen[nr] {
			chosen[nr][i] = sysargs.Chosen(uint32(nr), i)
		}
	}
	prefixText = text
	start := 0
	for nr, end := range ends {
		prefixes[nr] = prefix{uintptr(unsafe.Pointer(&prefixText[start])), uint64(end - start)}
		start = end
	}
	at := copy(rawText[:], rawLine)
	for i := len(rawFields) - 1; i >= 0; i-- {
		at = strings.LastIndex(rawLine[:at], rawField)
		rawFields[i] = uint32(at + len("0x"))
	}
}

// hookSIGSYS puts our handler before the runtime's, with the runtime's own flags
// (SA_SIGINFO, SA_ONSTACK, SA_RESTORER), and returns the way back. os/signal cannot do
// this: the runtime never passes on a SIGSYS of seccomp's.
//
// Where the program goes on after a violation, calls are refused, and made by the
// handler, inside other handlers too, and for as long as they block: so nothing is
// blocked meanwhile, and no handler of the runtime's blocks SIGSYS.
func hookSIGSYS(a SyscallSandboxAction) (release func(), err error) {
	var old sigactiont
	if err := sigaction(unix.SIGSYS, nil, &old); err != nil {
		return nil, err
	}
	if old.handler <= 1 { // SIG_DFL, SIG_IGN
		return nil, errors.New("sandbox: the Go runtime does not handle SIGSYS in this program (a C archive or library?): use ActionKillProcess")
	}
	// Ours, and its answers, stay after a setup that failed late, and after the next one that
	// fails: filters in force count on it.
	if old.handler != sigsysEntry() {
		runtimes, goHandler = old, old.handler
	}
	render()
	was := answering
	ours := runtimes
	ours.handler = sigsysEntry()
	ours.flags |= saSiginfo | saOnstack
	if a > ActionInvokeSignalHandler {
		answering = min(uint32(a-ActionInvokeSignalHandler), 2)
		ours.mask = 0
		ours.flags |= saNodefer
		unmaskSIGSYS()
	}
	if err := sigaction(unix.SIGSYS, &ours, nil); err != nil {
		answering = was // or a later setup's log-and-abort would answer too
		return nil, err
	}
	// Where this fails the handler stays: it passes everything on.
	return func() { answering = was; _ = sigaction(unix.SIGSYS, &old, nil) }, nil
}

// Flags of sigaction(2).
const (
	saSiginfo = 0x4
	saOnstack = 0x08000000
	saNodefer = 0x40000000
)

// unmaskSIGSYS takes SIGSYS out of the mask of every handler there is. What cannot
// be changed (SIGKILL, SIGSTOP, signals of a C library's own) stays.
func unmaskSIGSYS() {
	for s := unix.Signal(1); s <= 64; s++ {
		var act sigactiont
		if s == unix.SIGSYS || sigaction(s, nil, &act) != nil || act.handler <= 1 {
			continue
		}
		act.mask &= allSignals
		_ = sigaction(s, &act, nil)
	}
}

// hooked reports whether the handler is still where hookSIGSYS has put it.
func hooked() (bool, error) {
	var act sigactiont
	err := sigaction(unix.SIGSYS, nil, &act)
	return act.handler == sigsysEntry(), err
}

func sigaction(s unix.Signal, act, old *sigactiont) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(s),
		uintptr(unsafe.Pointer(act)), uintptr(unsafe.Pointer(old)), unsafe.Sizeof(act.mask), 0, 0)
	if errno != 0 {
		return fmt.Errorf("sandbox: rt_sigaction(%d): %w: let the container or unit allow it", int(s), errno)
	}
	return nil
}
