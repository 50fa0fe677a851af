// SPDX-License-Identifier: MIT

package scenarios_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/sysargs"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

// The tracer of the observed process: ptrace(2). It changes nothing, signals included.

func observer() {
	runtime.LockOSThread() // the tracer is this thread
	cmd := testproc.Command("observed", testproc.Args()...)
	cmd.Env = append(cmd.Env, "GOCOVERDIR=") // os.Exit writes coverage there
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	cmd.SysProcAttr = &unix.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		testproc.Fail("%v", err)
	}
	pid := cmd.Process.Pid
	var status unix.WaitStatus
	if _, err := unix.Wait4(pid, &status, 0, nil); err != nil || !status.Stopped() {
		testproc.Fail("waiting for the first stop: %v, %#x", err, status)
	}
	must(unix.PtraceSetOptions(pid, unix.PTRACE_O_TRACESECCOMP|unix.PTRACE_O_TRACECLONE|unix.PTRACE_O_EXITKILL))
	must(unix.PtraceCont(pid, 0))
	observe(pid)
}

func must(err error) {
	if err != nil {
		testproc.Fail("%v", err)
	}
}

// observe lets all threads of the process run until it ends.
func observe(pid int) {
	known := map[int]bool{pid: true}
	for {
		var status unix.WaitStatus
		tid, err := unix.Wait4(-1, &status, unix.WALL, nil)
		if err == unix.EINTR {
			continue
		}
		must(err)
		switch {
		case tid == pid && status.Exited():
			fmt.Printf("ended: exit %d\n", status.ExitStatus())
			return
		case tid == pid && status.Signaled():
			fmt.Printf("ended: signal %d\n", status.Signal())
			return
		case !status.Stopped():
			continue // a thread has ended
		}
		signal := 0
		switch cause := status.TrapCause(); {
		case cause == unix.PTRACE_EVENT_SECCOMP:
			tell(tid)
		case cause > 0: // a new thread
		case !known[tid] && status.StopSignal() == unix.SIGSTOP: // the new thread's own first stop
			known[tid] = true
		default:
			signal = int(status.StopSignal())
		}
		// A thread may be gone by now: the process ends by another one.
		if err := unix.PtraceCont(tid, signal); err != nil && err != unix.ESRCH {
			testproc.Fail("%v", err)
		}
	}
}

// tell prints a call and the functions that led to it.
func tell(tid int) {
	var regs unix.PtraceRegs
	must(unix.PtraceGetRegs(tid, &regs))
	args := [6]uint64{regs.Rdi, regs.Rsi, regs.Rdx, regs.R10, regs.R8, regs.R9}
	var frames []string
	pc, frame, word := regs.Rip, uintptr(regs.Rbp), make([]byte, 8)
	for len(frames) < 10 {
		// The observed program is this one, at the same addresses unless they are random.
		f := runtime.FuncForPC(uintptr(pc))
		if f == nil {
			break
		}
		frames = append(frames, f.Name())
		if _, err := unix.PtracePeekData(tid, frame+8, word); err != nil {
			break
		}
		pc = binary.LittleEndian.Uint64(word)
		if _, err := unix.PtracePeekData(tid, frame, word); err != nil {
			break
		}
		frame = uintptr(binary.LittleEndian.Uint64(word))
	}
	fmt.Printf("%s by %s\n", sysargs.Format(uint32(regs.Orig_rax), args), strings.Join(frames, " < "))
}
