// SPDX-License-Identifier: MIT

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

// An observed call is one that a program made, with the policy it was under.
type observed struct {
	Process int    // how many policies of the process had been put on
	Thread  string // the name of the thread, if it has a policy of its own
	Nr      uint32
	Args    [6]uint64
}

// observation is what a tracer saw of one run.
type observation struct {
	PID   int
	Calls []observed
}

// A watched program runs under the tracer, which passes signals on to it and ends as it does:
// by 128 and the signal's number, if one ends it.
type watched struct {
	*testproc.Process
	file string
}

func watch(t *testing.T, cmd testproc.Cmd) watched {
	t.Helper()
	w := watched{file: filepath.Join(t.TempDir(), "observed")}
	cmd.Args = append([]string{w.file, cmd.Executable}, cmd.Args...)
	cmd.Name, cmd.Executable = "tracer", ""
	w.Process = cmd.Start(t)
	return w
}

// end is the run's expected end: what it called, and what it wrote to standard error.
func (w watched) end(t *testing.T, exit int) (o observation, stderr string) {
	t.Helper()
	stderr = w.Wait().ExpectExit(t, exit).Stderr
	text, err := os.ReadFile(w.file)
	must(t, err)
	must(t, json.Unmarshal(text, &o))
	return o, stderr
}

// tracer is the child that observes: ptrace(2). It changes nothing.
func tracer() {
	// No core: a limit of 1 stops pipes too (core(5)).
	orFail(syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{Cur: 1, Max: 1}))
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1)
	runtime.LockOSThread() // the tracer is this thread
	file, cmd := testproc.Args()[0], exec.Command(testproc.Args()[1], testproc.Args()[2:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	orFail(cmd.Start())
	pid := cmd.Process.Pid
	go func() {
		for s := range signals {
			if err := syscall.Kill(pid, s.(syscall.Signal)); err != nil {
				testproc.Fail("%v", err)
			}
		}
	}()
	var status syscall.WaitStatus
	_, err := syscall.Wait4(pid, &status, 0, nil)
	orFail(err)
	const exitKill = 0x100000 // PTRACE_O_EXITKILL
	orFail(syscall.PtraceSetOptions(pid, syscall.PTRACE_O_TRACESYSGOOD|syscall.PTRACE_O_TRACECLONE|exitKill))
	orFail(syscall.PtraceSyscall(pid, 0))
	r := &recorder{threads: map[int]*thread{pid: {started: true}}, seen: make(map[observed]bool)}
	exit := r.run(pid)
	text, err := json.Marshal(observation{pid, slices.Collect(maps.Keys(r.seen))})
	orFail(err)
	orFail(os.WriteFile(file, text, 0o600))
	os.Exit(exit)
}

// A recorder follows the threads of one process.
type recorder struct {
	process int
	threads map[int]*thread
	seen    map[observed]bool
}

// A thread is in a call between two stops, and may have a policy of its own.
type thread struct {
	started, inCall bool
	name            string
	call            syscall.PtraceRegs
}

// run lets the process run until it ends.
func (r *recorder) run(pid int) (exit int) {
	for {
		var status syscall.WaitStatus
		tid, err := syscall.Wait4(-1, &status, syscall.WALL, nil)
		if err == syscall.EINTR {
			continue
		}
		orFail(err)
		switch {
		case tid == pid && status.Exited():
			return status.ExitStatus()
		case tid == pid && status.Signaled():
			return 128 + int(status.Signal())
		case !status.Stopped():
			delete(r.threads, tid)
			continue
		}
		// A thread may be gone by now: the process ends by another one.
		if err := syscall.PtraceSyscall(tid, r.stopped(tid, status)); err != nil && err != syscall.ESRCH {
			testproc.Fail("%v", err)
		}
	}
}

// stopped notes why a thread has stopped and returns the signal that it is to get.
func (r *recorder) stopped(tid int, status syscall.WaitStatus) (signal int) {
	t := r.threads[tid]
	if t == nil {
		t = new(thread)
		r.threads[tid] = t
	}
	switch {
	case status.StopSignal() == syscall.SIGTRAP|0x80:
		t.inCall = !t.inCall
		r.call(tid, t)
	case status.TrapCause() > 0: // a thread is made: not by one that has a policy, in Go
	case !t.started && status.StopSignal() == syscall.SIGSTOP: // the new thread's own first stop
		t.started = true
	default:
		return int(status.StopSignal())
	}
	return 0
}

// call notes a call when it begins, and a filter when it is in force.
func (r *recorder) call(tid int, t *thread) {
	var regs syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(tid, &regs); err == syscall.ESRCH {
		return
	} else if err != nil {
		testproc.Fail("%v", err)
	}
	if t.inCall {
		t.call = regs
		r.seen[observed{r.process, t.name, uint32(regs.Orig_rax), [6]uint64{regs.Rdi, regs.Rsi, regs.Rdx, regs.R10, regs.R8, regs.R9}}] = true
		return
	}
	if t.call.Orig_rax != uint64(sysno.Seccomp) || t.call.Rdi != abi.SetModeFilter || regs.Rax != 0 {
		return
	}
	if t.call.Rsi&abi.FlagTSync != 0 {
		r.process++
		return
	}
	comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", tid))
	orFail(err)
	t.name = strings.TrimSpace(string(comm))
}
