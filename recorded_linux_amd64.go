// SPDX-License-Identifier: MIT

package sandbox

import (
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/sysargs"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/learn"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// violation puts an entry into words.
func (e *entry) violation(a SyscallSandboxAction) Violation {
	v := e.facts(a)
	v.Remedy = e.remedy()
	return v
}

func (e *entry) remedy() string { return remedyFor(e.call(), e.at().chain) }

// facts is the violation but for the remedy, which takes some thinking.
func (e *entry) facts(a SyscallSandboxAction) Violation {
	at := e.at()
	v := Violation{
		Time: e.when(), Syscall: callName(e.nr), Call: e.call(), Decoded: sysargs.Format(e.nr, e.args),
		Policies: at.chain.names, Thread: e.thread(), TID: int(e.tid),
		Action: a, Count: atomic.LoadUint64(&e.count), Stack: e.stack(),
	}
	switch {
	case e.dies():
		v.Action = ActionInvokeSignalHandler
	case a == ActionDeny:
		v.Errno = denials[e.nr]
	case forges(e.nr):
		v.Errno = abi.EPERM
	}
	return v
}

// dies reports whether the violation ends the process.
func (e *entry) dies() bool {
	return answering == 0 || answering == 1 && denials[e.nr] == 0
}

func forges(nr uint32) bool { return nr == sysno.RtSigqueueinfo || nr == sysno.RtTgsigqueueinfo }

// refused reports whether the policies refuse the call: under UnsafeActionLearn
// everything is in the table.
func (e *entry) refused() bool { return len(e.at().chain.refusing(e.call())) > 0 }

// violations lists what the table holds, by first appearance, and what it had no
// room for.
func violations(a SyscallSandboxAction) (list []Violation) {
	for _, e := range entries {
		if a != UnsafeActionLearn || e.refused() && !ownStack(e.stack()) {
			list = append(list, e.violation(a))
		}
	}
	for nr := range lost {
		if n := atomic.LoadUint64(&lost[nr]); n > 0 && a != UnsafeActionLearn {
			call := seccomp.Call{Arch: abi.AuditArchX86_64, Nr: uint32(nr)}
			list = append(list, Violation{
				Syscall: callName(call.Nr), Call: call, Decoded: callName(call.Nr) + "(...)", Action: a, Count: n,
				Note: "the table of violations was full: where these came from is not known",
			})
		}
	}
	return list
}

// learned is the table as a recording.
func learned() *learn.Recording {
	r := &learn.Recording{Program: filepath.Base(os.Args[0]), Go: runtime.Version(), Runs: 1}
	phases := make(map[uint32]int) // by label
	for _, e := range entries {
		stack := e.stack()
		if ownStack(stack) {
			continue
		}
		i, ok := phases[e.label]
		if !ok {
			i = len(r.Phases)
			phases[e.label] = i
			r.Phases = append(r.Phases, e.at().phase())
		}
		r.Phases[i].Calls = append(r.Phases[i].Calls, e.learned(stack))
	}
	for nr := range lost {
		if n := atomic.LoadUint64(&lost[nr]); n > 0 {
			if r.Lost == nil {
				r.Lost = make(map[string]uint64)
			}
			r.Lost[callName(uint32(nr))] = n
		}
	}
	return r
}

// phase begins with what the learning filter permits by number, because it cannot be
// made in a signal handler.
func (l label) phase() learn.Phase {
	thread := l.chain.layers[len(l.chain.layers)-1].scope == ScopeThread
	p := learn.Phase{Policies: l.chain.names, Thread: thread}
	for _, nr := range unlearnable {
		p.Calls = append(p.Calls, learn.Call{Syscall: callName(nr), Mark: "permitted by number and not counted: it cannot be made in a signal handler; the Go runtime makes it"})
	}
	if !thread {
		args := learn.Args{cloneThread}
		p.Calls = append(p.Calls, learn.Call{Syscall: callName(sysno.Clone), Args: args, Mark: "threads, permitted by the flag and not counted: the Go runtime makes them"})
	}
	return p
}

func (e *entry) learned(stack []Frame) learn.Call {
	n := atomic.LoadUint64(&e.count)
	c := learn.Call{Syscall: callName(e.nr), Count: n}
	for i := range c.Args {
		c.Args[i] = e.args[i] & chosen[e.nr][i]
	}
	frames := make([]learn.Frame, len(stack))
	for i, f := range stack {
		frames[i] = learn.Frame{Func: f.Func, File: f.File, Line: f.Line}
	}
	c.Stacks = []learn.Stack{{Count: n, Frames: frames}}
	return c
}
