// SPDX-License-Identifier: MIT

//go:build linux && amd64

package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

const (
	eperm  = syscall.Errno(abi.EPERM)
	eacces = syscall.Errno(abi.EACCES)
	enosys = syscall.Errno(abi.ENOSYS)
)

func path(op string, errno error) error { return &fs.PathError{Op: op, Path: "/x", Err: errno} }

func TestExplainError(t *testing.T) {
	const spawn = ": policies \"initialization\" and \"net\" permit no process creation: allow it in policies \"initialization\" and \"net\", for the later can only narrow the earlier: " +
		`AllowProcessStartOrDeath().Allow("execve") in each; with it any program can be executed, under the same filters`
	closed := in(PolicyInitialization, refusesOpen)
	const open = `: policy "closed" permits no openat: allow it in policy "closed": NewPolicy("closed", b.AllowReadFiles()); or AllowFiles() or Allow("openat"): the arguments decide, which are not known here; built in, "net-http-server-worker" and "net-add-connection" permit it with some arguments`
	for _, c := range []struct {
		chain chain
		act   SyscallSandboxAction
		err   error
		added string
	}{
		{underNet, ActionInvokeSignalHandler, path("fork/exec", eperm), spawn},
		{underNet, ActionDeny, path("fork/exec", eperm), spawn},
		{underNet, ActionKillProcess, fmt.Errorf("start: %w", path("fork/exec", eperm)), spawn},
		{underNet, ActionKillProcess, errors.Join(errors.New("other"), path("fork/exec", eperm)), spawn},
		{underNet, UnsafeActionAllow, path("fork/exec", eperm), ""},
		{underNet, UnsafeActionLearn, path("fork/exec", eperm), ""},
		{underNet, ActionKillProcess, path("fork/exec", eacces), ""},
		{in(runs, PolicyNet), ActionKillProcess, path("fork/exec", eperm), ": policy \"net\" permits no process creation: allow it in policy \"net\": NewPolicy(\"net\", PolicyNet.Builder().AllowProcessStartOrDeath().Allow(\"execve\")); with it any program can be executed, under the same filters"},
		{in(runs), ActionKillProcess, path("fork/exec", eperm), ""},
		{in(NewPolicy("p", NewSeccompPolicyBuilder().DenyErrno(abi.EACCES, "execve"))), ActionKillProcess, path("fork/exec", eperm), `: policy "p" permits no process creation: allow it in policy "p": NewPolicy("p", b.Allow("execve")); with it any program can be executed, under the same filters`},
		{in(runs, NewPolicy("p", runs.Builder().DenyErrno(abi.ENOSYS, "clone"))), UnsafeActionAllow, path("fork/exec", enosys), `: policy "p" permits no process creation: allow it in policy "p": NewPolicy("p", b.Allow("clone"))`},

		{closed, ActionKillProcess, path("open", eacces), open},
		{closed, ActionKillProcess, path("openat", eacces), open},
		{closed, ActionKillProcess, path("open", eperm), ""},
		{closed, UnsafeActionAllow, path("open", eacces), open},
		{closed, ActionKillProcess, path("stat", eacces), ""},
		{closed, ActionKillProcess, path("no such operation", eacces), ""},
		{closed, ActionKillProcess, &os.LinkError{Op: "rename", Old: "a", New: "b", Err: eperm}, `: policy "closed" permits no renameat: allow it in policy "closed": NewPolicy("closed", b.Allow("renameat")); built in, "scheduler" and "shutoff" permit it`},
		{closed, ActionKillProcess, path("truncate", eperm), `: policy "closed" permits no ftruncate: allow it in policy "closed": NewPolicy("closed", b.Allow("ftruncate")); built in, "message-handler" and "scheduler" permit it`},
		{closed, ActionKillProcess, os.NewSyscallError("openat2", enosys), `: policies "initialization" and "closed" permit no openat2: allow it in policies "initialization" and "closed", for the later can only narrow the earlier: Allow("openat2") in each; or leave it: its callers fall back to openat; its flags are in memory, where no filter sees them`},
		{closed, ActionKillProcess, path("open", os.NewSyscallError("renameat", eperm)), `: policy "closed" permits no renameat: allow it in policy "closed": NewPolicy("closed", b.Allow("renameat")); built in, "scheduler" and "shutoff" permit it`},

		// A call that is killed under other actions gets an errno under this one.
		{underNet, ActionDeny, os.NewSyscallError("getgroups", eperm), `: policies "initialization" and "net" permit no getgroups: allow it in policies "initialization" and "net", for the later can only narrow the earlier: Allow("getgroups") in each`},
		{underNet, ActionKillProcess, os.NewSyscallError("getgroups", eperm), ""},
		{underNet, UnsafeActionAllow, os.NewSyscallError("getgroups", eperm), ""},
		{in(PolicyScheduler), ActionDeny, os.NewSyscallError("socket", eacces), `: policy "scheduler" permits no socket: allow it in policy "scheduler": NewPolicy("scheduler", PolicyScheduler.Builder().AllowInetSockets()); or AllowUnixSockets() or AllowNetlink() or Allow("socket"): the arguments decide, which are not known here; built in, "net-open-connection" and "net-add-connection" permit it with some arguments`},
		{in(PolicyScheduler), ActionDeny, os.NewSyscallError("socket", eperm), ""},
		{in(NewPolicy("p", NewSeccompPolicyBuilder().Deny("close"))), ActionDeny, path("close", eperm), ""},

		// A trap is stricter than an errno, a later filter's errno counts before an earlier's.
		{closed.then(PolicyValidationScriptCheck, ScopeThread), ActionKillProcess, path("open", eacces), ""},
		{closed.then(PolicyValidationScriptCheck, ScopeThread), ActionDeny, path("open", eacces), ""},
		{closed.then(NewPolicy("p", refusesOpen.Builder().DenyErrno(abi.ENOSYS, "openat")), ScopeThread), ActionKillProcess, path("open", eacces), ""},

		// On the whole process os.Open gets an errno, lest profiles end it.
		{in(PolicyNet), ActionKillProcess, path("open", eperm), `: policy "net" permits no openat: allow it in policy "net": NewPolicy("net", PolicyNet.Builder().AllowReadFiles()); or AllowFiles() or Allow("openat"): the arguments decide, which are not known here; built in, "net-http-server-worker" and "net-add-connection" permit it with some arguments`},
		{in(PolicyNet), ActionDeny, path("open", eperm), `: policy "net" permits no openat: allow it in policy "net": NewPolicy("net", PolicyNet.Builder().AllowReadFiles()); or AllowFiles() or Allow("openat"): the arguments decide, which are not known here; built in, "net-http-server-worker" and "net-add-connection" permit it with some arguments`},
		{in(PolicyNet), UnsafeActionAllow, path("open", eperm), ""},

		// Permitted for some arguments: said so.
		{in(unix4), ActionDeny, os.NewSyscallError("socket", eacces), `: policy "local" permits socket with some arguments only: allow it in policy "local": NewPolicy("local", b.AllowInetSockets()); or AllowUnixSockets() or AllowNetlink() or Allow("socket"): the arguments decide, which are not known here; built in, "net-open-connection" and "net-add-connection" permit it with some arguments`},
		{in(PolicyNetHTTPServerWorker), ActionDeny, path("open", eperm), `: policy "net-http-server-worker" permits openat with some arguments only: allow it in policy "net-http-server-worker": NewPolicy("net-http-server-worker", PolicyNetHTTPServerWorker.Builder().AllowFiles()); or only Allow("openat"); built in, "scheduler" and "shutoff" permit it`},
		{in(PolicyNetHTTPServerWorker), ActionDeny, path("open", eacces), ""},
		{in(PolicyScheduler), ActionDeny, path("open", eperm), ""},
		{in(PolicyNet), ActionDeny, os.NewSyscallError("prctl", eperm), `: policy "net" permits prctl with some arguments only: allow it in policy "net": NewPolicy("net", PolicyNet.Builder().Allow("prctl")); built in, "validation-script-check" and "net-http-server" permit it with some arguments`},
		{in(PolicyNet), ActionDeny, os.NewSyscallError("seccomp", eperm), `: policy "net" permits seccomp with some arguments only: allow it in policy "net": NewPolicy("net", PolicyNet.Builder().AllowProcessPolicies()); or Allow("seccomp"): the arguments decide, which are not known here; built in, "validation-script-check" and "net-http-server" permit it with some arguments`},

		// Errors that name no call or no errno.
		{closed, ActionKillProcess, eacces, ""},
		{closed, ActionKillProcess, errors.New("open"), ""},
		{closed, ActionKillProcess, path("open", fs.ErrClosed), ""},
		{closed, ActionKillProcess, errors.Join(path("open", fs.ErrClosed), eacces), ""},
		{chain{}, ActionKillProcess, path("fork/exec", eperm), ""},
	} {
		got := explainIn(c.chain, c.act, c.err)
		if c.added == "" {
			if got != c.err {
				t.Errorf("%s, %s: %v: explained as %v", c.chain, c.act, c.err, got)
			}
			continue
		}
		if want := c.err.Error() + c.added; got.Error() != want {
			t.Errorf("%s, %s:\n got %v\nwant %v", c.chain, c.act, got, want)
		}
		if !errors.Is(got, c.err) {
			t.Errorf("%v does not wrap the error", got)
		}
		if again := explainIn(c.chain, c.act, fmt.Errorf("again: %w", got)); strings.Count(again.Error(), "permit") != strings.Count(got.Error(), "permit") {
			t.Errorf("explained twice: %v", again)
		}
	}
}

// Without a sandbox, and for nil, there is nothing to explain.
func TestExplainErrorWithoutSandbox(t *testing.T) {
	if err := ExplainError(nil); err != nil {
		t.Error(err)
	}
	err := path("fork/exec", eperm)
	if got := ExplainError(err); got != err {
		t.Error(got)
	}
}

// Every call that the table names exists.
func TestOpsAreCalls(t *testing.T) {
	for _, o := range ops {
		got := slices.CompactFunc(callsOf(o.name), func(a, b seccomp.Call) bool { return a.Nr == b.Nr })
		if len(got) != len(o.calls) {
			t.Errorf("%s: of %v only %v are calls", o.name, o.calls, got)
		}
	}
}
