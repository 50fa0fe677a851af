// SPDX-License-Identifier: MIT

package flow

import "github.com/syscall-sandbox/sandbox/internal/sysno"

// traps are functions that make the system call whose number is their first argument.
var traps = map[string]struct{}{
	"syscall.Syscall":                         {},
	"syscall.Syscall6":                        {},
	"syscall.RawSyscall":                      {},
	"syscall.RawSyscall6":                     {},
	"syscall.rawSyscallNoError":               {},
	"syscall.rawVforkSyscall":                 {},
	"syscall.AllThreadsSyscall":               {},
	"syscall.AllThreadsSyscall6":              {},
	"syscall.runtime_doAllThreadsSyscall":     {},
	"internal/runtime/syscall/linux.Syscall6": {},
	"golang.org/x/sys/unix.Syscall":           {},
	"golang.org/x/sys/unix.Syscall6":          {},
	"golang.org/x/sys/unix.RawSyscall":        {},
	"golang.org/x/sys/unix.RawSyscall6":       {},
	"golang.org/x/sys/unix.SyscallNoError":    {},
	"golang.org/x/sys/unix.RawSyscallNoError": {},
}

// fixedTraps are functions of the runtime that make one call with their own arguments.
var fixedTraps = map[string]uint32{
	"internal/syscall/unix.fcntl": sysno.Fcntl, // runtime/os_linux.go: fcntl
}

// A madeCall is a call that the runtime makes when it is asked by another package.
type madeCall struct {
	nr   uint32
	args map[int]uint64
}

// runtimeCalls are what functions of the runtime call when the program asks for it: not in
// the share that every program needs, or only for processes.
var runtimeCalls = map[string][]madeCall{
	// runtime/netpoll_epoll.go: netpollopen, EPOLL_CTL_ADD.
	"internal/poll.runtime_pollOpen": {{nr: sysno.EpollCtl, args: map[int]uint64{1: 1}}},
	// runtime/netpoll_epoll.go: netpollclose, EPOLL_CTL_DEL.
	"internal/poll.runtime_pollClose": {{nr: sysno.EpollCtl, args: map[int]uint64{1: 2}}},
	// runtime/signal_unix.go: sigenable, sigdisable, sigignore.
	"os/signal.signal_enable":  {{nr: sysno.RtSigaction}},
	"os/signal.signal_disable": {{nr: sysno.RtSigaction}},
	"os/signal.signal_ignore":  {{nr: sysno.RtSigaction}},
	// runtime/proc.go: the child's, before execve; runtime/signal_unix.go: clearSignalHandlers.
	"syscall.runtime_AfterForkInChild": {{nr: sysno.RtSigaction}, {nr: sysno.RtSigprocmask}},
	// runtime/os_linux.go: setProcessCPUProfiler, setThreadCPUProfiler.
	"runtime.SetCPUProfileRate": profileCalls,
	// runtime/os_linux.go: getCPUCount.
	"runtime.SetDefaultGOMAXPROCS": {{nr: sysno.SchedGetaffinity}},
	// runtime/heapdump.go: dwritebyte.
	"runtime/debug.WriteHeapDump": {{nr: sysno.Write}},
	// syscall/asm_linux_amd64.s, x/sys/unix: without vDSO.
	"syscall.gettimeofday":               {{nr: sysno.Gettimeofday}},
	"golang.org/x/sys/unix.gettimeofday": {{nr: sysno.Gettimeofday}},
	// runtime/os_linux.go: vgetrandom, where the vDSO cannot answer.
	"internal/syscall/unix.vgetrandom": {{nr: sysno.Getrandom}},
	// The library, for all threads: SECCOMP_SET_MODE_FILTER, TSYNC. Policies permit it if they say so.
	CallProcess: {{nr: sysno.Seccomp, args: map[int]uint64{0: 1, 1: 1}}},
}

var profileCalls = []madeCall{
	{nr: sysno.Setitimer}, {nr: sysno.TimerCreate}, {nr: sysno.TimerSettime}, {nr: sysno.TimerDelete}, {nr: sysno.RtSigaction},
}

// onceFunctions return a function that calls their argument.
var onceFunctions = map[string]bool{"sync.OnceFunc": true, "sync.OnceValue": true, "sync.OnceValues": true}

// here call their argument on the caller's thread though they are the runtime's: a
// coroutine of a locked thread stays on it (runtime/coro.go: coroswitch_m).
var here = map[string]bool{"iter.newcoro": true}

// elsewhere call their argument on a goroutine of their own; its index.
var elsewhere = map[string]int{"time.AfterFunc": 1, "runtime.SetFinalizer": 1, "runtime.AddCleanup": 1}

// Where policies are put on. What they call for that, prctl and for threads seccomp, is what
// every policy permits.
const (
	CallSetup   = SandboxPath + ".SetupSyscallSandbox"
	CallProcess = SandboxPath + ".SetProcessPolicy"
	CallThread  = SandboxPath + ".SetSyscallSandboxPolicy"
	CallGo      = SandboxPath + ".Go"
)

var watched = map[string]bool{CallSetup: true, CallProcess: true, CallThread: true, CallGo: true}

// silent are functions whose calls are meant to be refused, and those that run once per
// process and have run: SetupSyscallSandbox calls them before there is a filter.
var silent = map[string]bool{
	SandboxPath + ".TestDisallowedSandboxCall": true,
	"internal/poll.runtime_pollServerInit":     true,
	"time.initLocal":                           true,
}

// setters put what is not seen into fields and variables. Packages that read values of a given
// form, such as encoding/json, put no functions there, and interfaces only of what they make
// themselves: so only the program's and its modules' own calls are listed.
var setters = map[string]bool{
	"reflect.Value.Set": true, "reflect.Value.SetMapIndex": true, "reflect.Value.SetIterValue": true, "reflect.Value.SetIterKey": true,
	"reflect.Copy": true, "reflect.Append": true, "reflect.NewAt": true, "reflect.MakeFunc": true,
}

// reflective are functions by which a program calls what no analysis of types can know.
var reflective = map[string]string{
	"reflect.Value.Call":         "calls by reflection",
	"reflect.Value.CallSlice":    "calls by reflection",
	"plugin.Open":                "loads a plugin",
	"reflect.Value.Method":       "takes methods by reflection",
	"reflect.Value.MethodByName": "takes methods by name",
}
