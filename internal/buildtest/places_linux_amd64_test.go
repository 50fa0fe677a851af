// SPDX-License-Identifier: MIT

package buildtest

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/learn"
)

// A place is where the program in testdata/places violates its policy.
type place struct {
	name     string
	syscall  string
	call     string // as a report has it; a regular expression
	fn       string // the program's function; "": code of C, whose stack nobody knows
	policies []string
	thread   string // "": the kernel's name of it
	executed string // what the program hears where the call is made
	denied   string // and under log-and-deny
	times    uint64
}

const getgroups = `getgroups\(0, 0x0\)`

var initial, net = []string{"initialization"}, []string{"initialization", "net"}

var goPlaces = []place{
	{"init", "getgroups", getgroups, "main.inInit", initial, "", "executed", "errno 1", 1000},
	{"syscall", "chroot", `chroot\(0x[0-9a-f]+\)`, "main.inSyscall", initial, "", "errno 2", "errno 1", 1000},
	{"raw", "move_pages", `move_pages\(286331153 .*0x4444444444444444, 0x5555555555555555, .*0x6666666666666666.*\)`, "main.inRawSyscall", initial, "", "errno 22", "errno 1", 1000},
	{"thread", "getgroups", getgroups, "main.inThread", net, "worker", "executed", "errno 1", 1000},
	{"timer", "getgroups", getgroups, "main.inTimer", initial, "", "executed", "errno 1", 1000},
	{"finalizer", "getgroups", getgroups, "main.inFinalizer", initial, "", "executed", "errno 1", 1000},
	{"memory", "getgroups", getgroups, "main.inMemoryPressure", initial, "", "executed", "errno 1", 1000},
	{"end", "getgroups", getgroups, "main.inThreadEnd", net, "worker", "executed", "errno 1", 1000},
	{"goexit", "getgroups", getgroups, "main.inGoexit", net, "worker", "executed", "errno 1", 1000},
	{"runtime", "sched_getaffinity", `sched_getaffinity\(0, 8192, 0x[0-9a-f]+\)`, "main.inRuntime", []string{"initialization", "no-affinity"}, "counts", "executed", "executed", 1000},
}

var cgoPlaces = []place{
	{"c", "alarm", `alarm\(0\)`, "", initial, "", "executed", "errno 1", 1000},
	{"thread of c", "getpgrp", `getpgrp\(\)`, "", initial, "", "executed", "errno 1", 1000},
	{"callback", "getgroups", getgroups, "main.calledFromC", initial, "", "executed", "errno 1", 1000},
}

var execPlaces = []place{
	{"exec", "setpgid", `setpgid\(0, 0\)`, "main.inExec", []string{"executes"}, "", "executed", "errno 1", 10},
}

// A flavour is a way of building. Those that do not need to be root are not.
type flavour struct {
	name  string
	cgo   bool
	root  bool
	flags []string
}

var flavours = []flavour{
	{"plain", false, false, nil},
	{"pie", false, false, []string{"-buildmode=pie"}},
	{"stripped", false, false, []string{"-ldflags=-s -w"}},
	{"cover", false, true, []string{"-cover"}},
	{"cgo", true, true, nil},
	{"cgo pie", true, false, []string{"-buildmode=pie"}},
	{"cgo static", true, false, []string{"-ldflags=-linkmode external -extldflags -static"}},
	{"race", true, false, []string{"-race"}},
}

func (f flavour) places() []place {
	if f.cgo {
		return slices.Concat(goPlaces, cgoPlaces)
	}
	return goPlaces
}

// A built is a flavour's program.
type built struct {
	flavour
	program string
}

func (f flavour) build(t *testing.T) built {
	b := built{f, filepath.Join(t.TempDir(), "places")}
	cmd := exec.Command("go", append(append([]string{"build", "-o", b.program}, f.flags...), "./testdata/places")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if f.cgo {
		cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	return b
}

// run runs the program under an action, through places.
func (b built) run(t *testing.T, action string, places []place, more ...string) *testproc.Result {
	t.Helper()
	c := testproc.Cmd{Executable: b.program, Args: []string{action}, OrdinaryUser: !b.root}
	for _, p := range places {
		c.Args = append(c.Args, p.name)
	}
	coverage := t.TempDir()
	c.Env = []string{"GOCOVERDIR=" + coverage}
	for _, arg := range more {
		if strings.Contains(arg, "=") {
			c.Env = append(c.Env, arg)
		} else {
			c.Args = append(c.Args, arg)
		}
	}
	r := c.Run(t)
	if written, err := os.ReadDir(coverage); r.Exit == 0 && b.name == "cover" && (err != nil || len(written) == 0) {
		t.Errorf("no coverage was written: %v\n%s", err, r.Stderr)
	}
	return r
}

func TestPlaces(t *testing.T) {
	for _, f := range flavours {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			b := f.build(t)
			for name, test := range map[string]func(*testing.T, built){
				"abort": testAbort, "log-and-abort": testLogAndAbort, "log-and-abort, one P": testOneP, "exec": testExec,
			} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					test(t, b)
				})
			}
			for _, action := range []string{"log-and-deny", "log-and-allow", "learn"} {
				t.Run(action, func(t *testing.T) {
					t.Parallel()
					b.checkGoesOn(t, action, b.places(), "free")
				})
			}
		})
	}
}

// Without a handler the kernel kills; nothing is said.
func testAbort(t *testing.T, b built) {
	for _, p := range b.places() {
		r := b.run(t, "abort", []place{p}).ExpectSignal(t, syscall.SIGSYS)
		if r.Stdout != "" || r.Stderr != "" {
			t.Errorf("%s: %q, %q", p.name, r.Stdout, r.Stderr)
		}
	}
}

// With one, the process ends with a whole report.
func testLogAndAbort(t *testing.T, b built) {
	for _, p := range b.places() {
		r := b.run(t, "log-and-abort", []place{p}).ExpectExit(t, 2)
		// The world may be about to stop, and waits for the thread that waits for a report.
		p.checkDeath(t, r, p.name == "memory")
	}
}

// With one P the violator of a call that keeps it holds it: the report is of registers,
// after two seconds. Other calls give it away.
func testOneP(t *testing.T, b built) {
	for _, p := range b.places() {
		if slices.Contains([]string{"raw", "syscall", "thread of c"}, p.name) {
			r := b.run(t, "log-and-abort", []place{p}, "GOMAXPROCS=1").ExpectExit(t, 2)
			p.checkDeath(t, r, p.name == "raw")
		}
	}
}

// A child of os/exec violates before its execve. It has no handler: what kills takes
// the child, what answers it has the parent's table.
func testExec(t *testing.T, b built) {
	for _, action := range []string{"abort", "log-and-abort"} {
		said := b.said(t, b.run(t, action, execPlaces).ExpectExit(t, 0))
		if answers := said.Answers["exec"]; len(said.Violations) != 0 || len(answers) != 1 || answers["signal: bad system call"] != 10 {
			t.Errorf("%s: %v, %v", action, answers, said.Violations)
		}
	}
	for _, action := range []string{"log-and-deny", "log-and-allow", "learn"} {
		b.checkGoesOn(t, action, execPlaces)
	}
}

func (p place) headline() string {
	thread := p.thread
	if thread == "" {
		thread = `[^"\n]*`
	}
	return fmt.Sprintf(`ERROR: The syscall %q \(syscall number \d+\) is not allowed by the syscall sandbox in thread "%s" \(policy %q\)\.`,
		p.syscall, thread, p.policies[len(p.policies)-1]) + "\n"
}

// report is the whole text before the runtime's.
func (p place) report(answer, count string) string {
	stack := ""
	if p.fn != "" {
		stack = `  stack:\n(?:    \S+\n        \S+:\d+\n){1,8}?    ` + regexp.QuoteMeta(p.fn) + `[.\w]*\n        \S+:\d+\n(?:    \S+\n        \S+:\d+\n)*`
	}
	return p.headline() +
		`  call:     ` + p.call + "\n" +
		`  answer:   ` + answer + "\n" +
		`  count:    ` + count + "\n" +
		`  where:    thread id \d+, x86_64, pc 0x[0-9a-f]+, \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z` + "\n" +
		`  policies: ` + strings.Join(p.policies, " > ") + "\n" +
		stack + `  remedy:   allow it in .*\n`
}

// raw is what there is instead where no ordinary goroutine can run.
func (p place) raw() string {
	args := `(?:0x[0-9a-f]{16}, ){6}`
	if p.name == "raw" {
		args = `0x1111111111111111, 0x2222222222222222, 0x3333333333333333, 0x4444444444444444, 0x5555555555555555, 0x6666666666666666, `
	}
	return p.headline() + `  raw:      ` + args + `pc 0x[0-9a-f]{16}, thread id 0x[0-9a-f]{16}\n`
}

// checkDeath looks for one report, and the runtime's trace behind it. On a thread of C
// the runtime has none to print.
func (p place) checkDeath(t *testing.T, r *testproc.Result, mayBeRaw bool) {
	t.Helper()
	forms := p.report("the process ends", "1")
	if mayBeRaw {
		forms += "|" + p.raw()
	}
	report := regexp.MustCompile(`^(?:` + forms + `)`).FindString(r.Stderr)
	trace := r.Stderr[len(report):]
	switch {
	case report == "" || r.Stdout != "":
		t.Errorf("%s: no whole report:\n%s%s", p.name, r.Stdout, r.Stderr)
	case strings.Count(r.Stderr, "ERROR: ") != 1:
		t.Errorf("%s: a second report:\n%s", p.name, r.Stderr)
	case p.name == "thread of c":
	case !strings.HasPrefix(trace, "SIGSYS: bad system call\n") || p.fn != "" && !strings.Contains(trace, "\n"+p.fn):
		t.Errorf("%s: no trace:\n%s", p.name, r.Stderr)
	}
}

// A result is what the program says at its end.
type result struct {
	Answers               map[string]map[string]int
	Violations, Delivered []sandbox.Violation
	Learned               *learn.Recording
}

func (b built) said(t *testing.T, r *testproc.Result) (said result) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.Stdout), &said); err != nil {
		t.Fatalf("%v: %s\n%s", err, r.Stdout, r.Stderr)
	}
	return said
}

// checkGoesOn runs all places in one process, which lives.
func (b built) checkGoesOn(t *testing.T, action string, places []place, more ...string) {
	t.Helper()
	r := b.run(t, action, places, more...).ExpectExit(t, 0)
	said := b.said(t, r)
	if len(said.Violations) != len(places) {
		t.Errorf("%s: %d violations at %d places: %v", action, len(said.Violations), len(places), said.Violations)
	}
	if reports := strings.Count(r.Stderr, "ERROR: "); reports != 0 && action == "learn" || reports != len(places) && action != "learn" {
		t.Errorf("%s: %d reports of %d places:\n%s", action, reports, len(places), r.Stderr)
	}
	for _, p := range places {
		want := p.executed
		if action == "log-and-deny" {
			want = p.denied
		}
		if answers := said.Answers[p.name]; len(answers) != 1 || answers[want] != int(p.times) {
			t.Errorf("%s: %s: the program heard %v, not %s", action, p.name, answers, want)
		}
		p.checkViolation(t, action, said)
		p.checkText(t, action, r.Stderr)
	}
	if action == "learn" {
		checkLearned(t, said.Learned, places, slices.Contains(more, "free"))
	} else if said.Learned != nil {
		t.Errorf("%s has learned", action)
	}
}

// is reports whether a violation happened at the place.
func (p place) is(v sandbox.Violation) bool {
	return v.Syscall == p.syscall && (p.fn == "" || p.on(len(v.Stack), func(i int) string { return v.Stack[i].Func }))
}

// on reports whether the place's function is on a stack, near its top.
func (p place) on(n int, name func(i int) string) bool {
	for i := range min(n, 16) {
		if rest, ok := strings.CutPrefix(name(i), p.fn); ok && (rest == "" || rest[0] == '.') {
			return true
		}
	}
	return false
}

func (p place) checkViolation(t *testing.T, action string, said result) {
	t.Helper()
	if n := len(slices.DeleteFunc(slices.Clone(said.Delivered), func(v sandbox.Violation) bool { return !p.is(v) })); n != 1 {
		t.Errorf("%s: %s: OnViolation was called %d times", action, p.name, n)
	}
	all := slices.DeleteFunc(slices.Clone(said.Violations), func(v sandbox.Violation) bool { return !p.is(v) })
	if len(all) != 1 {
		t.Errorf("%s: %s: %d violations: %v", action, p.name, len(all), said.Violations)
		return
	}
	v := all[0]
	var errno uint16
	if action == "log-and-deny" {
		errno = uint16(syscall.EPERM)
	}
	if v.Count != p.times || v.Errno != errno || v.Action.String() != action || !slices.Equal(v.Policies, p.policies) ||
		v.TID == 0 || v.Time.IsZero() || p.thread != "" && v.Thread != p.thread || !regexp.MustCompile("^"+p.call+"$").MatchString(v.Decoded) {
		t.Errorf("%s: %s: %+v", action, p.name, v)
	}
	if p.fn == "" && len(v.Stack) != 0 {
		t.Errorf("%s: %s: a stack of C: %v", action, p.name, v.Stack)
	}
	if p.name == "raw" && v.Call.Args != [6]uint64{0x1111111111111111, 0x2222222222222222, 0x3333333333333333, 0x4444444444444444, 0x5555555555555555, 0x6666666666666666} {
		t.Errorf("%s: %s: %#x", action, p.name, v.Call.Args)
	}
}

// checkText looks for the report while the program ran.
func (p place) checkText(t *testing.T, action, text string) {
	t.Helper()
	answer := map[string]string{"log-and-deny": "EPERM, the program goes on", "log-and-allow": "executed all the same"}[action]
	if answer == "" {
		return
	}
	if n := len(regexp.MustCompile(`(?m)^`+p.report(answer, `\d+`)).FindAllString(text, -1)); n != 1 {
		t.Errorf("%s: %s: %d reports:\n%s", action, p.name, n, text)
	}
}

// checkLearned looks for the violations in what was learned, under the policies that
// were in force.
func checkLearned(t *testing.T, r *learn.Recording, places []place, free bool) {
	t.Helper()
	if r == nil {
		t.Fatal("learned nothing")
	}
	if len(r.Lost) > 0 {
		t.Errorf("lost %v", r.Lost)
	}
	for _, p := range places {
		var times uint64
		for s := range stacksOf(r, p.policies, p.syscall) {
			if p.fn == "" || p.on(len(s.Frames), func(i int) string { return s.Frames[i].Func }) {
				times += s.Count
			}
		}
		if times != p.times {
			t.Errorf("%s: learned %d times", p.name, times)
		}
	}
	// debug.FreeOSMemory gives memory back on the system stack.
	onSystemStack := false
	for s := range stacksOf(r, initial, "madvise") {
		foreign := slices.ContainsFunc(s.Frames, func(f learn.Frame) bool { return !strings.HasPrefix(f.Func, "runtime.") })
		onSystemStack = onSystemStack || !foreign && len(s.Frames) > 2
	}
	if free && !onSystemStack {
		t.Error("no call of the runtime's on the system stack was learned")
	}
}

// stacksOf yields the stacks that led to a call under policies.
func stacksOf(r *learn.Recording, policies []string, call string) func(yield func(learn.Stack) bool) {
	return func(yield func(learn.Stack) bool) {
		for _, phase := range r.Phases {
			for _, c := range phase.Calls {
				if !slices.Equal(phase.Policies, policies) || c.Syscall != call {
					continue
				}
				for _, s := range c.Stacks {
					if !yield(s) {
						return
					}
				}
			}
		}
	}
}
