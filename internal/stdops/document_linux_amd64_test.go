// SPDX-License-Identifier: MIT

package stdops

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox"
)

const document = "../../docs/standard-library.md"

var update = flag.Bool("update", false, "write the tables of docs/standard-library.md anew")

// measured are all columns; policies are measured side by side.
func measured(t *testing.T, ops []Op, wanted func(i int) bool, processToo bool) []*column {
	t.Helper()
	all := columns(t)
	env := environment(t)
	t.Run("policies", func(t *testing.T) {
		for i, c := range all {
			if !wanted(i) {
				continue
			}
			t.Run(c.policies[0].String(), func(t *testing.T) {
				t.Parallel()
				c.measureThread(t, ops, env)
				if processToo {
					c.measureProcess(t, ops, env)
				}
			})
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	return all
}

// The tables of the document are made here, of what happens to each operation under each
// policy: CGO_ENABLED=0 go test ./internal/stdops -run TestDocument -update
func TestDocument(t *testing.T) {
	if libC {
		t.Log("with a C library, users and hosts are its business, and threads call what pure Go does not: TestCells compares what can be compared")
		return
	}
	columns := measured(t, tabled(false), func(int) bool { return true }, true)
	have, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	text := string(have)
	for _, part := range []struct{ name, text string }{
		{"columns", columnTable(columns)},
		{"thread", threadTable(columns)},
		{"process", processTable(columns)},
		{"warm-up", warmTable(columns)},
		{"elsewhere", elsewhereTable()},
	} {
		begin, end := "<!-- "+part.name+": CGO_ENABLED=0 go test ./internal/stdops -run TestDocument -update -->\n", "<!-- end of "+part.name+" -->\n"
		before, rest, ok := strings.Cut(text, begin)
		now, after, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("the document has lost its marks of %s", part.name)
		}
		if now != part.text && !*update {
			t.Errorf("the table of %s is another now; if that is meant, see the document's first mark\n%s", part.name, firstDifference(now, part.text))
		}
		text = before + begin + part.text + end + after
	}
	if *update {
		if err := os.WriteFile(document, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return fmt.Sprintf("-%s\n+%s", w[i], g[i])
		}
	}
	return fmt.Sprintf("%d lines, not %d", len(g), len(w))
}

// label is an operation in the document.
func label(o Op) string {
	s := "`" + strings.TrimPrefix(o.Package, "golang.org/x/sys/") + "." + o.Name + "`"
	if o.With != "" {
		s += " (" + o.With + ")"
	}
	return s
}

// labels finds them in a cell.
var labels = regexp.MustCompile("`[^`]+`( \\([^)]*\\))?")

// cell is what a column says of an operation.
func cell(o outcome) string {
	switch {
	case o.warm:
		return "warm"
	case o.refused != "":
		return "–"
	case o.errno != "":
		return "err"
	}
	return "✓"
}

// A row is operations that fare alike.
type row struct {
	ops   []Op
	cells []string
	calls []string // why not, where they do not work
}

// rowsOf makes rows in the order of operations: one for those of one package that fare
// alike, and for all that work everywhere.
func rowsOf(columns []*column, ops []Op, of func(c *column) map[string]outcome) (rows []*row) {
	for _, o := range ops {
		r := &row{ops: []Op{o}}
		for _, c := range columns {
			got := of(c)[o.String()]
			r.cells = append(r.cells, cell(got))
			why := ""
			if got.refused != "" {
				call, rest, _ := strings.Cut(got.refused, " ")
				why = strings.TrimSuffix("`"+call+"` "+rest, " ")
			} else if got.errno != "" {
				why = `err: "` + got.errno + `"`
			}
			if why != "" && !slices.Contains(r.calls, why) {
				r.calls = append(r.calls, why)
			}
		}
		i := slices.IndexFunc(rows, func(have *row) bool {
			return (have.ops[0].Package == o.Package || len(r.calls) == 0) && slices.Equal(have.cells, r.cells) && slices.Equal(have.calls, r.calls)
		})
		if i < 0 {
			rows = append(rows, r)
		} else {
			rows[i].ops = append(rows[i].ops, o)
		}
	}
	return rows
}

func table(columns []*column, rows []*row) string {
	var b strings.Builder
	b.WriteString("| operation |")
	for _, c := range columns {
		fmt.Fprintf(&b, " %s |", c.head())
	}
	b.WriteString(" stopped by |\n| --- |" + strings.Repeat(" :-: |", len(columns)) + " --- |\n")
	for _, r := range rows {
		var names []string
		for _, o := range r.ops {
			names = append(names, label(o))
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", strings.Join(names, ", "), strings.Join(r.cells, " | "), strings.Join(r.calls, ", "))
	}
	return b.String()
}

func onThread(c *column) map[string]outcome  { return c.thread }
func onProcess(c *column) map[string]outcome { return c.process }

// A sectionOf is a part of the table of threads.
type sectionOf struct {
	title    string
	packages []string // nil: all others
}

var sections = []sectionOf{
	{"Files, programs, accounts", []string{"os", "io", "path/filepath", "os/exec", "os/user", "mime"}},
	{"Network", []string{"net", "net/http", "crypto/tls", "crypto/x509", "log/syslog"}},
	{"Time, random numbers, logs, the runtime", nil},
	{"What databases call themselves (golang.org/x/sys/unix)", []string{"golang.org/x/sys/unix"}},
}

// section is the number of an operation's.
func section(o Op) int {
	i := slices.IndexFunc(sections, func(s sectionOf) bool { return slices.Contains(s.packages, o.Package) })
	if i < 0 {
		i = slices.IndexFunc(sections, func(s sectionOf) bool { return s.packages == nil })
	}
	return i
}

func threadTable(columns []*column) string {
	var b strings.Builder
	for i, s := range sections {
		ops := slices.DeleteFunc(tabled(false), func(o Op) bool { return section(o) != i })
		fmt.Fprintf(&b, "\n### %s\n\n%s", s.title, table(columns, rowsOf(columns, ops, onThread)))
	}
	return b.String()
}

// processTable has only what differs.
func processTable(columns []*column) string {
	ops := slices.DeleteFunc(tabled(false), func(o Op) bool {
		return !slices.ContainsFunc(columns, func(c *column) bool {
			return cell(c.thread[o.String()]) != cell(c.process[o.String()])
		})
	})
	return table(columns, rowsOf(columns, ops, onProcess))
}

func columnTable(columns []*column) string {
	var b strings.Builder
	b.WriteString("| head | policies |\n| --- | --- |\n")
	for _, c := range columns {
		var names []string
		for _, p := range c.policies {
			names = append(names, "`"+p.String()+"`")
		}
		fmt.Fprintf(&b, "| %s | %s |\n", c.head(), strings.Join(names, ", "))
	}
	return b.String()
}

// warmTable has what helped under some policy, and the call that it spares.
func warmTable(columns []*column) string {
	var b strings.Builder
	b.WriteString("| before narrowing | spares | so that it works too under |\n| --- | --- | --- |\n")
	for _, o := range tabled(false) {
		if o.WarmUp == nil {
			continue
		}
		var heads, calls []string
		for _, c := range columns {
			if got := c.thread[o.String()]; got.warm {
				heads = append(heads, c.head())
				if !slices.Contains(calls, got.refused) {
					calls = append(calls, got.refused)
				}
			}
		}
		if heads != nil {
			fmt.Fprintf(&b, "| `%s` | %s: `%s` and what follows | %s |\n", o.Warm, label(o), strings.Join(calls, "`, `"), strings.Join(heads, ", "))
		}
	}
	return b.String()
}

func elsewhereTable() string {
	var b strings.Builder
	b.WriteString("| operation | on other goroutines |\n| --- | --- |\n")
	for _, o := range All() {
		if o.Elsewhere != "" {
			fmt.Fprintf(&b, "| %s | %s |\n", label(o), o.Elsewhere)
		}
	}
	return b.String()
}

// A listener of one's own under a policy that may open nothing: package net reads the
// length of the queue, once.
func TestListen(t *testing.T) {
	const listen = "net.Listen (tcp)"
	y := try{policy: ownPolicies["listener"], scope: sandbox.ScopeThread, env: environment(t)}
	if got := y.attempt(t, []string{listen})[0]; got.refused != "openat" {
		t.Errorf("at first: %+v", got)
	}
	y.warm = true
	if got := y.attempt(t, []string{listen})[0]; !got.works() {
		t.Errorf("after a first one: %+v", got)
	}
}

// Two calls are enough for what nobody closes.
func TestForgotten(t *testing.T) {
	names := []string{"os.File (forgotten)", "net.TCPConn (forgotten)"}
	got := try{policy: ownPolicies["closer"], scope: sandbox.ScopeProcess, env: environment(t)}.attempt(t, names)
	if len(got) != len(names) || !got[0].works() || !got[1].works() {
		t.Errorf("%+v", got)
	}
}

// With a C library or the race detector too, operations fare as the document says. Not
// every policy is tried in these builds, which are slower.
func TestCells(t *testing.T) {
	if !libC {
		t.Log("TestDocument compares them all")
		return
	}
	ops := tabled(true)
	columns := measured(t, ops, func(i int) bool { return i%2 == 0 && (!race || i%4 == 0) }, false)
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "<!-- thread:")
	rest, _, _ = strings.Cut(rest, "<!-- end of thread")
	documented := make(map[string][]string)
	for line := range strings.Lines(rest) {
		if cells := strings.Split(line, " | "); len(cells) == len(columns)+2 {
			for _, name := range labels.FindAllString(cells[0], -1) {
				documented[name] = cells[1:]
			}
		}
	}
	for _, o := range ops {
		for i, c := range columns {
			if c.thread == nil {
				continue
			}
			got := c.thread[o.String()]
			if cells := documented[label(o)]; cells == nil || cells[i] != cell(got) {
				t.Errorf("%s under %s: %q %+v, and in the document %q", o, c.policies[0], cell(got), got, cells)
			}
		}
	}
}
