// SPDX-License-Identifier: MIT

package testproc

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	Main(m, map[string]func(){
		"return": func() {},
		"fail":   func() { Fail("no %s", "good") },
		"args":   func() { fmt.Print(Args(), os.Getenv("TESTPROC_EXTRA")); fmt.Fprint(os.Stderr, "err") },
		"stdin":  func() { io.Copy(os.Stdout, os.Stdin) },
		"kill":   func() { syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} },
		"hang":   func() { io.Copy(io.Discard, os.Stdin) },
		"ids":    func() { fmt.Print(os.Getuid(), os.Geteuid(), os.Getgid(), os.Getegid()) },
		"parent": func() {
			cmd := Command("args", "of", "mine")
			cmd.Stdout = os.Stdout
			fmt.Print(cmd.Run())
		},
		"nested": func() { _, ok := os.LookupEnv(childVar); fmt.Print(ok) },
	})
}

// recorder is a testing.TB that keeps what a test would have failed with.
type recorder struct {
	testing.TB
	failed   string
	skipped  string
	cleanups []func()
}

func (r *recorder) Helper()                      {}
func (r *recorder) Cleanup(f func())             { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Errorf(f string, args ...any) { r.failed += fmt.Sprintf(f, args...) }
func (r *recorder) Fatalf(f string, args ...any) { r.Errorf(f, args...); panic(r) }
func (r *recorder) Skipf(f string, args ...any)  { r.skipped += fmt.Sprintf(f, args...); panic(r) }

// record runs a test's body and its cleanups.
func record(body func(t testing.TB)) *recorder {
	r := &recorder{}
	func() {
		defer func() {
			if p := recover(); p != nil && p != any(r) {
				panic(p)
			}
		}()
		body(r)
	}()
	for _, f := range r.cleanups {
		f()
	}
	return r
}

func TestEnds(t *testing.T) {
	Run(t, "return").ExpectExit(t, 0)
	Run(t, "return") // a good end need not be named
	r := Run(t, "fail").ExpectExit(t, 1)
	if r.Stderr != "child: no good\n" || r.Signal != 0 {
		t.Errorf("%+v", r)
	}
	if r := Run(t, "kill").ExpectSignal(t, syscall.SIGKILL); r.Exit != -1 {
		t.Errorf("%+v", r)
	}
	if r := Run(t, "parent").ExpectExit(t, 0); r.Stdout != "[of mine]<nil>" {
		t.Errorf("a child's child: %+v", r)
	}
	Run(t, "no such child").ExpectExit(t, exitNoChild)
	if r := Run(t, "nested").ExpectExit(t, 0); r.Stdout != "false" {
		t.Error("a child's children would be children too")
	}
}

// Bad ends fail a test whether it has looked or not.
func TestBadEnds(t *testing.T) {
	for name, body := range map[string]func(t testing.TB){
		"killed, not looked at":   func(t testing.TB) { Run(t, "kill") },
		"failed, not looked at":   func(t testing.TB) { Run(t, "fail") },
		"killed instead of exit":  func(t testing.TB) { Run(t, "kill").ExpectExit(t, 0) },
		"exit instead of killed":  func(t testing.TB) { Run(t, "return").ExpectSignal(t, syscall.SIGSYS) },
		"other code":              func(t testing.TB) { Run(t, "fail").ExpectExit(t, 0) },
		"other signal":            func(t testing.TB) { Run(t, "kill").ExpectSignal(t, syscall.SIGSYS) },
		"no executable":           func(t testing.TB) { Cmd{Executable: "/nonexistent"}.Run(t) },
		"unknown child, no looks": func(t testing.TB) { Run(t, "no such child") },
	} {
		if r := record(body); r.failed == "" {
			t.Errorf("%s: the test passes", name)
		}
	}
	r := record(func(t testing.TB) { Run(t, "fail") })
	if !strings.Contains(r.failed, "exit code 1") || !strings.Contains(r.failed, "no good") {
		t.Errorf("the failure does not show the output: %s", r.failed)
	}
}

func TestTimeout(t *testing.T) {
	// The write end stays open: the child waits for ever.
	stdin, keep, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer keep.Close()
	defer stdin.Close()
	r := record(func(t testing.TB) { Cmd{Name: "hang", Stdin: stdin, Timeout: 50 * time.Millisecond}.Run(t) })
	if !strings.Contains(r.failed, "was killed") {
		t.Errorf("a hanging child: %q", r.failed)
	}
}

func TestOptions(t *testing.T) {
	r := Cmd{Name: "args", Args: []string{"a", "-test.v"}, Env: []string{"TESTPROC_EXTRA=x"}}.Run(t)
	if r.Stdout != "[a -test.v]x" || r.Stderr != "err" {
		t.Errorf("%+v", r)
	}
	if r := (Cmd{Name: "stdin", Stdin: strings.NewReader("hello")}.Run(t)); r.Stdout != "hello" {
		t.Errorf("%+v", r)
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if r := (Cmd{Name: "args", Stdout: file, Stderr: file}.Run(t)); r.Stdout != "" || r.Stderr != "" {
		t.Errorf("%+v", r)
	}
	if data, _ := os.ReadFile(file.Name()); string(data) != "[]err" {
		t.Errorf("file: %q", data)
	}
	if r := (Cmd{Executable: "/bin/echo", Args: []string{"hi"}}.Run(t)); r.Stdout != "hi\n" {
		t.Errorf("%+v", r)
	}
}

func TestOrdinaryUser(t *testing.T) {
	want := fmt.Sprint(os.Getuid(), os.Geteuid(), os.Getgid(), os.Getegid())
	if os.Geteuid() == 0 {
		want = fmt.Sprint(ordinaryID, ordinaryID, ordinaryID, ordinaryID)
	}
	if r := (Cmd{Name: "ids", OrdinaryUser: true}.Run(t)); r.Stdout != want {
		t.Errorf("%+v, want %s", r, want)
	}
}

func TestProcess(t *testing.T) {
	stdin, keep, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer keep.Close()
	defer stdin.Close()
	p := Cmd{Name: "hang", Stdin: stdin}.Start(t)
	p.Signal(syscall.SIGKILL)
	p.Wait().ExpectSignal(t, syscall.SIGKILL)
}

func TestRequire(t *testing.T) {
	Require(t, Feature{"something old", Version{2, 6}})
	r := record(func(t testing.TB) { Require(t, Feature{"the future", Version{999, 0}}) })
	if !strings.HasPrefix(r.skipped, SkipMarker+" the future needs 999.0, have ") {
		t.Errorf("skipped with %q", r.skipped)
	}
}

func TestVersions(t *testing.T) {
	for release, want := range map[string]Version{"6.1.0-18-amd64": {6, 1}, "5.10.0": {5, 10}, "4.14": {4, 14}, "6.18-rc1": {6, 18}} {
		if v, err := parseRelease(release); err != nil || v != want {
			t.Errorf("%s: %v, %v", release, v, err)
		}
	}
	for _, release := range []string{"", "6", "x.y"} {
		if v, err := parseRelease(release); err == nil {
			t.Errorf("%q: %v", release, v)
		}
	}
	if !(Version{5, 7}).Before(Version{5, 10}) || (Version{6, 0}).Before(Version{5, 19}) || (Version{5, 7}).Before(Version{5, 7}) {
		t.Error("order of versions")
	}
}
