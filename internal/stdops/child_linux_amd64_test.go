// SPDX-License-Identifier: MIT

package stdops

import (
	"errors"
	"fmt"
	"regexp"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

// An outcome is what becomes of an operation under a policy.
type outcome struct {
	refused string // the call that ended the process; empty if none did
	errno   string // of the operation, which went on
	warm    bool   // it works after its WarmUp only; then refused is what it needs before
}

func (o outcome) works() bool { return o.errno == "" && (o.refused == "" || o.warm) }

// A try is how operations are run.
type try struct {
	policy sandbox.SyscallSandboxPolicy
	scope  sandbox.Scope
	warm   bool
	env    []string
}

const thread, process, cold, warm = "thread", "process", "cold", "warm"

// ownPolicies are those that are not built in.
var ownPolicies = map[string]sandbox.SyscallSandboxPolicy{
	"listener": sandbox.NewPolicy("listener", sandbox.NewSeccompPolicyBuilder().AllowNothing().
		AllowOpenFiles().AllowSocketIo().AllowInetSockets().AllowListen()),
	"closer": sandbox.NewPolicy("closer", sandbox.NewSeccompPolicyBuilder().AllowNothing().Allow("close", "epoll_ctl")),
}

// under is the child: it makes operations, puts a policy on and runs them, and tells
// of each on standard output what becomes of it.
func under() {
	// A collection that waits for the thread of a deadly violation keeps the goroutine
	// that reports it waiting too, for two seconds.
	debug.SetGCPercent(-1)
	args := testproc.Args()
	p, own := ownPolicies[args[0]]
	if !own {
		var err error
		if p, err = sandbox.ParsePolicy(args[0]); err != nil {
			testproc.Fail("%v", err)
		}
	}
	var (
		names = args[3:]
		runs  []func() error
	)
	for _, name := range names {
		runs = append(runs, prepare(name, args[2] == warm))
	}
	if err := sandbox.SetupSyscallSandbox(sandbox.Config{Action: sandbox.ActionInvokeSignalHandler}); err != nil {
		testproc.Fail("%v", err)
	}
	done := make(chan struct{})
	body := func() {
		for i, run := range runs {
			fmt.Printf("begin %s\n", names[i])
			fmt.Printf("end %s\n", errnoOf(run()))
		}
		close(done)
	}
	if args[1] == process {
		if err := sandbox.SetProcessPolicy(p); err != nil {
			testproc.Fail("%v", err)
		}
		go body()
	} else if err := sandbox.Go(p, "operations", body); err != nil {
		testproc.Fail("%v", err)
	}
	<-done
	syscall.Exit(0) // os.Exit writes coverage, if there is any, to files
}

func prepare(name string, warm bool) func() error {
	o, err := Find(name)
	if err != nil {
		testproc.Fail("%v", err)
	}
	run, err := o.Make()
	if err == nil && warm {
		err = o.WarmUp()
	}
	if err != nil {
		testproc.Fail("%s: %v", name, err)
	}
	return run
}

func errnoOf(err error) string {
	if errno := syscall.Errno(0); errors.As(err, &errno) {
		return errno.Error()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// attempt runs operations in one child and returns what became of those that it came to.
func (y try) attempt(t *testing.T, names []string) []outcome {
	t.Helper()
	args := []string{y.policy.String(), thread, cold}
	if y.scope == sandbox.ScopeProcess {
		args[1] = process
	}
	if y.warm {
		args[2] = warm
	}
	r := testproc.Cmd{Name: "under", Args: append(args, names...), Env: y.env}.Run(t)
	var outcomes []outcome
	begun := 0
	for line := range strings.Lines(r.Stdout) {
		if strings.HasPrefix(line, "begin ") {
			begun++
		} else if errno, ok := strings.CutPrefix(line, "end "); ok {
			outcomes = append(outcomes, outcome{errno: strings.TrimSuffix(errno, "\n")})
		}
	}
	if len(outcomes) == len(names) {
		r.ExpectExit(t, 0)
		return outcomes
	}
	r.ExpectExit(t, 2)
	if begun != len(outcomes)+1 {
		t.Fatalf("%s: after %d of %v\n%s", y.policy, begun, names, r.Stderr)
	}
	return append(outcomes, outcome{refused: refusedCall(t, r.Stderr)})
}

var (
	headline = regexp.MustCompile(`(?m)^ERROR: The syscall "(.*)" \(syscall number`)
	writing  = regexp.MustCompile(`(?m)^  call:     openat\(.*(O_WRONLY|O_RDWR|O_CREAT)`)
)

// refusedCall is the call that a report is of.
func refusedCall(t *testing.T, report string) string {
	t.Helper()
	m := headline.FindStringSubmatch(report)
	if m == nil {
		t.Fatalf("no report of a violation\n%s", report)
	}
	if writing.MatchString(report) {
		return m[1] + " for writing"
	}
	return m[1]
}

// all runs operations, in as few children as are enough: one that violates ends its own,
// and some want one of their own.
func (y try) all(t *testing.T, ops []Op) map[string]outcome {
	t.Helper()
	outcomes := make(map[string]outcome)
	var together []string
	for _, o := range ops {
		if o.Alone || o.WarmUp != nil {
			outcomes[o.String()] = y.alone(t, o)
		} else {
			together = append(together, o.String())
		}
	}
	for n := 1; len(together) > 0; {
		n = min(n, len(together))
		got := y.attempt(t, together[:n])
		for i, o := range got {
			outcomes[together[i]] = o
		}
		together = together[len(got):]
		// What is refused stands beside its like, and what is permitted too.
		if got[len(got)-1].refused != "" {
			n = 1
		} else {
			n *= 4
		}
	}
	return outcomes
}

func (y try) alone(t *testing.T, o Op) outcome {
	t.Helper()
	first := y.attempt(t, []string{o.String()})[0]
	if first.refused == "" || o.WarmUp == nil {
		return first
	}
	y.warm = true
	if then := y.attempt(t, []string{o.String()})[0]; then.works() {
		first.warm = true
	} else {
		return then
	}
	return first
}
