// SPDX-License-Identifier: MIT

package sandbox

import (
	"errors"
	"fmt"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// What signal_linux_amd64.s reads. A SIGSYS arrives on any thread at any time, so
// all text is rendered before the filter that can raise the signal is installed,
// and lies where the garbage collector has nothing to do: the handler only picks
// pieces and writes them.
//
// unsafe is used here for the addresses that go to the kernel and to the handler.

// maxInstances bounds how many filters can be told apart in reports at a time.
// The runtime allows 10,000 threads; the kernel's field is 16 bits wide.
const maxInstances = 1 << 14

// An instance is the tail of a report: what follows the thread's name where the
// thread has one of its own, or else the kernel's name of it, which is asked for
// when the report is written. The layout is the assembly's.
type instance struct {
	length uint32
	byComm uint32 // 1: the tail follows the kernel's name of the thread
	text   [120]byte
}

var (
	instances [maxInstances]instance
	inUse     [maxInstances]bool
	freeFrom  int // where to look first

	// prefixes are the heads of reports, per syscall number, cut from prefixText.
	prefixes   [len(callSet{}) * 64]prefix
	prefixText []byte

	// goHandler is where the runtime takes SIGSYS; the handler jumps there.
	//lint:ignore U1000 read by signal_linux_amd64.s
	goHandler uintptr

	// What the handler asks of timer_settime(2) and timer_create(2): SIGKILL after
	// reportTimeout, should nobody read standard error.
	//lint:ignore U1000 read by signal_linux_amd64.s
	watchdogEvent = sigevent{signo: int32(unix.SIGKILL), notify: 0 /* SIGEV_SIGNAL */}
	//lint:ignore U1000 read by signal_linux_amd64.s
	watchdogTime = unix.ItimerSpec{Value: unix.Timespec{Sec: reportTimeout}}
)

// reportTimeout is in seconds.
const reportTimeout = 10

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
// the address of a wrapper.
func sigsysEntry() uintptr

// addInstance renders the tail of the reports of one filter and returns the index
// that its SECCOMP_RET_TRAP carries. The state must be locked.
func addInstance(policy, thread string) (uint16, error) {
	for i := range maxInstances {
		n := (freeFrom + i) % maxInstances
		if inUse[n] {
			continue
		}
		inUse[n], freeFrom = true, n+1
		instances[n].render(policy, thread)
		return uint16(n), nil
	}
	return 0, fmt.Errorf("sandbox: %d threads have a policy of their own: reports cannot tell more apart", maxInstances)
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

func renderPrefixes() {
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
	}
	prefixText = text
	start := 0
	for nr, end := range ends {
		prefixes[nr] = prefix{uintptr(unsafe.Pointer(&prefixText[start])), uint64(end - start)}
		start = end
	}
}

// hookSIGSYS puts our handler before the runtime's, with the runtime's own flags
// (SA_SIGINFO, SA_ONSTACK, SA_RESTORER) and mask, and returns the way back.
// os/signal cannot do this: the runtime never passes on a SIGSYS of seccomp's.
func hookSIGSYS() (release func(), err error) {
	var old sigactiont
	if err := sigaction(nil, &old); err != nil {
		return nil, err
	}
	if old.handler <= 1 { // SIG_DFL, SIG_IGN
		return nil, errors.New("sandbox: the Go runtime does not handle SIGSYS in this program (a C archive or library?): use ActionKillProcess")
	}
	goHandler = old.handler
	renderPrefixes()
	ours := old
	ours.handler = sigsysEntry()
	if err := sigaction(&ours, nil); err != nil {
		return nil, err
	}
	// Where this fails the handler stays: it passes everything on.
	return func() { _ = sigaction(&old, nil) }, nil
}

func sigaction(act, old *sigactiont) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(unix.SIGSYS),
		uintptr(unsafe.Pointer(act)), uintptr(unsafe.Pointer(old)), unsafe.Sizeof(act.mask), 0, 0)
	if errno != 0 {
		return fmt.Errorf("sandbox: rt_sigaction(SIGSYS): %w", errno)
	}
	return nil
}
