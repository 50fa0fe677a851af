// SPDX-License-Identifier: MIT

package sandbox

import (
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
	{in(PolicyInitialization, PolicyMessageHandler), nr(sysno.Socket, 16, 0x80003), `allow it in policy "message-handler": NewPolicy("message-handler", PolicyMessageHandler.Builder().AllowNetwork()); or only Allow("socket"); built in, "net" and "net-add-connection" permit it`},
	{in(PolicyInitialization, PolicyValidationScriptCheck), nr(sysno.Openat), `allow it in policy "validation-script-check": NewPolicy("validation-script-check", PolicyValidationScriptCheck.Builder().AllowFileSystem()); or only Allow("openat"); built in, "message-handler" and "scheduler" permit it`},
	{in(PolicyInitialization, PolicyValidationScriptCheck), nr(sysno.Statx), `allow it in policy "validation-script-check": NewPolicy("validation-script-check", PolicyValidationScriptCheck.Builder().AllowFileSystem()); or only Allow("statx"); or leave it: C libraries fall back to newfstatat; built in, "message-handler" and "scheduler" permit it`},
	{in(PolicyNet), nr(sysno.Getgroups), `allow it in policy "net": NewPolicy("net", PolicyNet.Builder().Allow("getgroups"))`},
	{in(PolicyInitialization, NewPolicy("mine", PolicyNet.Builder().Deny("flock"))), nr(sysno.Flock), `allow it in policy "mine": NewPolicy("mine", b.Allow("flock")); built in, "message-handler" and "scheduler" permit it`},
	{in(PolicyInitialization, NewPolicy("mine", NewSeccompPolicyBuilder().DenyErrno(13, "uname"))), nr(sysno.Uname), `allow it in policy "mine": NewPolicy("mine", b.AllowGlobalSystemStatus()); or only Allow("uname"); built in, "validation-script-check" and "message-handler" permit it`},
	{in(NewPolicy("net", NewSeccompPolicyBuilder())), nr(sysno.Getgroups), `allow it in policy "net": NewPolicy("net", b.Allow("getgroups"))`},
	{underNet, nr(sysno.Clone3), `allow it in policies "initialization" and "net", for the later can only narrow the earlier: Allow("clone3") in each; or leave it: glibc falls back to clone on ENOSYS only; its flags are in memory, where no filter sees them`},
	{underNet, nr(sysno.Kill, 1), `allow it in policies "initialization" and "net", for the later can only narrow the earlier: Allow("kill") in each`},

	// The outer policies first.
	{underNet, nr(sysno.Getgroups), `allow it in policies "initialization" and "net", for the later can only narrow the earlier: Allow("getgroups") in each`},
	{in(PolicyInitialization, PolicyNet, PolicyScheduler, PolicyValidationScriptCheck), nr(sysno.Ptrace), `allow it in policies "initialization", "net", "scheduler" and "validation-script-check", for the later can only narrow the earlier: Allow("ptrace") in each`},
	{in(PolicyScheduler, PolicyValidationScriptCheck), nr(sysno.Connect), `allow it in policies "scheduler" and "validation-script-check", for the later can only narrow the earlier: AllowNetwork() in each; or only Allow("connect"); built in, "net" and "net-add-connection" permit it`},
	{in(NewPolicy("narrow", NewSeccompPolicyBuilder().Deny("uname", "setitimer")), NewPolicy("wider", NewSeccompPolicyBuilder())), nr(sysno.Uname), `allow it in policy "narrow", the outermost: NewPolicy("narrow", b.AllowGlobalSystemStatus()); or only Allow("uname"); built in, "validation-script-check" and "message-handler" permit it`},

	// A policy that is in force already is no help.
	{in(PolicyInitialization, PolicyNet, PolicyScheduler), nr(sysno.Connect), `allow it in policy "scheduler": NewPolicy("scheduler", PolicyScheduler.Builder().AllowNetwork()); or only Allow("connect"); built in, "net-add-connection" and "net-http-server" permit it`},

	// Permitted for other arguments.
	{in(PolicyInitialization, unix4), nr(sysno.Socket, 16, 0x80003, 0), `allow it in policy "local": NewPolicy("local", b.AllowIf("socket", seccomp.Arg32(0).Is(16), seccomp.Arg32(1).Is(0x80003))); built in, "net" and "net-add-connection" permit it`},
	{in(PolicyInitialization, unix4), nr(sysno.Ioctl, 1, 0xffffffff00005413, 0xc000000000), `allow it in policy "local": NewPolicy("local", b.AllowIf("ioctl", seccomp.Arg32(1).Is(0x5413))); built in, "validation-script-check" and "message-handler" permit it`},
	{in(unix4), nr(sysno.Openat2, 0xffffff9c, 1, 2, 1<<32), `allow it in policy "local": NewPolicy("local", b.AllowIf("openat2", seccomp.Arg32(0).Is(seccomp.Int(-100)), seccomp.Arg64(3).Is(0x100000000))); or leave it: its callers fall back to openat; its flags are in memory, where no filter sees them`},
	{in(PolicyInitialization, unix4), nr(sysno.Ioctl, 1, 0x5401), ""},

	// Processes.
	{underNet, nr(sysno.Clone, 0x4111), `allow it in policies "initialization" and "net", for the later can only narrow the earlier: Allow("execve") in each; with it any program can be executed, under the same filters`},
	{underNet, nr(sysno.Clone, cloneThread|0x100), ""},
	{in(PolicyNet), nr(sysno.Fork), `allow it in policy "net": NewPolicy("net", PolicyNet.Builder().Allow("execve")); with it any program can be executed, under the same filters`},
	{in(PolicyNet), nr(sysno.Execve), `allow it in policy "net": NewPolicy("net", PolicyNet.Builder().Allow("execve")); with it any program can be executed, under the same filters`},
	{in(PolicyNet), nr(sysno.Execveat), `allow it in policy "net": NewPolicy("net", PolicyNet.Builder().Allow("execveat")); with it any program can be executed, under the same filters`},
	{in(runs), nr(sysno.Execveat), `allow it in policy "runs": NewPolicy("runs", b.Allow("execveat"))`},
	{in(runs, PolicyNet), nr(sysno.Vfork), `allow it in policy "net": NewPolicy("net", PolicyNet.Builder().Allow("execve")); with it any program can be executed, under the same filters`},
	{in(runs), nr(sysno.Execve), ""},
	{in(NewPolicy("runs", runs.Builder().Deny("vfork"))), nr(sysno.Vfork), `allow it in policy "runs": NewPolicy("runs", b.Allow("vfork"))`},

	// What no builder can allow.
	{underNet, nr(sysno.RtSigqueueinfo), "nothing permits it: it can forge the signal that reports a violation; kill and tgkill send signals too"},
	{underNet, nr(sysno.RtTgsigqueueinfo), "nothing permits it: it can forge the signal that reports a violation; kill and tgkill send signals too"},
	{underNet, nr(sysno.RtSigaction, abi.SIGSYS, 1), "nothing permits it: the handler of SIGSYS reports violations and stays in its place"},
	{underNet, nr(sysno.Socket | abi.X32Bit), "nothing permits it: calls of the x32 ABI end the process under every policy"},
	{underNet, seccomp.Call{Arch: abi.AuditArchI386, Nr: 20}, "nothing permits it: calls of another architecture, such as those by int 0x80, end the process under every policy"},
	{underNet, nr(999), "nothing permits it: this version of the library does not know the number, and answers ENOSYS as an older kernel would"},
	{underNet, nr(1<<32 - 1), "nothing permits it: this version of the library does not know the number, and answers ENOSYS as an older kernel would"},

	// Nothing but the call is known.
	{chain{}, nr(sysno.Flock), `AllowFileSystem() permits it; or only Allow("flock"); built in, "message-handler" and "scheduler" permit it`},
	{chain{}, nr(sysno.Getgroups), `Allow("getgroups") permits it; no built-in policy permits it`},
	{chain{}, nr(sysno.Execve), `Allow("execve") permits it; with it any program can be executed, under the same filters; no built-in policy permits it`},
	{chain{}, nr(999), "nothing permits it: this version of the library does not know the number, and answers ENOSYS as an older kernel would"},
}

func TestRemedy(t *testing.T) {
	for _, r := range remedies {
		if got := remedyFor(r.call, r.chain); got != r.remedy {
			t.Errorf("%s, %s:\n got %s\nwant %s", r.chain, r.call, got, r.remedy)
		}
	}
}

// Whatever the remedy says by way of Allow or a group does permit the call: tried with
// every call that a built-in policy refuses.
func TestRemedyHelps(t *testing.T) {
	for _, p := range []SyscallSandboxPolicy{PolicyNet, PolicyValidationScriptCheck} {
		for number := range sysno.All() {
			call := nr(number)
			remedy := remedyFor(call, in(p))
			if remedy == "" || strings.HasPrefix(remedy, "nothing permits it: ") {
				continue
			}
			_, method, _ := strings.Cut(remedy, ".Builder().")
			method, args, _ := strings.Cut(method, "(")
			b := p.Builder()
			if method == "Allow" {
				b.Allow(strings.Split(args, `"`)[1])
			} else {
				for _, g := range groups {
					if "Allow"+g.name == method {
						b.allowGroup(g)
					}
				}
			}
			if changed := in(NewPolicy("changed", b)); len(changed.refusing(call)) > 0 {
				t.Errorf("%s: %s: still refused", call.Name(), remedy)
			}
		}
	}
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

// What builtinsFor leaves out, the policies for start-up, permits nothing that no other
// built-in policy does.
func TestStartUpPoliciesPermitNoMore(t *testing.T) {
	var others callSet
	for _, p := range Policies() {
		if !strings.HasPrefix(p.String(), "initialization") {
			others = others.union(p.permitted(ScopeThread))
		}
	}
	for _, p := range Policies() {
		if more := p.permitted(ScopeThread).minus(others); more != (callSet{}) {
			t.Errorf("%s permits more: %v", p, more)
		}
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
				for _, args := range [][]uint64{{}, {1, 0x5401}, {cloneThread}, {uint64(processID())}, {0xffffff9c, 1, 1, 24}} {
					call := nr(number, args...)
					if want, _ := f.Decide(call); l.answer(call) != want {
						t.Errorf("%s, scope %d: %s: %s, the filter says %s", p, l.scope, call, l.answer(call), want)
					}
				}
			}
		}
	}
}
