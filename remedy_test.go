// SPDX-License-Identifier: MIT

package sandbox

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// in is the chain of a process policy and thread policies.
func in(process SyscallSandboxPolicy, threads ...SyscallSandboxPolicy) chain {
	c := chain{}.then(process, ScopeProcess)
	for _, p := range threads {
		c = c.then(p, ScopeThread)
	}
	return c
}

func nr(number uint32, args ...uint64) seccomp.Call {
	c := seccomp.Call{Arch: abi.AuditArchX86_64, Nr: number}
	copy(c.Args[:], args)
	return c
}

var (
	unix4 = NewPolicy("local", NewSeccompPolicyBuilder().AllowFileSystem().
		AllowIf("socket", seccomp.Arg32(0).Is(1), seccomp.Arg32(1).Only(0x80805)).
		Deny("ioctl", "pread64").AllowIf("ioctl", seccomp.Arg32(1).Is(0x5401)).
		AllowIf("openat2", seccomp.Arg32(0).Is(seccomp.Int(-100)), seccomp.Arg64(3).Is(24)))
	refusesOpen = NewPolicy("closed", PolicyInitialization.Builder().DenyErrno(abi.EACCES, "openat").DenyErrno(abi.EPERM, "renameat", "ftruncate"))
	runs        = NewPolicy("runs", NewSeccompPolicyBuilder().Allow("execve"))
)

var underNet = in(PolicyInitialization, PolicyNet)

var remedies = []struct {
	chain  chain
	call   seccomp.Call
	remedy string
}{
	// A group, or the one call.
	{in(PolicyInitialization, PolicyMessageHandler), nr(sysno.Socket, 16, 0x80003), `allow it in policy "message-handler": NewPolicy("message-handler", PolicyMessageHandler.Builder().AllowNetlink()); or only AllowIf("socket", seccomp.Arg32(0).Is(16), seccomp.Arg32(1).Is(0x80003), seccomp.Arg32(2).Is(0)); built in, "initialization-map-port" permits it`},
	{in(PolicyInitialization, PolicyMessageHandler), nr(sysno.Socket, 17, 3), `allow it in policy "message-handler": NewPolicy("message-handler", PolicyMessageHandler.Builder().AllowIf("socket", seccomp.Arg32(0).Is(17), seccomp.Arg32(1).Is(3), seccomp.Arg32(2).Is(0)))`},
	{in(PolicyInitialization, PolicyValidationScriptCheck), nr(sysno.Openat), `allow it in policy "validation-script-check": NewPolicy("validation-script-check", PolicyValidationScriptCheck.Builder().AllowReadFiles()); or only AllowIf("openat", seccomp.Arg32(2).Is(0)); built in, "net-http-server-worker" and "net-add-connection" permit it`},
	{in(PolicyInitialization, PolicyValidationScriptCheck), nr(sysno.Statx), `allow it in policy "validation-script-check": NewPolicy("validation-script-check", PolicyValidationScriptCheck.Builder().AllowFileSystem()); or only Allow("statx"); or leave it: C libraries fall back to newfstatat`},
	{in(PolicyNet), nr(sysno.Getgroups), `allow it in policy "net": NewPolicy("net", PolicyNet.Builder().Allow("getgroups"))`},
	{in(PolicyInitialization, NewPolicy("mine", PolicyScheduler.Builder().Deny("fdatasync"))), nr(sysno.Fdatasync), `allow it in policy "mine": NewPolicy("mine", b.Allow("fdatasync")); built in, "message-handler" and "scheduler" permit it`},
	{in(PolicyInitialization, NewPolicy("mine", PolicyScheduler.Builder().Deny("flock"))), nr(sysno.Flock), `allow it in policy "mine": NewPolicy("mine", b.AllowFileLocks()); or only Allow("flock"); built in, "scheduler" and "shutoff" permit it`},
	{in(PolicyInitialization, NewPolicy("mine", NewSeccompPolicyBuilder().DenyErrno(13, "uname"))), nr(sysno.Uname), `allow it in policy "mine": NewPolicy("mine", b.AllowGlobalSystemStatus()); or only Allow("uname"); or leave it: the resolver, io.Copy and os.Hostname go on without`},
	{in(NewPolicy("net", NewSeccompPolicyBuilder())), nr(sysno.Getgroups), `allow it in policy "net": NewPolicy("net", b.Allow("getgroups"))`},
	{underNet, nr(sysno.Clone3), `allow it in policies "initialization" and "net", for the later can only narrow the earlier: Allow("clone3") in each; or leave it: glibc falls back to clone on ENOSYS only; its flags are in memory, where no filter sees them`},

	// The narrowest group that permits these arguments; of a kind of socket only where
	// it is made.
	{in(PolicyMessageHandler), nr(sysno.Socket, 10, 0x80802), `allow it in policy "message-handler": NewPolicy("message-handler", PolicyMessageHandler.Builder().AllowInetSockets()); or only AllowIf("socket", seccomp.Arg32(0).Is(10), seccomp.Arg32(1).Is(0x80802), seccomp.Arg32(2).Is(0)); built in, "net-open-connection" and "net-add-connection" permit it`},
	{in(PolicyMessageHandler), nr(sysno.Socket, 1, 0x80002), `allow it in policy "message-handler": NewPolicy("message-handler", PolicyMessageHandler.Builder().AllowUnixSockets()); or only AllowIf("socket", seccomp.Arg32(0).Is(1), seccomp.Arg32(1).Is(0x80002), seccomp.Arg32(2).Is(0))`},
	{in(PolicyMessageHandler), nr(sysno.Connect), `allow it in policy "message-handler": NewPolicy("message-handler", PolicyMessageHandler.Builder().AllowConnect()); or only Allow("connect"); built in, "net-open-connection" and "net-add-connection" permit it`},
	{in(PolicyMessageHandler), nr(sysno.Bind), `allow it in policy "message-handler": NewPolicy("message-handler", PolicyMessageHandler.Builder().AllowListen()); or only Allow("bind"); built in, "initialization-map-port" permits it`},
	{in(PolicyValidationScriptCheck), nr(sysno.Sendto), `allow it in policy "validation-script-check": NewPolicy("validation-script-check", PolicyValidationScriptCheck.Builder().AllowSocketIo()); or only Allow("sendto"); built in, "net" and "net-http-server" permit it`},
	{in(PolicyNetHTTPServerWorker), nr(sysno.Openat, 0xffffff9c, 0, 0x80241), `allow it in policy "net-http-server-worker": NewPolicy("net-http-server-worker", PolicyNetHTTPServerWorker.Builder().AllowFiles()); or only AllowIf("openat", seccomp.Arg32(2).Is(0x80241)); built in, "scheduler" and "shutoff" permit it`},
	{in(PolicyValidationScriptCheck), nr(sysno.Fcntl, 3, 1), `allow it in policy "validation-script-check": NewPolicy("validation-script-check", PolicyValidationScriptCheck.Builder().AllowOpenFiles()); or only AllowIf("fcntl", seccomp.Arg32(1).Is(1)); built in, "net" and "net-http-server" permit it`},
	{in(PolicyNet), nr(sysno.Fcntl, 3, 0x26), `allow it in policy "net": NewPolicy("net", PolicyNet.Builder().AllowFileLocks()); or only AllowIf("fcntl", seccomp.Arg32(1).Is(38)); built in, "scheduler" and "shutoff" permit it`},
	{in(PolicyNet), nr(sysno.Fcntl, 3, 0x408), `allow it in policy "net": NewPolicy("net", PolicyNet.Builder().AllowIf("fcntl", seccomp.Arg32(1).Is(0x408)))`},
	{in(PolicyNet), nr(sysno.Ioctl, 0, 0x5401), `allow it in policy "net": NewPolicy("net", PolicyNet.Builder().AllowTerminal()); or only AllowIf("ioctl", seccomp.Arg32(1).Is(0x5401))`},
	{in(PolicyNet), nr(sysno.Ioctl, 0, 0x5412), `allow it in policy "net": NewPolicy("net", PolicyNet.Builder().AllowIf("ioctl", seccomp.Arg32(1).Is(0x5412)))`},

	// The outer policies first.
	{underNet, nr(sysno.Getgroups), `allow it in policies "initialization" and "net", for the later can only narrow the earlier: Allow("getgroups") in each`},
	{in(PolicyInitialization, PolicyNet, PolicyScheduler, PolicyValidationScriptCheck), nr(sysno.Ptrace), `allow it in policies "initialization", "net", "scheduler" and "validation-script-check", for the later can only narrow the earlier: Allow("ptrace") in each`},
	{in(PolicyScheduler, PolicyValidationScriptCheck), nr(sysno.Connect), `allow it in policies "scheduler" and "validation-script-check", for the later can only narrow the earlier: AllowConnect() in each; or only Allow("connect"); built in, "net-open-connection" and "net-add-connection" permit it`},
	{in(NewPolicy("narrow", NewSeccompPolicyBuilder().Deny("uname", "setitimer")), NewPolicy("wider", NewSeccompPolicyBuilder())), nr(sysno.Uname), `allow it in policy "narrow", the outermost: NewPolicy("narrow", b.AllowGlobalSystemStatus()); or only Allow("uname"); or leave it: the resolver, io.Copy and os.Hostname go on without`},

	// A policy that is in force already is no help.
	{in(PolicyInitialization, PolicyNetOpenConnection, PolicyScheduler), nr(sysno.Connect), `allow it in policy "scheduler": NewPolicy("scheduler", PolicyScheduler.Builder().AllowConnect()); or only Allow("connect"); built in, "net-add-connection" and "tor-control" permit it`},

	// Permitted for other arguments.
	{in(PolicyInitialization, unix4), nr(sysno.Socket, 16, 0x80003, 0), `allow it in policy "local": NewPolicy("local", b.AllowNetlink()); or only AllowIf("socket", seccomp.Arg32(0).Is(16), seccomp.Arg32(1).Is(0x80003)); built in, "initialization-map-port" permits it`},
	{in(PolicyInitialization, unix4), nr(sysno.Ioctl, 1, 0xffffffff00005413, 0xc000000000), `allow it in policy "local": NewPolicy("local", b.AllowTerminal()); or only AllowIf("ioctl", seccomp.Arg32(1).Is(0x5413))`},
	{in(PolicyInitialization, unix4), nr(sysno.Ioctl, 1, 0xffffffff00005412, 0xc000000000), `allow it in policy "local": NewPolicy("local", b.AllowIf("ioctl", seccomp.Arg32(1).Is(0x5412)))`},
	{in(unix4), nr(sysno.Openat2, 0xffffff9c, 1, 2, 1<<32), `allow it in policy "local": NewPolicy("local", b.AllowIf("openat2", seccomp.Arg32(0).Is(seccomp.Int(-100)), seccomp.Arg64(3).Is(0x100000000))); or leave it: its callers fall back to openat; its flags are in memory, where no filter sees them`},
	{in(PolicyInitialization, unix4), nr(sysno.Ioctl, 1, 0x5401), ""},

	// Permitted for the arguments that the library needs.
	{underNet, nr(sysno.Kill, 1, 15), `allow it in policies "initialization" and "net", for the later can only narrow the earlier: AllowIf("kill", seccomp.Arg32(1).Is(15)) in each`},
	{in(PolicyNet), nr(sysno.Tgkill, 1, 1, 0), `allow it in policy "net": NewPolicy("net", PolicyNet.Builder().AllowIf("tgkill", seccomp.Arg32(2).Is(0)))`},
	{in(PolicyNet), nr(sysno.SchedGetaffinity, 1), `allow it in policy "net": NewPolicy("net", PolicyNet.Builder().Allow("sched_getaffinity"))`},
	{in(PolicyNet), nr(sysno.Prctl, 4, 1), `allow it in policy "net": NewPolicy("net", PolicyNet.Builder().AllowIf("prctl", seccomp.Arg32(0).Is(4)))`},
	{in(PolicyNet), nr(sysno.Mmap, 0, 4096, 1, 1, 5), `allow it in policy "net": NewPolicy("net", PolicyNet.Builder().AllowFileMapping()); or only AllowIf("mmap", seccomp.Arg64(2).Is(1), seccomp.Arg64(3).Is(1)); built in, "tx-index" permits it`},
	{in(PolicyNet), nr(sysno.Mmap, 0, 4096, 7, 0x22, 1<<64-1), `allow it in policy "net": NewPolicy("net", PolicyNet.Builder().AllowIf("mmap", seccomp.Arg64(2).Is(7), seccomp.Arg64(3).Is(34)))`},
	{in(PolicyNet), nr(sysno.Mprotect, 0, 4096, 5), `allow it in policy "net": NewPolicy("net", PolicyNet.Builder().AllowIf("mprotect", seccomp.Arg64(2).Is(5)))`},
	{in(PolicyNet), nr(sysno.Madvise, 0, 4096, 1), `allow it in policy "net": NewPolicy("net", PolicyNet.Builder().AllowFileMapping()); or only AllowIf("madvise", seccomp.Arg32(2).Is(1)); built in, "tx-index" permits it`},
	{in(PolicyNet), nr(sysno.Madvise, 0, 4096, 9), `allow it in policy "net": NewPolicy("net", PolicyNet.Builder().AllowIf("madvise", seccomp.Arg32(2).Is(9)))`},
	{underNet, nr(sysno.Clone, cloneThread|0x100), `allow it in policy "net": NewPolicy("net", PolicyNet.Builder().AllowIf("clone", seccomp.Arg32(0).Is(0x10100)))`},

	// Filters.
	{in(PolicyNet), nr(sysno.Seccomp, 1, 1), `allow it in policy "net": NewPolicy("net", PolicyNet.Builder().AllowProcessPolicies())`},
	{in(PolicyNet), nr(sysno.Seccomp, 1, 8), `allow it in policy "net": NewPolicy("net", PolicyNet.Builder().AllowIf("seccomp", seccomp.Arg32(0).Is(1), seccomp.Arg32(1).Is(8)))`},
	{in(PolicyNet), nr(sysno.Seccomp, 0, 0), `allow it in policy "net": NewPolicy("net", PolicyNet.Builder().AllowIf("seccomp", seccomp.Arg32(0).Is(0), seccomp.Arg32(1).Is(0)))`},
	{in(PolicyNet), nr(sysno.Seccomp, 1, 0), ""},
	{in(PolicyShutoff), nr(sysno.Seccomp, 1, 0), `allow it in policy "shutoff": NewPolicy("shutoff", PolicyShutoff.Builder().AllowIf("seccomp", seccomp.Arg32(0).Is(1), seccomp.Arg32(1).Is(0))); then it is sealed no longer; built in, "validation-script-check" and "net" permit it`},
	{in(PolicyShutoff), nr(sysno.Seccomp, 1, 1), `allow it in policy "shutoff": NewPolicy("shutoff", PolicyShutoff.Builder().AllowProcessPolicies()); then it is sealed no longer`},

	// Processes.
	{underNet, nr(sysno.Clone, 0x4111), `allow it in policies "initialization" and "net", for the later can only narrow the earlier: AllowProcessStartOrDeath().Allow("execve") in each; with it any program can be executed, under the same filters`},
	{in(NewPolicy("wide", NewSeccompPolicyBuilder())), nr(sysno.Clone, 0x4111), `allow it in policy "wide": NewPolicy("wide", b.Allow("execve")); with it any program can be executed, under the same filters`},
	{in(NewPolicy("wide", NewSeccompPolicyBuilder())), nr(sysno.Clone, cloneThread|0x100), ""},
	{in(PolicyNet), nr(sysno.Fork), `allow it in policy "net": NewPolicy("net", PolicyNet.Builder().AllowProcessStartOrDeath().Allow("execve")); with it any program can be executed, under the same filters`},
	{in(PolicyNet), nr(sysno.Execve), `allow it in policy "net": NewPolicy("net", PolicyNet.Builder().Allow("execve")); with it any program can be executed, under the same filters`},
	{in(PolicyNet), nr(sysno.Execveat), `allow it in policy "net": NewPolicy("net", PolicyNet.Builder().Allow("execveat")); with it any program can be executed, under the same filters`},
	{in(runs), nr(sysno.Execveat), `allow it in policy "runs": NewPolicy("runs", b.Allow("execveat"))`},
	{in(runs, PolicyNet), nr(sysno.Vfork), `allow it in policy "net": NewPolicy("net", PolicyNet.Builder().AllowProcessStartOrDeath().Allow("execve")); with it any program can be executed, under the same filters`},
	{in(runs), nr(sysno.Execve), ""},
	{in(NewPolicy("runs", runs.Builder().Deny("vfork"))), nr(sysno.Vfork), `allow it in policy "runs": NewPolicy("runs", b.Allow("vfork"))`},
	{in(NewPolicy("runs", runs.Builder().Deny("clone"))), nr(sysno.Clone, 0x4111), `allow it in policy "runs": NewPolicy("runs", b.Allow("clone"))`},
	{in(NewPolicy("runs", runs.Builder().Deny("clone")), PolicyNet), nr(sysno.Clone, 0x4111), `allow it in policies "runs" and "net", for the later can only narrow the earlier: AllowProcessStartOrDeath().Allow("execve") in each; with it any program can be executed, under the same filters`},

	// What no builder can allow.
	{underNet, nr(sysno.RtSigqueueinfo), "nothing permits it: it can forge the signal that reports a violation; kill and tgkill send signals too"},
	{underNet, nr(sysno.RtTgsigqueueinfo), "nothing permits it: it can forge the signal that reports a violation; kill and tgkill send signals too"},
	{underNet, nr(sysno.PidfdSendSignal, 3, 9, 1), "nothing permits it: with a siginfo it can forge the signal that reports a violation"},
	{underNet, nr(sysno.RtSigaction, abi.SIGSYS, 1), "nothing permits it: the handler of SIGSYS reports violations and stays in its place"},
	{underNet, nr(sysno.Socket | abi.X32Bit), "nothing permits it: calls of the x32 ABI end the process under every policy"},
	{underNet, seccomp.Call{Arch: abi.AuditArchI386, Nr: 20}, "nothing permits it: calls of another architecture, such as those by int 0x80, end the process under every policy"},
	{underNet, nr(999), "nothing permits it: this version of the library does not know the number, and answers ENOSYS as an older kernel would"},
	{underNet, nr(1<<32 - 1), "nothing permits it: this version of the library does not know the number, and answers ENOSYS as an older kernel would"},

	// Nothing but the call is known.
	{chain{}, nr(sysno.Flock), `AllowFileLocks() permits it; or only Allow("flock"); built in, "scheduler" and "shutoff" permit it`},
	{chain{}, nr(sysno.Connect), `AllowConnect() permits it; or only Allow("connect"); built in, "net-open-connection" and "net-add-connection" permit it`},
	{chain{}, nr(sysno.Socket), `AllowInetSockets() permits it; or AllowUnixSockets() or AllowNetlink() or Allow("socket"): the arguments decide, which are not known here; built in, "net-open-connection" and "net-add-connection" permit it with some arguments`},
	{chain{}, nr(sysno.Openat), `AllowReadFiles() permits it; or AllowFiles() or Allow("openat"): the arguments decide, which are not known here; built in, "net-http-server-worker" and "net-add-connection" permit it with some arguments`},
	{chain{}, nr(sysno.Fcntl), `AllowFileLocks() permits it; or AllowOpenFiles() or Allow("fcntl"): the arguments decide, which are not known here; built in, "net" and "net-http-server" permit it with some arguments`},
	{chain{}, nr(sysno.Mmap), `AllowFileMapping() permits it; or Allow("mmap"): the arguments decide, which are not known here; built in, "tx-index" and "validation-script-check" permit it with some arguments`},
	{chain{}, nr(sysno.Prctl), `Allow("prctl") permits it; built in, "validation-script-check" and "net" permit it with some arguments`},
	{chain{}, nr(sysno.Seccomp), `AllowProcessPolicies() permits it; or Allow("seccomp"): the arguments decide, which are not known here; built in, "validation-script-check" and "net" permit it with some arguments`},
	{chain{}, nr(sysno.Uname), `AllowGlobalSystemStatus() permits it; or only Allow("uname"); or leave it: the resolver, io.Copy and os.Hostname go on without; built in, "initialization" permits it`},
	{chain{}, nr(sysno.Getgroups), `Allow("getgroups") permits it; no built-in policy permits it`},
	{chain{}, nr(sysno.Execve), `Allow("execve") permits it; with it any program can be executed, under the same filters; no built-in policy permits it`},
	{chain{}, nr(sysno.Clone), `AllowProcessStartOrDeath().Allow("execve") permits it; with it any program can be executed, under the same filters; no built-in policy permits it`},
	{chain{}, nr(999), "nothing permits it: this version of the library does not know the number, and answers ENOSYS as an older kernel would"},
}

func TestRemedy(t *testing.T) {
	for _, r := range remedies {
		if got := remedyFor(r.call, r.chain); got != r.remedy {
			t.Errorf("%s, %s:\n got %s\nwant %s", r.chain, r.call, got, r.remedy)
		}
	}
}

// hard are arguments with which calls are refused where others are permitted.
var hard = []seccomp.Call{
	nr(sysno.Openat, 0xffffff9c, 0, 0x80241), nr(sysno.Openat, 0xffffff9c, 0, 0x80000),
	nr(sysno.Socket, 1, 0x80001), nr(sysno.Socket, 2, 0x80801), nr(sysno.Socket, 10, 0x80002), nr(sysno.Socket, 16, 0x80003), nr(sysno.Socket, 16, 0x80003, 12), nr(sysno.Socket, 17, 3),
	nr(sysno.Fcntl, 1, 2), nr(sysno.Fcntl, 1, 6), nr(sysno.Fcntl, 1, 0x408), nr(sysno.Ioctl, 0, 0x5401), nr(sysno.Ioctl, 0, 0x5412),
	nr(sysno.Mmap, 0, 4096, 1, 1, 5), nr(sysno.Mmap, 0, 4096, 7, 0x22, 1<<64-1), nr(sysno.Mprotect, 0, 4096, 1), nr(sysno.Mprotect, 0, 4096, 5),
	nr(sysno.Madvise, 0, 4096, 1), nr(sysno.Madvise, 0, 4096, 9), nr(sysno.Kill, 1, 15), nr(sysno.Tgkill, 1, 1, 1<<32|15), nr(sysno.SchedGetaffinity, 1),
	nr(sysno.Prctl, 4, 1), nr(sysno.Prctl, 0x53564d41, 1), nr(sysno.Clone, 0x4111), nr(sysno.Clone, cloneThread|0x100), nr(sysno.Clone, 0xd0f00),
	nr(sysno.Seccomp, 1, 0), nr(sysno.Seccomp, 1, 1), nr(sysno.Seccomp, 1, 8), nr(sysno.Seccomp, 2), nr(sysno.PidfdSendSignal, 3, 9, 1), nr(sysno.Openat2, 0xffffff9c, 1, 2, 1<<32),
}

// Whatever the remedy says, and the lesser that it says would do, does permit the call,
// is no mistake and is a method that there is: tried with every call that a policy
// refuses.
func TestRemedyHelps(t *testing.T) {
	calls := slices.Clone(hard)
	for number := range sysno.All() {
		calls = append(calls, nr(number))
	}
	for _, p := range append(Policies(), unix4, runs, refusesOpen) {
		tried := 0
		for _, call := range calls {
			remedy := remedyFor(call, in(p))
			if remedy == "" || strings.HasPrefix(remedy, "nothing permits it: ") {
				continue
			}
			tried++
			for _, method := range methodsOf(t, remedy) {
				b := p.Builder()
				if err := apply(b, method); err != nil {
					t.Fatalf("%s: %s: %v", call, method, err)
				}
				changed := NewPolicy("changed", b)
				if err := changed.Err(); err != nil {
					t.Errorf("%s: %s: %s: %v", p, call, method, err)
				} else if len(in(changed).refusing(call)) > 0 {
					t.Errorf("%s: %s: %s: still refused after %s", p, call, remedy, method)
				}
			}
		}
		if tried < 100 {
			t.Errorf("%s: only %d calls were refused", p, tried)
		}
	}
}

// The same in a chain, and where only the call is known and any arguments will do.
func TestRemedyHelpsInEach(t *testing.T) {
	for _, call := range hard {
		remedy := remedyFor(call, underNet)
		if strings.HasPrefix(remedy, "nothing permits it: ") {
			continue
		}
		if strings.Contains(remedy, " in each") {
			method := firstCall(remedy[strings.Index(remedy, "earlier: ")+len("earlier: "):])
			for _, l := range underNet.layers {
				b := l.policy.Builder()
				if err := apply(b, method); err != nil || len(in(NewPolicy("changed", b)).refusing(call)) > 0 {
					t.Errorf("%s: %s: %s: %v, or still refused", l.policy, call, remedy, err)
				}
			}
		}
		b := NewSeccompPolicyBuilder().AllowNothing()
		method := firstCall(remedyFor(call, chain{}))
		if err := apply(b, method); err != nil {
			t.Errorf("%s: %s: %v", call, method, err)
		}
		if p := NewPolicy("p", b); !p.permitted(ScopeThread).union(p.partly(ScopeThread)).has(call.Nr) {
			t.Errorf("%s: %s permits no %s", call, method, call.Name())
		}
	}
}

// methodsOf are the methods of the builder that a remedy for one policy names.
func methodsOf(t *testing.T, remedy string) []string {
	_, rest, ok := strings.Cut(remedy, ": NewPolicy(")
	_, method, ok2 := strings.Cut(rest, "b.")
	if _, built, ok := strings.Cut(rest, ".Builder()."); ok {
		method = built
	}
	if !ok || !ok2 && !strings.Contains(rest, ".Builder().") {
		t.Fatalf("no NewPolicy in %s", remedy)
	}
	methods := []string{firstCall(method)}
	if _, only, ok := strings.Cut(remedy, "; or only "); ok {
		methods = append(methods, firstCall(only))
	}
	return methods
}

// firstCall is the longest expression such as AllowX().Allow("y") at the beginning of a text.
func firstCall(text string) string {
	depth, end := 0, 0
	for i, c := range text {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		}
		if depth < 0 || depth == 0 && c != ')' && c != '.' && (c < 'A' || c > 'z') {
			break
		}
		end = i + 1
	}
	return text[:end]
}

// apply calls the methods that an expression such as AllowX().Allow("y") names.
func apply(b *SeccompPolicyBuilder, text string) error {
	e, err := parser.ParseExpr("b." + text)
	if err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	v, err := evaluate(reflect.ValueOf(b), e)
	if err == nil && v.Interface() != any(b) {
		err = fmt.Errorf("%s is no builder", text)
	}
	return err
}

// evaluate is a small interpreter: of calls of methods, of package seccomp's functions for
// conditions, and of literals.
func evaluate(b reflect.Value, e ast.Expr) (reflect.Value, error) {
	switch e := e.(type) {
	case *ast.Ident:
		if e.Name == "b" {
			return b, nil
		}
	case *ast.BasicLit:
		if s, err := strconv.Unquote(e.Value); err == nil {
			return reflect.ValueOf(s), nil
		}
		n, err := strconv.ParseUint(e.Value, 0, 64)
		return reflect.ValueOf(n), err
	case *ast.UnaryExpr:
		v, err := evaluate(b, e.X)
		if err == nil && e.Op == token.SUB && v.CanUint() {
			return reflect.ValueOf(-int64(v.Uint())), nil
		}
	case *ast.CallExpr:
		return evaluateCall(b, e)
	}
	return reflect.Value{}, fmt.Errorf("%T is not understood", e)
}

func evaluateCall(b reflect.Value, e *ast.CallExpr) (reflect.Value, error) {
	sel, ok := e.Fun.(*ast.SelectorExpr)
	if !ok {
		return reflect.Value{}, fmt.Errorf("%T is called", e.Fun)
	}
	fun := map[string]reflect.Value{"Arg32": reflect.ValueOf(seccomp.Arg32), "Arg64": reflect.ValueOf(seccomp.Arg64), "Int": reflect.ValueOf(seccomp.Int)}[sel.Sel.Name]
	if x, ok := sel.X.(*ast.Ident); !ok || x.Name != "seccomp" {
		on, err := evaluate(b, sel.X)
		if err != nil {
			return on, err
		}
		fun = on.MethodByName(sel.Sel.Name)
	}
	if !fun.IsValid() {
		return fun, fmt.Errorf("there is no %s", sel.Sel.Name)
	}
	var args []reflect.Value
	for i, a := range e.Args {
		v, err := evaluate(b, a)
		if err != nil {
			return v, err
		}
		if typ := fun.Type(); i < typ.NumIn() && v.CanConvert(typ.In(i)) && !typ.IsVariadic() {
			v = v.Convert(typ.In(i))
		}
		args = append(args, v)
	}
	return fun.Call(args)[0], nil
}

// The policies that a remedy names are variables of this package.
func TestBuiltinVariable(t *testing.T) {
	want := []string{"PolicyInitialization", "PolicyInitializationDNSSeed", "PolicyInitializationLoadBlocks", "PolicyInitializationMapPort",
		"PolicyMessageHandler", "PolicyNet", "PolicyNetAddConnection", "PolicyNetHTTPServer", "PolicyNetHTTPServerWorker",
		"PolicyNetOpenConnection", "PolicyScheduler", "PolicyTorControl", "PolicyTxIndex", "PolicyValidationScriptCheck", "PolicyShutoff"}
	for i, p := range Policies() {
		if got := builtinVariable(p); got != want[i] {
			t.Errorf("%s: %s", p, got)
		}
	}
	if got := builtinVariable(NewPolicy("net", NewSeccompPolicyBuilder())); got != "" {
		t.Errorf("an own policy is taken for %s", got)
	}
}

// Each call that a built-in policy permits by its own rules has one that the remedy names.
func TestRemedyNamesBuiltIn(t *testing.T) {
	for number, name := range sysno.All() {
		permits := false
		for _, p := range Policies() {
			permits = permits || !makesProcess(nr(number)) && p.permitted(ScopeThread).union(p.partly(ScopeThread)).has(number)
		}
		remedy := remedyFor(nr(number), chain{})
		if strings.HasPrefix(remedy, "nothing permits it: ") {
			continue
		}
		if permits == strings.Contains(remedy, "no built-in policy permits it") || permits != strings.Contains(remedy, "; built in, ") {
			t.Errorf("%s: some policy permits it: %t, the remedy says %s", name, permits, remedy)
		}
	}
	// What it names permits these arguments.
	for _, call := range hard {
		_, named, ok := strings.Cut(remedyFor(call, in(NewPolicy("none", NewSeccompPolicyBuilder().AllowNothing()))), "; built in, ")
		for _, p := range Policies() {
			if ok && strings.Contains(named, strconv.Quote(p.String())) && len(in(p).refusing(call)) > 0 {
				t.Errorf("%s: %s does not permit it", call, p)
			}
		}
	}
}

// AllowProcessPolicies as a group is what the method does.
func TestGroupProcessPolicies(t *testing.T) {
	r, ok := groupProcessPolicies.ruleFor(sysno.Seccomp)
	if !ok || fmt.Sprint(r) != fmt.Sprint(onProcess) {
		t.Errorf("%v, not %v", r, onProcess)
	}
}

// What a layer is asked about one call is what its whole filter says.
func TestAnswerIsTheFilters(t *testing.T) {
	for _, p := range append(Policies(), unix4, runs, refusesOpen) {
		for _, l := range []layer{{p, ScopeThread}, {p, ScopeProcess}} {
			if p.errFor(l.scope) != nil {
				continue
			}
			f, err := p.Filter(l.scope, ActionKillProcess)
			if err != nil {
				t.Fatal(err)
			}
			f = f.ForPID(processID())
			for number := range uint32(600) {
				for _, args := range [][]uint64{{}, {1, 0x5401}, {cloneThread}, {uint64(processID())}, {0xffffff9c, 1, 1, 24}, {0xffffff9c, 1, readFlags}} {
					call := nr(number, args...)
					if want, _ := f.Decide(call); l.answer(call) != want {
						t.Errorf("%s, scope %d: %s: %s, the filter says %s", p, l.scope, call, l.answer(call), want)
					}
				}
			}
		}
	}
}
