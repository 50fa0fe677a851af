// SPDX-License-Identifier: MIT

package sandboxtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/syscall-sandbox/sandbox"
)

// startDir is where the tests were started: a child starts there too, whatever t.Chdir
// has done since.
var startDir, _ = os.Getwd()

// A call is what a function of this package is asked for.
type call struct {
	policy sandbox.SyscallSandboxPolicy
	scope  sandbox.Scope
	at     string
	silent bool // by ActionKillProcess: a violation has no report
}

// run runs fn in a child. In the child itself it does not return if this is the call
// that the child was started for; it reports false if it is another.
func (c call) run(t testing.TB, fn func(*childTB)) (*outcome, bool) {
	t.Helper()
	if _, nested := t.(*childTB); nested {
		t.Fatal("sandboxtest: a child cannot have children: the function that runs under a policy must not run others")
	}
	s := newSite(t, c.at)
	if in := target(); in != nil {
		if s.Task = in.Task; s == *in {
			c.become(t, fn)
		}
		return nil, false
	}
	c.check(t)
	return start(t, s, (*exec.Cmd).Start), true
}

// check fails the test early for what no child can do.
func (c call) check(t testing.TB) {
	t.Helper()
	if _, err := c.policy.Filter(c.scope, sandbox.ActionInvokeSignalHandler); err != nil {
		t.Fatalf("sandboxtest: %v", err)
	}
	err := sandbox.Supported()
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		t.Skipf("sandboxtest: nothing can be run under a policy here: %v", err)
	case err != nil:
		t.Fatalf("sandboxtest: %v", err)
	}
}

// An outcome is how a child ended and what it told before.
type outcome struct {
	events         []event
	report         string // of a violation
	stdout, stderr bytes.Buffer
	exit           int    // -1 if a signal ended it
	how            string // by os/exec's words
	signal         int
	limit          time.Duration // that it exceeded
}

// start has by start a child, and waits for its end.
func start(t testing.TB, s site, by func(*exec.Cmd) error) *outcome {
	t.Helper()
	limit := timeLimit(t)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	o := new(outcome)
	cmd, err := command(ctx, s)
	if err != nil {
		t.Fatalf("sandboxtest: %v", err)
	}
	defer os.RemoveAll(scratch(cmd))
	cmd.Stdout, cmd.Stderr = &o.stdout, &o.stderr
	events, errE := newInlet(cmd)
	report, errR := newInlet(cmd)
	if err := errors.Join(errE, errR); err != nil {
		t.Fatalf("sandboxtest: %v", err)
	}
	err = by(cmd)
	events.started()
	report.started()
	if err == nil {
		err = cmd.Wait()
	}
	o.events, o.report = readEvents(events.all()), report.all()
	var exit *exec.ExitError
	switch {
	case cmd.ProcessState == nil:
		t.Fatalf("sandboxtest: %v", err)
	case ctx.Err() != nil:
		o.limit = limit
	case err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay):
		t.Fatalf("sandboxtest: %v", err)
	}
	o.exit, o.how = cmd.ProcessState.ExitCode(), cmd.ProcessState.String()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		o.signal = int(status.Signal())
	}
	return o
}

// timeLimit leaves the test some of its own time to tell what happened.
func timeLimit(t testing.TB) time.Duration {
	if d, ok := t.(interface{ Deadline() (time.Time, bool) }); ok {
		if deadline, ok := d.Deadline(); ok {
			return time.Until(deadline) * 9 / 10
		}
	}
	return 10 * time.Minute // go test's own, where it is not told another
}

// command is the test binary once more, with a directory for temporary files that the
// child, which ends without cleaning up, leaves to its parent.
func command(ctx context.Context, s site) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "sbt")
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, arguments(s)...)
	cmd.Dir = startDir
	cmd.Env = append(os.Environ(),
		childVar+"="+string(text),
		// The race detector otherwise waits a second at each exit for late reports.
		"GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=0",
		// os.Exit writes coverage there, by calls that the policy may refuse.
		"GOCOVERDIR=",
		"TMPDIR="+dir)
	// A child that hangs says where: SIGQUIT has the runtime print all stacks.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGQUIT) }
	cmd.WaitDelay = 10 * time.Second
	return cmd, nil
}

// scratch is the child's directory for temporary files.
func scratch(cmd *exec.Cmd) string {
	return strings.TrimPrefix(cmd.Env[len(cmd.Env)-1], "TMPDIR=")
}

// overrides are the flags of package testing that are not the child's to follow: it runs
// one test, writes no file that is its parent's, and is quiet.
var overrides = [...]string{
	"bench=", "blockprofile=", "count=1", "coverprofile=", "cpuprofile=", "failfast=false", "fuzz=", "fuzzworker=false",
	"gocoverdir=", "list=", "memprofile=", "mutexprofile=", "paniconexit0=false", "shuffle=off", "skip=",
	"testlogfile=", "timeout=0", "trace=", "v=false",
}

// arguments are the parent's own, then those that override them: of a flag that is given
// twice the last counts.
func arguments(s site) []string {
	procs := runtime.GOMAXPROCS(0)
	if s.Task == "" {
		// A call that keeps its P leaves none to the goroutine that writes the report: the
		// process would end after two seconds, without all that only Go code can find out.
		procs = max(procs, 2)
	}
	flags := os.Args[1 : len(os.Args)-flag.NArg()]
	args := slices.Clone(flags)
	if n := len(args); n > 0 && args[n-1] == "--" {
		args = args[:n-1]
	}
	for _, o := range overrides {
		args = append(args, "-test."+o)
	}
	args = append(args, fmt.Sprintf("-test.cpu=%d", procs), "-test.run="+exactly(s.Test), "--")
	return append(args, flag.Args()...)
}

// exactly is a pattern of -test.run that only one test fits: package testing splits it and
// the name at slashes, wherever these come from.
func exactly(test string) string {
	elements := strings.Split(test, "/")
	for i, e := range elements {
		elements[i] = "^" + regexp.QuoteMeta(e) + "$"
	}
	return strings.Join(elements, "/")
}
