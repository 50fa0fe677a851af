// SPDX-License-Identifier: MIT

package buildtest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/learn"
)

// What TestPlaces expects of reports, violations and recordings.

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
		stack = `  stack:\n(?:    \S+\n        \S+:\d+\n){1,12}?    ` + regexp.QuoteMeta(p.fn) + `(?:\.[.\w]*)?\n        \S+:\d+\n(?:    \S+\n        \S+:\d+\n)*`
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
