// SPDX-License-Identifier: MIT

package sandbox

import (
	"fmt"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/gobase"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A container's profile is in force before the program runs, so it must permit what the
// program's own sandbox needs to be put on, or it would take the better one away.

// groupSetup, no group of a builder, is what SetupSyscallSandbox and narrowing call beyond
// the runtime's share.
var groupSetup = group{"Sandbox setup", []groupCall{
	{nr: sysno.Seccomp, when: "arg0:32 == 0x2 && arg1:32 == 0x0", reason: "asks for an action (SECCOMP_GET_ACTION_AVAIL)"},
	{nr: sysno.Seccomp, when: "arg0:32 == 0x1 && arg1:32 in {0x0, 0x1}", reason: "puts a filter on one thread, or on all (SECCOMP_FILTER_FLAG_TSYNC)"},
	{nr: sysno.Prctl, when: "arg0:32 in {0xf, 0x10, 0x26, 0x27}", reason: "no_new_privs, names of threads"},
	{nr: sysno.Personality, when: "arg0:32 == 0xffffffff", reason: "asks whether addresses are random (log-and-allow, learn)"},
	{nr: sysno.Openat, when: "arg2:32 in {0x80000, 0x90000}", reason: "reads /proc/self/maps and /proc/self/task"},
	{nr: sysno.Getdents64, reason: "lists threads (Threads)"},
	{nr: sysno.Pipe2, when: "arg1:32 in {0x80000, 0x80800}", reason: "begins the network poller; reports wake their goroutine"},
	{nr: sysno.Writev, reason: "the report of a violation"},
}}

// containerFilter is Filter for ScopeContainer.
func (p SyscallSandboxPolicy) containerFilter(a SyscallSandboxAction) (seccomp.Filter, error) {
	if a != ActionDeny {
		return seccomp.Filter{}, fmt.Errorf("sandbox: action %s for a container: it is ActionDeny, so that a report from inside is not swallowed", a)
	}
	if err := p.errFor(ScopeProcess); err != nil {
		return seccomp.Filter{}, err
	}
	f := seccomp.Filter{Default: seccomp.Errno(abi.EPERM), Unknown: seccomp.Errno(abi.ENOSYS)}
	permitted := p.permitted(ScopeContainer)
	for nr, name := range sysno.All() {
		if permitted.has(nr) {
			f.Rules = append(f.Rules, seccomp.Rule{Call: name, Action: seccomp.Allow, Reason: p.reason(nr, ScopeContainer)})
			continue
		}
		f.Rules = append(f.Rules, p.conditional(nr, ScopeContainer)...)
		if answer, ok := p.answer(nr); ok {
			f.Rules = append(f.Rules, answer)
		} else if errno, goesOn := gobase.Denial(nr); goesOn && errno != abi.EPERM {
			f.Rules = append(f.Rules, seccomp.Rule{Call: name, Action: seccomp.Errno(errno)})
		}
	}
	if f.NeedsPID() {
		return seccomp.Filter{}, &PolicyError{Policy: p.p.name, Reason: "has a condition IsSelf: the process id is not known before the program starts"}
	}
	return f, nil
}
