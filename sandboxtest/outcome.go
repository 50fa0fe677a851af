// SPDX-License-Identifier: MIT

package sandboxtest

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// A violation is what the parent reads from a report.
type violation struct{ call, thread string }

// headline is the first line of a report: see sandbox.Violation.String.
var headline = regexp.MustCompile(`^ERROR: The syscall "(.*)" \(syscall number -?[0-9]+\) is not allowed by the syscall sandbox in thread "(.*)" \(policy .*\)\.`)

// violation returns the one that ended the child.
func (o *outcome) violation() (violation, bool) {
	m := headline.FindStringSubmatch(o.report)
	if m == nil {
		return violation{}, false
	}
	return violation{call: m[1], thread: m[2]}, true
}

func (o *outcome) has(kind string) bool { return o.count(kind) > 0 }

func (o *outcome) count(kind string) (n int) {
	for _, e := range o.events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// text joins those of one kind.
func (o *outcome) text(kind string) string {
	var texts []string
	for _, e := range o.events {
		if e.Kind == kind && e.Text != "" {
			texts = append(texts, e.Text)
		}
	}
	return strings.Join(texts, "\n")
}

func (o *outcome) end() string {
	if o.limit > 0 {
		return fmt.Sprintf("the time limit of %v", o.limit)
	}
	if o.signal == sigsys {
		return o.how + " (a call was refused where the signal is blocked, as on a new thread of a C library and in handlers of signals)"
	}
	return o.how
}

// sigsys is SIGSYS on Linux. A process that it kills could not report.
const sigsys = 31

// output is all that the child wrote, the report of a violation first.
func (o *outcome) output() string {
	var b strings.Builder
	stderr := o.stderr.String()
	if o.report != "" {
		// The runtime's own trace says the same, and of every goroutine.
		stderr, _, _ = strings.Cut(stderr, "SIGSYS: bad system call\n")
	}
	for _, part := range [...]struct{ name, text string }{
		{"report", o.report}, {"standard output", o.stdout.String()}, {"standard error", stderr},
	} {
		if text := strings.TrimSpace(part.text); text != "" {
			fmt.Fprintf(&b, "--- %s of the child:\n%s\n", part.name, shorten(text))
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// maxLines is how much of a child's output a test shows: a trace of all goroutines begins
// with the one that matters.
const maxLines = 200

func shorten(text string) string {
	lines := strings.Split(text, "\n")
	if len(lines) <= maxLines {
		return text
	}
	return strings.Join(lines[:maxLines], "\n") + fmt.Sprintf("\n... and %d lines more", len(lines)-maxLines)
}

// reached fails the test unless the function began to run under the policy.
func (o *outcome) reached(t testing.TB) bool {
	t.Helper()
	switch setup := o.text(eventSetup); {
	case setup != "":
		t.Errorf("sandboxtest: the child could not put the policy on: %s\n%s", setup, o.output())
	case !o.has(eventReached):
		t.Errorf("sandboxtest: the child ended by %s before it came to this call; a test must come to it the same way in both processes\n%s", o.end(), o.output())
	case !o.has(eventReady):
		t.Errorf("sandboxtest: the child ended by %s while it put the policy on\n%s", o.end(), o.output())
	default:
		return true
	}
	return false
}

// pass passes on what happened to the function's testing.TB, and fails the test for what
// happened to the child.
func (o *outcome) pass(t testing.TB) {
	t.Helper()
	if !o.reached(t) {
		return
	}
	failed := o.passEvents(t)
	_, violated := o.violation()
	switch {
	case violated:
		t.Errorf("sandboxtest: the policy refused a call\n%s", o.output())
	case !o.has(eventDone):
		t.Errorf("sandboxtest: the child ended by %s before the function returned\n%s", o.end(), o.output())
	case o.exit != 0:
		t.Errorf("sandboxtest: the child ended by %s after the function returned\n%s", o.end(), o.output())
	case o.raced():
		t.Errorf("sandboxtest: the race detector found something\n%s", o.output())
	default:
		if text := o.output(); text != "" {
			t.Log(text)
		}
		if skipped := o.has(eventSkip); skipped && !failed {
			t.Skip(o.text(eventSkip))
		}
	}
}

func (o *outcome) passEvents(t testing.TB) (failed bool) {
	t.Helper()
	for _, e := range o.events {
		switch {
		case e.Kind == eventLog:
			t.Log(e.Text)
		case e.Kind == eventError && e.Text == "":
			failed = true
			t.Fail()
		case e.Kind == eventError:
			failed = true
			t.Error(e.Text)
		}
	}
	return failed
}

// raced: a child ends without the race detector's own exit code.
func (o *outcome) raced() bool { return strings.Contains(o.stderr.String(), "WARNING: DATA RACE") }
