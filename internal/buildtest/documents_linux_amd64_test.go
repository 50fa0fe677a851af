// SPDX-License-Identifier: MIT

package buildtest

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/learn"
)

// A mark stands before a block of code in a document, in a comment:
//
//	<!-- go: node/main.go -->        what follows is a part of this file of program node
//	<!-- go: net/main.go             ... after this part, which readers do not see
//	package main
//	-->
//	<!-- output: log-and-abort -->   what the program of the document prints
type mark struct{ kind, name, hidden, code string }

// marksOf returns the marked blocks of a document. Go code without a mark is a mistake, but
// for whole programs.
func marksOf(t *testing.T, file string) (marks []mark) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?ms)(?:^<!-- (go|output): ([^\\s]+)(.*?)-->\n)?^```(go)?\n(.*?)^```\n")
	for _, m := range block.FindAllStringSubmatch(string(text), -1) {
		if m[1] == "" && m[4] == "go" && !strings.HasPrefix(m[5], "package main\n") {
			t.Errorf("%s: nothing builds\n%s", file, m[5])
		}
		if m[1] != "" {
			marks = append(marks, mark{m[1], m[2], strings.TrimLeft(m[3], " "), m[5]})
		}
	}
	return marks
}

// writeFiles writes the Go files of a document and returns them by program.
func writeFiles(t *testing.T, marks []mark) map[string][]string {
	t.Helper()
	dir := t.TempDir()
	programs := make(map[string][]string)
	for _, m := range marks {
		if m.kind != "go" {
			continue
		}
		name, program := filepath.Join(dir, m.name), filepath.Dir(m.name)
		if !slices.Contains(programs[program], name) {
			programs[program] = append(programs[program], name)
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(m.hidden + m.code + "\n"); err != nil || f.Close() != nil {
			t.Fatal(err)
		}
	}
	return programs
}

// goCommand runs the go command at the root of the module, where the documents' files find
// its packages.
func goCommand(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %v\n%s", cmd, err, out)
	}
}

func documents(t *testing.T) []string {
	t.Helper()
	in := func(pattern string) []string {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) < 3 {
			t.Fatal(files, err)
		}
		return files
	}
	return append(in("../../docs/*.md"), in("../../*.md")...)
}

// All Go code in the documents builds, and vet has nothing to say of it.
func TestDocumentsBuild(t *testing.T) {
	for _, d := range documents(t) {
		for _, files := range writeFiles(t, marksOf(t, d)) {
			goCommand(t, append([]string{"vet"}, files...)...)
		}
	}
}

// Links between the documents, and to files, lead somewhere.
func TestDocumentsLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]*)(#[^)]*)?\)`)
	for _, d := range documents(t) {
		text, err := os.ReadFile(d)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			target := d
			if m[1] != "" {
				target = filepath.Join(filepath.Dir(d), m[1])
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %v", d, err)
			} else if m[2] != "" && !slices.Contains(anchors(t, target), m[2]) {
				t.Errorf("%s: %s has no heading %s", d, target, m[2])
			}
		}
	}
}

// anchors are the headings of a document as links have them.
func anchors(t *testing.T, file string) (all []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	left := regexp.MustCompile(`[^a-z0-9 _-]`)
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(string(text), -1) {
		all = append(all, "#"+strings.ReplaceAll(left.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return all
}

// A run is how the node of docs/onboarding.md is run for one block of output.
type run struct {
	script string // what a peer sends
	until  string // what the node prints when it has seen to it; "": it ends by itself
	exit   int
}

var runs = map[string]run{
	"learned":       {"cafe f00d", "block kept", 0},
	"log-and-allow": {"cafe include:/etc/passwd", "violation: openat", 0},
	"log-and-deny":  {"cafe include:/etc/passwd", "violation: openat", 0},
	"log-and-abort": {"cafe include:/etc/passwd", "", 2},
}

// The node of docs/onboarding.md passes its own tests and prints what stands there.
func TestOnboarding(t *testing.T) {
	marks := marksOf(t, "../../docs/onboarding.md")
	files := writeFiles(t, marks)["node"]
	goCommand(t, append([]string{"test"}, files...)...)

	program := filepath.Join(t.TempDir(), "node")
	sources := slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, "_test.go") })
	goCommand(t, append([]string{"build", "-trimpath", "-o", program}, sources...)...)
	shown := 0
	for _, m := range marks {
		if m.kind == "output" {
			shown++
			t.Run(m.name, func(t *testing.T) { runs[m.name].check(t, program, m) })
		}
	}
	if shown != len(runs) {
		t.Errorf("%d outputs are shown, not %d", shown, len(runs))
	}
	dir := t.TempDir()
	n := startNode(t, program, dir, "abort")
	n.send(t, "cafe include:/etc/passwd")
	n.rest()
	n.process.Wait().ExpectSignal(t, syscall.SIGSYS)
}

func (r run) check(t *testing.T, program string, m mark) {
	action, dir := m.name, t.TempDir()
	if action == "learned" {
		action = "learn"
	}
	n := startNode(t, program, dir, action)
	n.send(t, r.script)
	if r.until != "" {
		n.waitFor(t, r.until)
		n.process.Signal(syscall.SIGTERM)
	}
	got := n.rest() // up to its end
	n.process.Wait().ExpectExit(t, r.exit)
	if action == "learn" {
		got = learnedSource(t, filepath.Join(dir, "run.json"))
	}
	contains(t, got, m.code)
}

func learnedSource(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := learn.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	source, err := r.GoSource("main")
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

// A runningNode is a node and what it has written so far.
type runningNode struct {
	process *testproc.Process
	lines   *bufio.Scanner
	output  strings.Builder
	address string
}

func startNode(t *testing.T, program, dir, action string) *runningNode {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	args := []string{"-listen=127.0.0.1:0", "-data=" + dir + "/blocks.txt", "-learned=" + dir + "/run.json", "-sandbox=" + action}
	n := &runningNode{process: testproc.Cmd{Executable: program, Args: args, Stderr: w}.Start(t), lines: bufio.NewScanner(r)}
	w.Close()
	_, n.address, _ = strings.Cut(n.waitFor(t, "listening on "), "listening on ")
	return n
}

// waitFor reads up to a line with this text.
func (n *runningNode) waitFor(t *testing.T, text string) string {
	t.Helper()
	for n.lines.Scan() {
		n.output.WriteString(n.lines.Text() + "\n")
		if strings.Contains(n.lines.Text(), text) {
			return n.lines.Text()
		}
	}
	t.Errorf("the node does not say %q but\n%s", text, n.output.String())
	return ""
}

func (n *runningNode) rest() string {
	for n.lines.Scan() {
		n.output.WriteString(n.lines.Text() + "\n")
	}
	return n.output.String()
}

func (n *runningNode) send(t *testing.T, block string) {
	t.Helper()
	conn, err := net.Dial("tcp", n.address)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(block + "\n")); err != nil {
		t.Error(err)
	}
}

var numbers = regexp.MustCompile(`0x[0-9a-f]+|[0-9]+`)

// contains reports lines of a document that a program does not print in this order. "..."
// stands for lines that are left out, "[...]" for the end of a line. Numbers may be others, but
// for those of the node's own lines.
func contains(t *testing.T, output, shown string) {
	t.Helper()
	plain := func(s string) string {
		if strings.Contains(s, "./main.go:") {
			return s
		}
		return numbers.ReplaceAllString(s, "0")
	}
	lines := strings.Split(output, "\n")
	for line := range strings.Lines(shown) {
		line, abridged := strings.CutSuffix(plain(strings.TrimSuffix(line, "\n")), "[...]")
		if line == "..." {
			continue
		}
		i := slices.IndexFunc(lines, func(l string) bool {
			return plain(l) == line || abridged && strings.HasPrefix(plain(l), line)
		})
		if i < 0 {
			t.Errorf("there is no line\n%s\nin its place in\n%s", line, output)
			return
		}
		lines = lines[i+1:]
	}
}
