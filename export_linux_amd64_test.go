// SPDX-License-Identifier: MIT

package sandbox

// For tests that take SIGSYS over without a filter, or filter a thread without
// the package's knowledge.
var (
	HookSIGSYS = hookSIGSYS
	GoOffMain  = goOffMain
)

// AddInstance is an instance of no filter.
func AddInstance(p SyscallSandboxPolicy, thread string) (uint16, error) {
	return addInstance(chain{}.then(p, ScopeProcess), thread, false)
}

const MaxInstances = maxInstances

// Siginfo is siginfo_t of a SIGSYS: include/uapi/asm-generic/siginfo.h.
type Siginfo struct {
	Signo, Errno, Code int32
	_                  int32
	CallAddr           uintptr
	Syscall            int32
	Arch               uint32
	_                  [96]byte
}

// RecordedIP is the address of the first call in the table of violations.
func RecordedIP() uintptr {
	for _, e := range entries {
		return uintptr(e.ip)
	}
	return 0
}

// Gate is the address of the handler's own call instruction.
func Gate() uintptr { return gateEntry() }

// SetReportTimeout has a report killed after so many seconds.
func SetReportTimeout(seconds int64) { watchdogTime.Value.Sec = seconds }
