// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A table is a file of testdata/decide; its README has the format.
type table struct {
	name       string
	filter     seccomp.Filter
	unbound    seccomp.Filter // with IsSelf as written
	hasDefault bool
	hasUnknown bool
	ruleAt     []string // by rule: file:line
	rows       []row
}

type row struct {
	where string // file:line
	call  seccomp.Call
	want  seccomp.Action
}

// self is the process id for which tables are bound.
const self = 4242

func readTables(t *testing.T) []table {
	t.Helper()
	files, err := filepath.Glob("../testdata/decide/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no decision tables: %v", err)
	}
	var tables []table
	for _, file := range files {
		tables = append(tables, readTable(t, file))
	}
	return tables
}

func readTable(t *testing.T, file string) table {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	tab := table{name: strings.TrimSuffix(filepath.Base(file), ".txt")}
	line := 0
	for text := range strings.Lines(string(data)) {
		line++
		text = strings.TrimSpace(text)
		if text == "" || text[0] == '#' {
			continue
		}
		where := fmt.Sprintf("%s:%d", filepath.Base(file), line)
		if err := tab.add(where, text); err != nil {
			t.Fatalf("%s: %v", where, err)
		}
	}
	tab.unbound, tab.filter = tab.filter, tab.filter.ForPID(self)
	if gaps := tab.gaps(); gaps != nil {
		t.Fatalf("%s:\n%s", tab.name, strings.Join(gaps, "\n"))
	}
	return tab
}

// gaps are rows that nothing written in the table answers, and rules that answer no row:
// a forgotten line, or one that says something else than its author thought.
func (tab *table) gaps() (gaps []string) {
	if len(tab.rows) == 0 {
		return []string{tab.name + " has no rows"}
	}
	answers := make(map[string]bool)
	for _, row := range tab.rows {
		action, rule := tab.filter.Decide(row.call)
		switch {
		case rule != nil:
			answers[rule.Reason] = true
		case row.call.Native() && row.call.Name() != "" && !tab.hasDefault:
			gaps = append(gaps, fmt.Sprintf("%s: %v: no rule answers it, and the table has no default", row.where, row.call))
		case row.call.Native() && row.call.Name() == "" && !tab.hasUnknown:
			gaps = append(gaps, fmt.Sprintf("%s: %v: the table does not say what unknown numbers get", row.where, row.call))
		case !row.call.Native() && action != seccomp.KillProcess:
			gaps = append(gaps, fmt.Sprintf("%s: %v: foreign calls kill", row.where, row.call))
		}
	}
	for _, where := range tab.ruleAt {
		if !answers[where] {
			gaps = append(gaps, where+": the rule answers no row")
		}
	}
	return gaps
}

func TestTableGaps(t *testing.T) {
	for _, c := range []struct{ lines, gap string }{
		{"default: allow", "no rows"},
		{"read -> allow", "no rule answers it"},
		{"default: allow\nnr 999 -> kill_process", "unknown numbers"},
		{"default: allow\nrule: read -> log\nwrite -> allow", "2: the rule answers no row"},
		{"default: allow\nrule: read if arg0 == 1 -> log\nread(2) -> allow", "2: the rule answers no row"},
		{"unknown: allow\nrule: read -> log\nread -> log\nnr 999 -> allow\nx32 read -> kill_process", ""},
	} {
		var tab table
		for i, line := range strings.Split(c.lines, "\n") {
			if err := tab.add(strconv.Itoa(i+1), line); err != nil {
				t.Fatal(err)
			}
		}
		gaps := tab.gaps()
		if c.gap == "" && gaps != nil || c.gap != "" && (len(gaps) != 1 || !strings.Contains(gaps[0], c.gap)) {
			t.Errorf("%q: %q, want %q", c.lines, gaps, c.gap)
		}
	}
}

// A line is a default, a rule or a row: see the README there.
func (tab *table) add(where, text string) (err error) {
	if value, ok := strings.CutPrefix(text, "default:"); ok {
		tab.hasDefault = true
		tab.filter.Default, err = parseAction(value)
		return err
	}
	if value, ok := strings.CutPrefix(text, "unknown:"); ok {
		tab.hasUnknown = true
		tab.filter.Unknown, err = parseAction(value)
		return err
	}
	rest, isRule := strings.CutPrefix(text, "rule:")
	left, right, ok := strings.Cut(rest, "->")
	if !ok {
		return fmt.Errorf("no arrow in %q", text)
	}
	action, err := parseAction(right)
	if err != nil {
		return err
	}
	if isRule {
		rule := seccomp.Rule{Action: action, Reason: where}
		call, conds, _ := strings.Cut(left, " if ")
		rule.Call = strings.TrimSpace(call)
		if rule.When, err = parseConds(conds); err != nil {
			return err
		}
		tab.filter.Rules = append(tab.filter.Rules, rule)
		tab.ruleAt = append(tab.ruleAt, where)
		return nil
	}
	calls, err := parseCalls(strings.TrimSpace(left))
	for _, c := range calls {
		tab.rows = append(tab.rows, row{where, c, action})
	}
	return err
}

// parseConds reads conditions joined by "&&".
func parseConds(s string) (conds []seccomp.Cond, err error) {
	if s == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(s, "&&") {
		c, err := seccomp.ParseCond(part)
		if err != nil {
			return nil, err
		}
		conds = append(conds, c)
	}
	return conds, nil
}

func parseAction(s string) (seccomp.Action, error) {
	s = strings.TrimSpace(s)
	for _, a := range []seccomp.Action{seccomp.KillProcess, seccomp.UnsafeKillThread, seccomp.UserNotif, seccomp.Log, seccomp.Allow} {
		if a.String() == s {
			return a, nil
		}
	}
	kind, arg, _ := strings.Cut(strings.TrimSuffix(s, ")"), "(")
	n, err := strconv.ParseUint(arg, 0, 16)
	if kind == "errno" && err != nil {
		for e := range uint16(abi.MaxErrno) {
			if name, ok := sysno.Errno(e); ok && name == arg {
				n, err = uint64(e), nil
			}
		}
	}
	if err != nil {
		return 0, fmt.Errorf("action %q: %w", s, err)
	}
	switch kind {
	case "errno":
		return seccomp.Errno(uint16(n)), nil
	case "trap":
		return seccomp.Trap(uint16(n)), nil
	case "trace":
		return seccomp.Trace(uint16(n)), nil
	}
	return 0, fmt.Errorf("action %q", s)
}

// parseCalls reads the left side of a row; a range of numbers and alternatives of an
// argument give several calls.
func parseCalls(s string) ([]seccomp.Call, error) {
	name, args, hasArgs := strings.Cut(strings.TrimSuffix(s, ")"), "(")
	calls, err := parseNumbers(name)
	if err != nil || !hasArgs {
		return calls, err
	}
	for i, arg := range strings.Split(args, ",") {
		var with []seccomp.Call
		for value := range strings.SplitSeq(arg, "|") {
			v, err := strconv.ParseUint(strings.TrimSpace(value), 0, 64)
			if err != nil || i >= abi.NumArgs {
				return nil, fmt.Errorf("arguments %q", args)
			}
			for _, c := range calls {
				c.Args[i] = v
				with = append(with, c)
			}
		}
		calls = with
	}
	return calls, nil
}

func parseNumbers(s string) ([]seccomp.Call, error) {
	c := seccomp.Call{Arch: abi.AuditArchX86_64}
	base := uint32(0)
	rest, numeric := strings.CutPrefix(s, "nr ")
	if r, ok := strings.CutPrefix(s, "x32 "); ok {
		rest, numeric, base = r, true, abi.X32Bit
	} else if r, ok := strings.CutPrefix(s, "i386 "); ok {
		rest, numeric, c.Arch = r, true, abi.AuditArchI386
	}
	if nr, ok := sysno.Number(rest); ok {
		c.Nr = base + nr
		return []seccomp.Call{c}, nil
	}
	from, to, isRange := strings.Cut(rest, "..")
	lo, err := strconv.ParseUint(from, 0, 32)
	hi := lo
	if isRange && err == nil {
		hi, err = strconv.ParseUint(to, 0, 32)
	}
	if !numeric || err != nil || hi < lo {
		return nil, fmt.Errorf("call %q", s)
	}
	var calls []seccomp.Call
	for nr := lo; nr <= hi; nr++ {
		c.Nr = base + uint32(nr)
		calls = append(calls, c)
	}
	return calls, nil
}
