// SPDX-License-Identifier: MIT

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// mark begins the lines that the guest writes beside what the tests do.
const mark = "@@ "

// A report is what one kernel's guest wrote.
type report struct {
	name     string // of the release
	kernel   string // uname -r
	facts    map[string]string
	results  map[string]*result // by package
	reasons  map[string]int     // what tests were skipped for
	problems []string
}

// A result is what became of a package's tests, those as root and those as an
// ordinary user together.
type result struct{ pass, skip, fail int }

var (
	outcome   = regexp.MustCompile(`--- (PASS|FAIL|SKIP): (\S+) \(`)
	honesty   = regexp.MustCompile(`SKIP-(?:KERNEL|CONFIG) .*`)
	startLine = regexp.MustCompile(`^start (\d+) (\S+)$`)
	endLine   = regexp.MustCompile(`^end \S+ (.*)$`)
)

// readReport reads what the guest wrote.
func readReport(name string, text []byte) *report {
	r := &report{name: name, facts: map[string]string{}, results: map[string]*result{}, reasons: map[string]int{}}
	s := &section{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		said, ok := strings.CutPrefix(line, mark)
		switch {
		case !ok:
			s.lines = append(s.lines, line)
		case strings.HasPrefix(said, "kernel "):
			r.kernel = said[len("kernel "):]
		case strings.HasPrefix(said, "fact "):
			i := strings.LastIndexByte(said, ' ')
			r.facts[said[len("fact "):i]] = said[i+1:]
		case startLine.MatchString(said):
			r.unended(s)
			m := startLine.FindStringSubmatch(said)
			s = &section{user: m[1], pkg: m[2]}
		case endLine.MatchString(said):
			r.take(s, endLine.FindStringSubmatch(said)[1])
			s = &section{}
		}
	}
	r.unended(s)
	return r
}

// unended complains of a section without an end.
func (r *report) unended(s *section) {
	if s.pkg != "" {
		r.problem("%s as user %s did not end", s.pkg, s.user)
	}
}

// A section is the output of one package's tests, run by one user.
type section struct {
	user, pkg string
	lines     []string
}

// take counts a section's tests. How its program ended decides in the last place: a test
// binary that dies says of the tests that were still running nothing at all.
func (r *report) take(s *section, end string) {
	sum := r.results[s.pkg]
	if sum == nil {
		sum = &result{}
		r.results[s.pkg] = sum
	}
	failed, skipped, honest := sum.fail, 0, 0
	for _, line := range s.lines {
		if reason := honesty.FindString(line); reason != "" {
			honest++
			r.reasons[reason]++
		}
		m := outcome.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		switch m[1] {
		case "PASS":
			sum.pass++
		case "SKIP":
			skipped++
		case "FAIL":
			sum.fail++
			r.problem("%s as user %s: %s failed", s.pkg, s.user, m[2])
		}
	}
	sum.skip += skipped
	if skipped != honest {
		r.problem("%s as user %s: %d tests were skipped, %d of them because of the kernel", s.pkg, s.user, skipped, honest)
	}
	if end != "ok" {
		if sum.fail == failed {
			sum.fail++
		}
		r.problem("%s as user %s ended with %q:\n%s", s.pkg, s.user, end, failures(s.lines))
	}
}

func (r *report) problem(format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf("%s: ", r.name)+fmt.Sprintf(format, args...))
}

// failures leaves out of a test's output what is about tests that passed.
func failures(lines []string) string {
	var b strings.Builder
	for _, l := range lines {
		l = strings.Trim(l, "\x16")
		if strings.HasPrefix(strings.TrimSpace(l), "=== ") || strings.Contains(l, "--- PASS: ") || l == "" {
			continue
		}
		b.WriteString("\t" + l + "\n")
	}
	return b.String()
}

// check compares what the guest found with what its kernel's version should have.
func (r *report) check(version string) {
	if version != "" && !strings.HasPrefix(r.kernel, version+".") {
		r.problem("the kernel is %s, not %s", r.kernel, version)
	}
	var major, minor int
	if _, err := fmt.Sscanf(r.kernel, "%d.%d", &major, &minor); err != nil {
		r.problem("kernel %q", r.kernel)
	}
	want := "no"
	if major > 5 || major == 5 && minor >= 11 {
		want = "yes" // kernel/seccomp.c seccomp_cache_check_allow
	}
	if got := r.facts["action cache"]; got != want {
		r.problem("action cache: %q, should be %q", got, want)
	}
}

// printTable writes a Markdown table, a column for each kernel.
func printTable(w io.Writer, packages []string, reports []*report) {
	row := func(first string, cell func(r *report) string) {
		fmt.Fprintf(w, "| %s |", first)
		for _, r := range reports {
			fmt.Fprintf(w, " %s |", cell(r))
		}
		fmt.Fprintln(w)
	}
	row("", func(r *report) string { return r.name + ", " + r.kernel })
	row("---", func(*report) string { return "---" })
	facts := map[string]bool{}
	for _, r := range reports {
		for f := range r.facts {
			facts[f] = true
		}
	}
	for _, f := range slices.Sorted(maps.Keys(facts)) {
		row(f, func(r *report) string { return cmp.Or(r.facts[f], "?") })
	}
	for _, p := range packages {
		row("`"+p+"`", func(r *report) string { return r.results[p].String() })
	}
	for _, r := range reports {
		fmt.Fprintf(w, "\n%s skipped:\n", r.kernel)
		for _, reason := range slices.Sorted(maps.Keys(r.reasons)) {
			fmt.Fprintf(w, "  %d x %s\n", r.reasons[reason], reason)
		}
	}
}

// String is a cell of the table.
func (s *result) String() string {
	if s == nil {
		return "not run"
	}
	text := fmt.Sprintf("%d passed", s.pass)
	if s.skip > 0 {
		text += fmt.Sprintf(", %d skipped", s.skip)
	}
	if s.fail > 0 {
		text += fmt.Sprintf(", **%d failed**", s.fail)
	}
	return text
}

// problems writes what went wrong, and returns an error if anything did.
func problems(w io.Writer, reports []*report) error {
	n := 0
	for _, r := range reports {
		for _, p := range r.problems {
			fmt.Fprintln(w, p)
			n++
		}
	}
	if n > 0 {
		return errors.New("not everything passed")
	}
	return nil
}
