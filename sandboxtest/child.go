// SPDX-License-Identifier: MIT

package sandboxtest

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// threadName is that of the thread with the policy.
const threadName = "sandboxtest"

// everything is put on before the policy that is tested, so that it is a narrowing in
// any case; it is what goroutines on other threads are under.
func everything() sandbox.SyscallSandboxPolicy {
	b := sandbox.NewSeccompPolicyBuilder().AllowNothing()
	for _, name := range sysno.All() {
		if name != "rt_sigqueueinfo" && name != "rt_tgsigqueueinfo" { // which no policy can allow
			b.Allow(name)
		}
	}
	return sandbox.NewPolicy("sandboxtest", b)
}

// become makes this process the child of a call; it does not return.
func (c call) become(t testing.TB, fn func(*childTB)) {
	// Programs that fn executes must not hold the parent's pipes.
	syscall.CloseOnExec(eventsFD)
	syscall.CloseOnExec(reportFD)
	out := &outlet{w: os.NewFile(eventsFD, "events for the parent")}
	out.tell(eventReached, "")
	noCore()
	report := os.NewFile(reportFD, "reports for the parent")
	err := sandbox.SetupSyscallSandbox(sandbox.Config{
		Action:  c.action(),
		Initial: everything(),
		Report:  report,
	})
	// The library has its own descriptor; a finalizer would close this one under the policy.
	report.Close()
	done := make(chan struct{})
	if err == nil {
		err = c.putOn(func() {
			out.tell(eventReady, "")
			(&childTB{TB: t, out: out}).run(fn, func() { close(done) })
		})
	}
	if err != nil {
		out.tell(eventSetup, err.Error())
		exit(1)
	}
	<-done
	if c.scope == sandbox.ScopeThread {
		awaitThread(out)
	}
	out.tell(eventDone, "")
	exit(0)
}

func (c call) action() sandbox.SyscallSandboxAction {
	if c.silent {
		return sandbox.ActionKillProcess
	}
	return sandbox.ActionInvokeSignalHandler
}

// exit ends the child without what os.Exit does before: writing coverage, which opens
// files, and waiting for late reports of races.
func exit(code int) { syscall.Exit(code) }

// putOn runs body on a goroutine under the policy.
func (c call) putOn(body func()) error {
	if c.scope == sandbox.ScopeThread {
		return sandbox.Go(c.policy, threadName, body)
	}
	if err := sandbox.SetProcessPolicy(c.policy); err != nil {
		return err
	}
	go body()
	return nil
}

// awaitThread waits until the thread with the policy has ended: the runtime makes calls
// for that too. Nothing tells of it but the list of threads.
func awaitThread(out *outlet) {
	for range 10000 {
		threads, err := sandbox.Threads()
		if err != nil {
			out.tell(eventError, fmt.Sprintf("sandboxtest: %v", err))
			return
		}
		gone := true
		for _, t := range threads {
			gone = gone && t.Name != threadName
		}
		if gone {
			return
		}
		time.Sleep(time.Millisecond)
	}
	out.tell(eventError, "sandboxtest: the thread with the policy does not end")
}
