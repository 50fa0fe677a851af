// SPDX-License-Identifier: MIT

package sandboxtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/scenarios"
)

// A recorder is a test that keeps what it would fail with.
type recorder struct {
	testing.TB
	text string
}

func (r *recorder) Errorf(format string, args ...any) { r.text += fmt.Sprintf(format, args...) + "\n" }
func (r *recorder) Error(args ...any)                 { r.text += fmt.Sprintln(args...) }

// told is an outcome after these events of a child under a policy.
func told(exit int, stderr string, kinds ...string) *outcome {
	o := &outcome{exit: exit, how: fmt.Sprintf("exit status %d", exit)}
	o.stderr.WriteString(stderr)
	for _, k := range append([]string{eventReached, eventReady}, kinds...) {
		o.events = append(o.events, event{Kind: k})
	}
	return o
}

const report = `ERROR: The syscall "read" (syscall number 0) is not allowed by the syscall sandbox in thread "x" (policy "y").`

// No policy that the builder lets pass can make a surviving scenario fail: so these are
// outcomes that there should not be.
func TestSurvived(t *testing.T) {
	names := []string{"a", "b", "c"}
	failing := told(0, "", "begin", "end", "begin", "end", "begin", "end", "done")
	failing.events = slices.Insert(failing.events, 3, event{eventError, "a went wrong"})
	for _, test := range []struct {
		name string
		*outcome
		says string
		left []string
	}{
		{"all", told(0, "", "begin", "end", "begin", "end", "begin", "end", "done"), "", nil},
		{"first dies", told(2, report, "begin"), `"a" ends the process, by exit status 2`, []string{"b", "c"}},
		{"last dies", told(2, report, "begin", "end", "begin", "end", "begin"), `"c" ends the process`, nil},
		{"dies between", told(2, report, "begin", "end"), `after 1 of 3 scenarios the child ended by exit status 2`, nil},
		{"dies after all", told(2, report, "begin", "end", "begin", "end", "begin", "end"), `after 3 of 3 scenarios the child ended by exit status 2`, nil},
		{"ends badly", told(1, "", "begin", "end", "begin", "end", "begin", "end", "done"), `after 3 of 3 scenarios the child ended by exit status 1`, nil},
		{"races", told(0, "WARNING: DATA RACE", "begin", "end", "begin", "end", "begin", "end", "done"), "the race detector found something", nil},
		{"fails", failing, "a went wrong", nil},
		{"never began", &outcome{exit: 1, how: "exit status 1"}, "before it came to this call", nil},
	} {
		r := &recorder{TB: t}
		left := test.survived(r, names)
		if !strings.Contains(r.text, test.says) || (r.text == "") != (test.says == "") || !slices.Equal(left, test.left) {
			t.Errorf("%s: %q is left, and the test says %q", test.name, left, r.text)
		}
	}
}

func TestEnded(t *testing.T) {
	signalled := told(-1, "panic: x")
	signalled.signal = 6
	violated := told(2, "panic: x")
	violated.report = report
	exits := scenarios.End{Exit: 2, Text: "panic: x"}
	for _, test := range []struct {
		name string
		*outcome
		end  scenarios.End
		pass bool
	}{
		{"exit", told(2, "panic: x"), exits, true},
		{"other text", told(2, "panic: y"), exits, false},
		{"other code", told(1, "panic: x"), exits, false},
		{"no end", told(2, "panic: x", "done"), exits, false},
		{"violation", violated, exits, false},
		{"signal instead", signalled, exits, false},
		{"signal", signalled, scenarios.End{Signal: 6, Text: "panic: x"}, true},
		{"other signal", signalled, scenarios.End{Signal: 31, Text: "panic: x"}, false},
		{"leaves", told(0, "", "done"), scenarios.End{Leaves: true}, true},
		{"does not", told(0, ""), scenarios.End{Leaves: true}, false},
	} {
		r := &recorder{TB: t}
		test.ended(r, scenarios.Scenario{Name: "it", End: test.end})
		if (r.text == "") != test.pass {
			t.Errorf("%s: %q", test.name, r.text)
		}
	}
}

// A child that is killed may cut its last event off.
func TestReadEvents(t *testing.T) {
	got := readEvents("{\"Kind\":\"log\",\"Text\":\"a\\nb\"}\n{\"Kind\":\"done\"}\n{\"Kind\":\"err")
	if want := []event{{"log", "a\nb"}, {"done", ""}}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestDifference(t *testing.T) {
	for _, test := range []struct{ was, is, want string }{
		{"a\nb\n", "a\nb\n", ""},
		{"a\nb\n", "a\nc\n", "- b\n+ c"},
		{"a\nb\n", "b\na\n", "- a\n+ b"},
		{"a\na\n", "a\n", "- a\n+ "},
		{"a\na", "a", "2 lines have become 1"},
		{"", "a\n", "+ a"},
	} {
		if got := difference(test.was, test.is); got != test.want {
			t.Errorf("%q, %q: %q, want %q", test.was, test.is, got, test.want)
		}
	}
}

func TestShorten(t *testing.T) {
	if got := shorten(strings.Repeat("x\n", maxLines+4)); !strings.HasSuffix(got, "x\n... and 5 lines more") {
		t.Errorf("%q", got)
	}
}
