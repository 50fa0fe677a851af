// SPDX-License-Identifier: MIT

package needed

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func TestMain(m *testing.M) {
	testproc.Main(m, map[string]func(){"trial": tryInChild})
}

// A trial is scenarios under a subject's filter, which may lack an entry.
type trial struct {
	subject
	Without   string
	Scenarios []string
	Rounds    int // how often at most: what the runtime does now and then needs more than one
}

// What a child says on standard output, a line each.
const (
	ready = "ready"
	begin = "begin "
	done  = "done"
)

// Exit codes that nothing else has.
const (
	exitUnready  = 90 // the trial has not begun
	exitScenario = 91 // a scenario returns an error
)

func unready(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(exitUnready)
	}
}

// tryInChild has the scenarios prepare, puts the filter in force and runs them: on a thread
// that ends with them, or on the process.
func tryInChild() {
	var do trial
	unready(json.Unmarshal([]byte(testproc.Args()[0]), &do))
	noCore()
	runs, err := do.prepare()
	unready(err)
	// It warms up what the library promises to, and is what narrower policies follow.
	unready(sandbox.SetupSyscallSandbox(sandbox.Config{Action: sandbox.ActionInvokeSignalHandler}))
	f, err := do.without(do.Without)
	unready(err)
	if allScenarios()[do.Scenarios[0]].traps {
		f = refusing(f, do.Without)
	}
	program, err := f.Compile()
	unready(err)
	say := reporter()
	thread, ended := make(chan int, 1), make(chan struct{})
	offMain(func() {
		defer close(ended)
		thread <- unix.Gettid()
		unready(seccomp.SetNoNewPrivs())
		say(ready)
		unready(seccomp.SetFilter(program, flagsOf(do.Scope)))
		for i, run := range runs {
			say(begin + do.Scenarios[i])
			do.repeat(do.Scenarios[i], run)
		}
	})
	<-ended
	if do.Scope == sandbox.ScopeThread {
		waitForEnd(<-thread)
	}
	say(done)
}

// refusing leaves to the filter of the setup what f refuses, but for the call of the entry that
// was taken out: only the library's own filters have violations reported.
func refusing(f seccomp.Filter, entry string) seccomp.Filter {
	call, _, _ := strings.Cut(entry, " ")
	f.Default, f.Unknown = seccomp.Allow, seccomp.Allow
	f.Rules = rulesOf(f, call)
	if entry != "" && !decides(f.Rules) {
		f.Rules = append(f.Rules, seccomp.Rule{Call: call, Action: seccomp.KillProcess})
	}
	return f
}

// offMain runs f on a thread of its own that is not the main one, which would not end with
// its goroutine (runtime/proc.go mexit).
func offMain(f func()) {
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			defer runtime.UnlockOSThread()
			elsewhere := make(chan struct{})
			go func() {
				runtime.LockOSThread()
				close(elsewhere)
				f()
			}()
			<-elsewhere
			return
		}
		f()
	}()
}

func flagsOf(s sandbox.Scope) seccomp.Flags {
	if s == sandbox.ScopeProcess {
		return seccomp.TSync
	}
	return 0
}

func (t trial) prepare() (runs []func() error, err error) {
	all := allScenarios()
	for _, name := range t.Scenarios {
		s, ok := all[name]
		if !ok {
			return nil, fmt.Errorf("no scenario %q", name)
		}
		run, err := s.Make()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		runs = append(runs, run)
	}
	return runs, nil
}

func (t trial) repeat(name string, run func() error) {
	for range max(t.Rounds, 1) {
		if err := run(); err != nil {
			fmt.Fprintf(os.Stderr, "child: %s: %v\n", name, err)
			os.Exit(exitScenario)
		}
	}
}

// reporter returns a function that has a goroutine elsewhere write a line, and waits for
// it: the caller may not be permitted to.
func reporter() (say func(string)) {
	lines, written := make(chan string), make(chan struct{})
	go func() {
		for line := range lines {
			if _, err := unix.Write(1, []byte(line+"\n")); err != nil {
				os.Exit(exitUnready)
			}
			written <- struct{}{}
		}
	}()
	return func(line string) {
		lines <- line
		<-written
	}
}

// waitForEnd returns when the thread is no more: it ends after its goroutine.
func waitForEnd(tid int) {
	for unix.Tgkill(unix.Getpid(), tid, 0) == nil {
		runtime.Gosched()
	}
}

// noCore keeps what crashes from leaving a core dump: see package sandboxtest.
func noCore() {
	var limit syscall.Rlimit
	unready(syscall.Getrlimit(syscall.RLIMIT_CORE, &limit))
	limit.Cur = min(limit.Max, 1)
	unready(syscall.Setrlimit(syscall.RLIMIT_CORE, &limit))
}

// run runs the trial in a child. It returns the scenario that has broken, and how; "" if
// all has ended as it should.
func (t trial) run(tb testing.TB) (broken, how string) {
	tb.Helper()
	args, err := json.Marshal(t)
	if err != nil {
		tb.Fatal(err)
	}
	r := testproc.Cmd{Name: "trial", Args: []string{string(args)}, Env: []string{"TMPDIR=" + tb.TempDir()}, Timeout: time.Minute}.Run(tb)
	how = fmt.Sprintf("exit code %d", r.Exit)
	if r.Signal != 0 {
		how = r.Signal.String()
		r.ExpectSignal(tb, r.Signal)
	} else {
		r.ExpectExit(tb, r.Exit)
	}
	lines := strings.Split(strings.TrimSuffix(r.Stdout, "\n"), "\n")
	if lines[0] != ready || r.Exit == exitUnready {
		tb.Fatalf("%+v has not begun: %s\n%s%s", t, how, r.Stdout, r.Stderr)
	}
	last := t.Scenarios[0]
	for _, line := range lines {
		if name, ok := strings.CutPrefix(line, begin); ok {
			last = name
		}
	}
	end := allScenarios()[last].End
	as := r.Signal == syscall.Signal(end.Signal) && (end.Signal != 0 || r.Exit == end.Exit)
	if as && (lines[len(lines)-1] == done) == end.returns() && strings.Contains(r.Stderr, end.Text) {
		return "", ""
	}
	return last, how + "\n" + r.Stdout + r.Stderr
}
