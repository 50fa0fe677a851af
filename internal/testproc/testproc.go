// SPDX-License-Identifier: MIT

//go:build unix || windows

// Package testproc runs parts of a test in a child process, because what the
// tests do cannot be undone: filters stay, and killed processes are
// dead. The child is the test binary itself, executed again; TestMain
// sends it to the named function instead of to the tests:
//
//	func TestMain(m *testing.M) {
//		testproc.Main(m, map[string]func(){"sleeper": sleeper})
//	}
//
//	func TestKilled(t *testing.T) {
//		testproc.Run(t, "sleeper").ExpectSignal(t, syscall.SIGSYS)
//	}
//
// Every test names the expected end of its child: an exit code or a
// signal. A child that ends badly without a test having named that end
// fails the test. This package is for tests only.
package testproc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// childVar names the child function in a child's environment.
const childVar = "SANDBOX_TESTPROC_CHILD"

// exitNoChild is the exit code for a name that TestMain does not know.
const exitNoChild = 97

// timeout ends a child that hangs. Generous: it only has to be shorter than
// go test's own, on a loaded machine.
const timeout = 2 * time.Minute

// limitOf is the timeout in a test: more where go test gives it more, for slow machines.
func limitOf(t testing.TB) time.Duration {
	if d, ok := t.(interface{ Deadline() (time.Time, bool) }); ok {
		if deadline, ok := d.Deadline(); ok {
			return max(timeout, time.Until(deadline)/4)
		}
	}
	return timeout
}

// Main runs the tests, or in a child the function that it was started for, and
// exits. A child function that returns exits with 0.
func Main(m *testing.M, children map[string]func()) {
	name, isChild := os.LookupEnv(childVar)
	if !isChild {
		os.Exit(m.Run())
	}
	child, ok := children[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "testproc: TestMain knows no child %q\n", name)
		os.Exit(exitNoChild)
	}
	// A child's own children must be tests or children of their own choosing.
	os.Unsetenv(childVar)
	if err := openCounters(m); err != nil {
		Fail("coverage: %v", err)
	}
	child()
	Exit(0)
}

// Args returns the arguments that Run gave to this child.
func Args() []string { return os.Args[1:] }

// Fail ends a child with exit code 1 and a message, for what should not happen in it.
func Fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "child: "+format+"\n", args...)
	Exit(1)
}

// Run runs a child function with arguments and waits for its end.
func Run(t testing.TB, name string, args ...string) *Result {
	t.Helper()
	return Cmd{Name: name, Args: args}.Run(t)
}

// A Cmd is a child with more options than Run's.
type Cmd struct {
	Name         string   // of the child function
	Args         []string // seen by Args
	Env          []string // "key=value", beside the parent's environment
	Stdin        io.Reader
	Stdout       *os.File      // instead of Result.Stdout
	Stderr       *os.File      // instead of Result.Stderr
	OrdinaryUser bool          // if the test runs as root: run the child as user and group 65534 instead
	Executable   string        // another program than this test binary; then Name may be empty
	Timeout      time.Duration // 0: generous
}

// Run runs the child and waits for its end. It fails the test if the child cannot
// be started or does not end in time; the child is killed then.
func (c Cmd) Run(t testing.TB) *Result {
	t.Helper()
	return c.Start(t).Wait()
}

// A Process is a child that runs beside the test.
type Process struct {
	cmd            *exec.Cmd
	name           string
	t              testing.TB
	ctx            context.Context
	limit          time.Duration
	cleanup        func()
	stdout, stderr bytes.Buffer
}

// Start starts the child; Wait must follow. The time limit begins now.
func (c Cmd) Start(t testing.TB) *Process {
	t.Helper()
	p := &Process{name: c.Name, t: t, limit: c.Timeout}
	if p.limit == 0 {
		p.limit = limitOf(t)
	}
	ctx, cancel := context.WithTimeout(context.Background(), p.limit)
	p.ctx = ctx
	cmd, cleanup, err := c.command(ctx)
	if err != nil {
		cancel()
		t.Fatalf("child %s: %v", c.Name, err)
	}
	p.cmd, p.cleanup = cmd, func() { cleanup(); cancel() }
	setOutput(&cmd.Stdout, c.Stdout, &p.stdout)
	setOutput(&cmd.Stderr, c.Stderr, &p.stderr)
	if err := cmd.Start(); err != nil {
		p.cleanup()
		t.Fatalf("child %s: %v", c.Name, err)
	}
	return p
}

// Signal sends the child a signal.
func (p *Process) Signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("child %s: %v", p.name, err)
	}
}

// Wait waits for the child's end.
func (p *Process) Wait() *Result {
	p.t.Helper()
	defer p.cleanup()
	err := p.cmd.Wait()
	r := &Result{name: p.name, Exit: -1, Stdout: p.stdout.String(), Stderr: p.stderr.String()}
	var exit *exec.ExitError
	switch {
	case p.ctx.Err() != nil:
		p.t.Fatalf("child %s did not end within %v and was killed\n%s", p.name, p.limit, r.output())
	case err != nil && !errors.As(err, &exit):
		p.t.Fatalf("child %s: %v\n%s", p.name, err, r.output())
	}
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		r.Signal = status.Signal()
	} else {
		r.Exit = p.cmd.ProcessState.ExitCode()
	}
	p.t.Cleanup(func() { r.checkNamed(p.t) })
	return r
}

func (c Cmd) command(ctx context.Context) (*exec.Cmd, func(), error) {
	path := c.Executable
	if path == "" {
		self, err := os.Executable()
		if err != nil {
			return nil, nil, err
		}
		path = self
	}
	cmd := exec.CommandContext(ctx, path, c.Args...)
	// The race detector otherwise waits a second at each exit for late reports.
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
	cmd.Env = append(cmd.Env, c.Env...)
	if c.Executable == "" || c.Name != "" {
		cmd.Env = append(cmd.Env, childVar+"="+c.Name)
	}
	cmd.Stdin = c.Stdin
	// A grandchild that holds the pipes must not hold the test.
	cmd.WaitDelay = 10 * time.Second
	cleanup := func() {}
	if c.OrdinaryUser {
		var err error
		if cleanup, err = becomeOrdinary(cmd); err != nil {
			return nil, nil, err
		}
	}
	return cmd, cleanup, nil
}

func setOutput(to *io.Writer, file *os.File, buf *bytes.Buffer) {
	if file != nil {
		*to = file
	} else {
		*to = buf
	}
}

// A Result is how a child ended and what it wrote.
type Result struct {
	Exit           int            // -1 if a signal ended it
	Signal         syscall.Signal // 0 if it exited
	Stdout, Stderr string

	name  string
	named bool // a test has named the end
}

// ExpectExit fails the test unless the child exited with code.
func (r *Result) ExpectExit(t testing.TB, code int) *Result {
	t.Helper()
	r.named = true
	if r.Signal != 0 || r.Exit != code {
		t.Fatalf("child %s ended by %s, not by exit code %d\n%s", r.name, r.end(), code, r.output())
	}
	return r
}

// ExpectSignal fails the test unless the signal ended the child.
func (r *Result) ExpectSignal(t testing.TB, sig syscall.Signal) *Result {
	t.Helper()
	r.named = true
	if r.Signal != sig {
		t.Fatalf("child %s ended by %s, not by signal %d (%v)\n%s", r.name, r.end(), int(sig), sig, r.output())
	}
	return r
}

// checkNamed fails a test that has not looked how its child died.
func (r *Result) checkNamed(t testing.TB) {
	if !r.named && (r.Signal != 0 || r.Exit != 0) {
		t.Errorf("child %s ended by %s, which the test did not expect\n%s", r.name, r.end(), r.output())
	}
}

func (r *Result) end() string {
	if r.Signal != 0 {
		return fmt.Sprintf("signal %d (%v)", int(r.Signal), r.Signal)
	}
	return fmt.Sprintf("exit code %d", r.Exit)
}

func (r *Result) output() string {
	var b strings.Builder
	fmt.Fprintf(&b, "--- stdout of child %s\n%s\n", r.name, strings.TrimRight(r.Stdout, "\n"))
	fmt.Fprintf(&b, "--- stderr of child %s\n%s\n---", r.name, strings.TrimRight(r.Stderr, "\n"))
	return b.String()
}
