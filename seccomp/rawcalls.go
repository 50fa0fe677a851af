// SPDX-License-Identifier: MIT

package seccomp

import (
	"errors"
	"slices"
	"strings"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/gobase"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

//go:generate go run ../internal/cmd/mkrawcalls -o zrawcalls.go

// A rawCall is a call that Go makes without telling its scheduler.
type rawCall struct {
	nr     uint32
	name   string
	forked bool   // only between fork and exec
	where  string // one place
}

// CompileInProcess is Compile for a listener in the same process as its callers. There a call
// can only be answered if Go makes it by [syscall.Syscall] or Syscall6, which
// let other goroutines have the thread's processor. Many calls are made raw: by
// syscall.RawSyscall, as socket, pipe2 or getsockname are, or by the runtime. A thread that
// waits in one keeps its processor, the collector waits for the thread, and sooner or
// later everything waits. A rule that answers such a call with [UserNotif] is a
// [*RuleError], as is a Default that does.
//
// The list of such calls comes from the sources of the standard library, the runtime and
// golang.org/x/sys/unix. Other packages, C code and assembly may make any
// call raw, and are not looked at. What Go calls between fork and exec is on the list only if the
// filter permits to fork: close, dup3, ioctl and chdir among them. But a child in a user namespace
// with mappings of its own ([syscall.SysProcAttr]) may make openat raw without being
// counted.
//
// Two things stay the program's to avoid: handlers that make a call which the listener has to answer,
// on a thread under the filter, and [syscall.AllThreadsSyscall], behind
// [syscall.Setuid] and its like. It stops all goroutines and waits for every thread: with
// [WaitKillableRecv] one that waits for an answer never comes.
//
// A goroutine that locks itself may sit on the main thread, which never ends: then Serve is not
// ended by the goroutine's end, but by its context.
//
// openat, connect, accept4, stat and most others that name files or wait can be answered.
func (f Filter) CompileInProcess() (*Program, error) {
	p, err := f.Compile()
	if mistakes := f.rawMistakes(); len(mistakes) > 0 {
		return nil, errors.Join(append([]error{err}, mistakes...)...)
	}
	return p, err
}

// rawMistakes finds calls that are made raw and that the listener would have to answer.
func (f Filter) rawMistakes() (errs []error) {
	raw := f.rawReasons()
	for i, r := range f.Rules {
		nr, ok := sysno.Number(r.Call)
		if reason := raw[nr]; ok && reason != "" && r.Action == UserNotif {
			errs = append(errs, &RuleError{Index: i, Call: r.Call, Reason: reason})
		}
	}
	if f.Default == UserNotif {
		if names := f.defaulted(raw); len(names) > 0 {
			errs = append(errs, &RuleError{Index: -1, Reason: "default: a listener in the same process cannot answer what is made raw: " + strings.Join(names, ", ")})
		}
	}
	return errs
}

// defaulted returns the calls of a table that Default answers, for some arguments at least.
func (f Filter) defaulted(table map[uint32]string) (names []string) {
	for nr, name := range sysno.All() {
		if table[nr] == "" {
			continue
		}
		if !slices.ContainsFunc(f.Rules, func(r Rule) bool { return r.Call == name && len(r.When) == 0 }) {
			names = append(names, name)
		}
	}
	return names
}

// rawReasons says of each call that is made raw why a listener in the same process cannot answer it.
func (f Filter) rawReasons() map[uint32]string {
	const so = ": a listener in the same process may never get to answer"
	reasons := map[uint32]string{}
	for n := range gobase.Needs(gobase.Process) {
		reasons[n.Nr] = "the runtime makes it (" + n.Where + ")" + so
	}
	forks := f.permitsFork()
	for _, c := range rawCalls {
		if reasons[c.nr] == "" && (forks || !c.forked) {
			reasons[c.nr] = "Go makes it without telling its scheduler (" + c.where + ")" + so
		}
	}
	return reasons
}

// permitsFork reports whether the filter lets package syscall start a process.
func (f Filter) permitsFork() bool {
	const (
		sigchld    = 17         // include/uapi/asm/signal.h
		cloneVM    = 0x00000100 // include/uapi/linux/sched.h
		clonePidfd = 0x00001000
		cloneVfork = 0x00004000
	)
	// syscall/exec_linux.go forkAndExecInChild1: clone3 for CgroupFD, and without CLONE_VM
	// for namespaces.
	calls := []Call{{Nr: sysno.Clone3}, {Nr: sysno.Fork}, {Nr: sysno.Vfork}}
	for _, flags := range []uint64{sigchld, sigchld | cloneVfork, sigchld | cloneVfork | cloneVM, sigchld | cloneVfork | cloneVM | clonePidfd} {
		calls = append(calls, Call{Nr: sysno.Clone, Args: [6]uint64{flags}})
	}
	return slices.ContainsFunc(calls, func(c Call) bool {
		c.Arch = abi.AuditArchX86_64
		action, _ := f.Decide(c)
		return action.Permits()
	})
}
