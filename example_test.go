// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// says prints what a policy on one thread answers to a call.
func says(p sandbox.SyscallSandboxPolicy, call string) {
	f, err := p.Filter(sandbox.ScopeThread, sandbox.ActionKillProcess)
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := seccomp.ParseCall(call)
	if err != nil {
		fmt.Println(err)
		return
	}
	action, _ := f.Decide(c)
	fmt.Printf("%-34s %v\n", call, action)
}

// A policy for a database that maps its files: what the program's own code calls. The Go
// runtime's share, such as futex, comes by itself.
func ExampleNewPolicy() {
	index := sandbox.NewPolicy("index", sandbox.NewSeccompPolicyBuilder().AllowNothing().
		AllowOpenFiles().AllowFiles().AllowStorage().AllowFileLocks().AllowFileMapping())
	fmt.Println(index, index.Err())
	says(index, "fsync(3)")
	says(index, "futex")
	says(index, "mmap(prot=PROT_READ|PROT_EXEC)")
	says(index, "socket(AF_INET, SOCK_STREAM)")
	says(index, "execve")
	// Output:
	// index <nil>
	// fsync(3)                           allow
	// futex                              allow
	// mmap(prot=PROT_READ|PROT_EXEC)     kill_process
	// socket(AF_INET, SOCK_STREAM)       kill_process
	// execve                             errno(EPERM)
}

// All mistakes are reported at once, each with the name that is most like.
func ExampleSyscallSandboxPolicy_Err() {
	p := sandbox.NewPolicy("net", sandbox.NewSeccompPolicyBuilder().AllowNothing().
		Allow("acept4", "sendfile").AllowIf("socket", seccomp.Arg32(7).Is(2)))
	fmt.Println(p.Err())
	// Output:
	// sandbox: policy "net": "acept4": unknown syscall: did you mean "accept4"?
	// sandbox: policy "net": "socket": a call has arguments 0 to 5, not 7
}

// The conditions of one AllowIf must all hold; several AllowIf of a call are alternatives.
// Numbers are Linux's; on linux package unix has them by name.
func ExampleSeccompPolicyBuilder_AllowIf() {
	const afUnix, afInet, stream, cloexec = 1, 2, 1, 0x80000
	kind := seccomp.Arg32(1).Is(stream, stream|cloexec)
	p := sandbox.NewPolicy("local", sandbox.NewSeccompPolicyBuilder().AllowNothing().
		AllowIf("socket", seccomp.Arg32(0).Is(afUnix), kind).
		AllowIf("socket", seccomp.Arg32(0).Is(afInet), kind, seccomp.Arg32(2).Is(0, 6)))
	says(p, "socket(AF_UNIX, SOCK_STREAM, 0)")
	says(p, "socket(AF_INET, SOCK_STREAM, 6)")
	says(p, "socket(AF_INET, SOCK_DGRAM, 0)")
	// Output:
	// socket(AF_UNIX, SOCK_STREAM, 0)    allow
	// socket(AF_INET, SOCK_STREAM, 6)    allow
	// socket(AF_INET, SOCK_DGRAM, 0)     kill_process
}

// The policy for the whole process is the union of what its roles need: no role is wider.
func ExampleSeccompPolicyBuilder_AllowPolicy() {
	roles := []sandbox.SyscallSandboxPolicy{sandbox.PolicyNet, sandbox.PolicyScheduler, sandbox.PolicyShutoff}
	steady := sandbox.NewPolicy("steady", sandbox.NewSeccompPolicyBuilder().AllowNothing().AllowPolicy(roles...))
	for _, role := range roles {
		d, err := sandbox.Diff(role, steady)
		fmt.Println(role, len(d.OnlyA), len(d.Undecided), err)
	}
	// Output:
	// net 0 0 <nil>
	// scheduler 0 0 <nil>
	// shutoff 0 0 <nil>
}

// What permits one of two policies and not the other, with calls that show it.
func ExampleDiff() {
	d, err := sandbox.Diff(sandbox.PolicyNet, sandbox.PolicyNetOpenConnection)
	fmt.Print(d)
	fmt.Println(err)
	// Output:
	// - accept4(0x0, 0x0, 0x0, 0x0, 0x0, 0x0)
	// + socket(0x2, 0x1, 0x0, 0x0, 0x0, 0x0)
	// + connect(0x0, 0x0, 0x0, 0x0, 0x0, 0x0)
	// + shutdown(0x0, 0x0, 0x0, 0x0, 0x0, 0x0)
	// <nil>
}

// Own policies travel as JSON: to sandboxctl, or from a file.
func ExampleSyscallSandboxPolicy_MarshalJSON() {
	p := sandbox.NewPolicy("syncs", sandbox.NewSeccompPolicyBuilder().AllowNothing().Allow("fsync", "fdatasync"))
	text, err := json.Marshal(p)
	fmt.Println(string(text), err)
	var again sandbox.SyscallSandboxPolicy
	fmt.Println(json.Unmarshal(text, &again), again)
	// Output:
	// {"name":"syncs","allow":["fsync","fdatasync"]} <nil>
	// <nil> syncs
}

// The action is one word of the command line.
func ExampleSyscallSandboxAction_UnmarshalText() {
	flags := flag.NewFlagSet("node", flag.ContinueOnError)
	flags.SetOutput(os.Stdout)
	action := sandbox.ActionInvokeSignalHandler
	flags.TextVar(&action, "sandbox", action, "what a refused call gets")
	fmt.Println(flags.Parse([]string{"-sandbox=log-and-deny"}), action)
	fmt.Println(action.UnmarshalText([]byte("2")))
	// Output:
	// <nil> log-and-deny
	// sandbox: unknown action "2": want one of abort, log-and-abort, log-and-deny, log-and-allow, learn, off
}
