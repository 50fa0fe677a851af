// SPDX-License-Identifier: MIT

package sandbox

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/gobase"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// ExplainError adds to an error of the standard library the policy that is behind it
// and the remedy. To
//
//	fork/exec /bin/true: operation not permitted
//
// it adds that the policies in force on the calling thread permit no process creation,
// and what would. What it returns wraps err. Any other error is returned as it is: nil,
// one that names no call (*fs.PathError, *os.LinkError and *os.SyscallError do, also
// inside of others), and one whose errno is not what the policies answer.
//
// Only the name of the call is known, so the policies are asked for it with all
// arguments 0, and openat for reading and writing too. The kernel can give the same errno
// for reasons of its own: where the policies permit the call with other arguments the
// explanation says so.
func ExplainError(err error) error {
	if err == nil {
		return nil
	}
	return explainIn(chainHere(), actionHere(), err)
}

func explainIn(c chain, a SyscallSandboxAction, err error) error {
	var before *explainedError
	op, errno := cause(err)
	if errno == 0 || errors.As(err, &before) {
		return err
	}
	for _, call := range callsOf(op) {
		if c.answers(call, a, errno) {
			return &explainedError{err, c.explain(call)}
		}
	}
	return err
}

type explainedError struct {
	err  error
	text string
}

func (e *explainedError) Error() string { return e.err.Error() + ": " + e.text }
func (e *explainedError) Unwrap() error { return e.err }

// callsOf are the system calls that may be behind a name.
func callsOf(op string) (calls []seccomp.Call) {
	names := []string{op}
	for _, o := range ops {
		if o.name == op {
			names = o.calls
		}
	}
	for _, name := range names {
		if c, ok := seccomp.CallOf(name); ok {
			if c.Nr == sysno.Clone {
				c.Args[0] = vforkFlags
			}
			calls = append(calls, c)
			if c.Nr == sysno.Openat { // permitted for reading it may be refused for writing
				for _, flags := range [...]uint64{readFlags, writeFlags} {
					c.Args[2] = flags
					calls = append(calls, c)
				}
			}
		}
	}
	return calls
}

// readFlags is O_RDONLY|O_CLOEXEC of open(2): os.Open.
const readFlags = 0x80000

// writeFlags is O_RDWR|O_CREAT of open(2).
const writeFlags = 0x42

// vforkFlags is CLONE_VFORK|CLONE_VM|SIGCHLD: src/syscall/exec_linux.go
// forkAndExecInChild1.
const vforkFlags = 0x4111

// ops are the calls behind the names that package os gives to what it does on
// linux/amd64, where they are not the call's own. File and path forms share a name.
var ops = [...]struct {
	name  string
	calls []string
}{
	{"fork/exec", []string{"clone", "execve"}},
	{"open", []string{"openat"}},
	{"openfdat", []string{"openat"}},
	{"mkdir", []string{"mkdirat"}},
	{"remove", []string{"unlinkat"}},
	{"removeat", []string{"unlinkat"}},
	{"rename", []string{"renameat"}},
	{"link", []string{"linkat"}},
	{"symlink", []string{"symlinkat"}},
	{"readlink", []string{"readlinkat"}},
	{"stat", []string{"newfstatat", "fstat"}},
	{"statat", []string{"newfstatat"}},
	{"fstatat", []string{"newfstatat"}},
	{"lstat", []string{"newfstatat"}},
	{"lstatat", []string{"newfstatat"}},
	{"chmod", []string{"fchmodat", "fchmod"}},
	{"chmodat", []string{"fchmodat"}},
	{"chown", []string{"fchownat", "fchown"}},
	{"chownat", []string{"fchownat"}},
	{"lchown", []string{"fchownat"}},
	{"lchownat", []string{"fchownat"}},
	{"chtimes", []string{"utimensat"}},
	{"chtimesat", []string{"utimensat"}},
	{"truncate", []string{"truncate", "ftruncate"}},
	{"chdir", []string{"chdir", "fchdir"}},
	{"getwd", []string{"getcwd"}},
	{"readdirent", []string{"getdents64"}},
	{"read", []string{"read", "pread64"}},
	{"write", []string{"write", "pwrite64"}},
	{"seek", []string{"lseek"}},
	{"sync", []string{"fsync"}},
	{"wait", []string{"wait4"}},
	{"pidfd_wait", []string{"waitid"}},
	{"setnonblock", []string{"fcntl"}},
	{"readfrom", []string{"splice", "copy_file_range"}},
	{"accept", []string{"accept4"}},
}

// answers reports whether the filters of the chain together answer the call with this
// errno. Of several the strictest counts, of those that are equally strict the last:
// kernel/seccomp.c seccomp_run_filters.
func (c chain) answers(call seccomp.Call, a SyscallSandboxAction, errno uint16) bool {
	got := uint16(0)
	for _, l := range c.layers {
		switch answer := l.answer(call); {
		case answer.Permits() || a > ActionDeny && executed(call.Nr) && !l.policy.namesErrno(call.Nr):
		case answer.Value()&abi.RetActionFull == abi.RetErrno:
			got = uint16(answer.Value() & abi.RetData)
		case a == ActionDeny:
			denial, goesOn := gobase.Denial(call.Nr)
			return goesOn && denial == errno
		case a < ActionDeny:
			return false // the process would not be here
		}
	}
	return got != 0 && got == errno
}

// executed reports whether a call that the table answers by an errno is executed under
// the actions that only report.
func executed(nr uint32) bool {
	return createsProcess(nr) || slices.ContainsFunc(softenings(), func(s softening) bool { return s.nr == nr })
}

// explain says which policies refuse the call and what to do.
func (c chain) explain(call seccomp.Call) string {
	refusing := c.refusing(call)
	names := make([]string, len(refusing))
	partly := false
	for i, l := range refusing {
		names[i] = fmt.Sprintf("%q", l.policy)
		partly = partly || l.policy.partly(l.scope).has(call.Nr)
	}
	what := call.Name()
	switch {
	case makesProcess(call):
		what = "no process creation"
	case partly:
		what += " with some arguments only"
	default:
		what = "no " + what
	}
	verb := "policy " + names[0] + " permits "
	if len(names) > 1 {
		verb = "policies " + strings.Join(names, " and ") + " permit "
	}
	return verb + what + ": " + refusedCall{call, c, refusing, false}.remedy()
}

// actionHere is the action of the sandbox.
func actionHere() SyscallSandboxAction {
	state.mu.Lock()
	defer state.mu.Unlock()
	return state.action
}

// chainHere is what is in force on the calling thread; empty where nothing is.
func chainHere() chain {
	state.mu.Lock()
	defer state.mu.Unlock()
	if !state.ready || state.action == UnsafeActionOff {
		return chain{}
	}
	if t := state.threads[threadID()]; t != nil && t.goroutine == goroutineID() {
		return t.chain
	}
	return state.process
}
