// SPDX-License-Identifier: MIT

package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

// attackVar makes a worker attack instead of doing its work.
const attackVar = "BROKER_TEST_ATTACK"

func TestMain(m *testing.M) {
	if os.Args[0] == workerName {
		work := hashNames
		if os.Getenv(attackVar) != "" {
			work = attack
		}
		os.Exit(workerMain(work))
	}
	testproc.Main(m, map[string]func(){"broker": main, "attack in process": attackInProcess})
}

// tree makes a root, with files beside it that nobody may read, and returns it.
func tree(t *testing.T) string {
	t.Helper()
	top := t.TempDir()
	root := filepath.Join(top, "root")
	for name, text := range map[string]string{
		"secret": "secret", "root/private.txt": "private", "root/docs/a.txt": allowedText, "root/docs/sub/b.txt": "b", "root/docs-old/a.txt": "old",
	} {
		name = filepath.Join(top, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{
		"absolute": filepath.Join(top, "secret"), "up": "../../secret", "inside": "../private.txt", "dir": "..", "magic": "/proc/self/root",
		"harmless": "a.txt", "dangling": "nowhere",
	} {
		if err := os.Symlink(to, filepath.Join(root, "docs", link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(root, "docs/fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	return root
}

// A run is the broker with its standard files in the test's hands.
type run struct {
	t      *testing.T
	p      *testproc.Process
	names  *os.File
	out    *bufio.Reader
	errors *bufio.Reader
}

func start(t *testing.T, child testproc.Cmd, args ...string) *run {
	t.Helper()
	var files [3][2]*os.File
	for i := range files {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.SetReadDeadline(time.Now().Add(time.Minute)) // a test that hangs says where
		files[i] = [2]*os.File{r, w}
		t.Cleanup(func() { r.Close(); w.Close() })
	}
	child.Args, child.Stdin, child.Stdout, child.Stderr = args, files[0][0], files[1][1], files[2][1]
	r := &run{t: t, names: files[0][1], out: bufio.NewReader(files[1][0]), errors: bufio.NewReader(files[2][0])}
	r.p = child.Start(t)
	t.Cleanup(func() { r.names.Close() })
	files[0][0].Close()
	files[1][1].Close()
	files[2][1].Close()
	return r
}

// ask gives the worker a name and returns what it prints.
func (r *run) ask(name string) string {
	r.t.Helper()
	fmt.Fprintln(r.names, name)
	return line(r.t, r.out)
}

func line(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	text, err := r.ReadString('\n')
	if err != nil {
		t.Fatalf("%q, %v", text, err)
	}
	return strings.TrimSuffix(text, "\n")
}

// end closes the names and returns what is still printed.
func (r *run) end() (out, errors string) {
	r.t.Helper()
	r.names.Close()
	o, err := io.ReadAll(r.out)
	e, eerr := io.ReadAll(r.errors)
	if err != nil || eerr != nil {
		r.t.Fatal(err, eerr)
	}
	return string(o), string(e)
}

// ways are both modes, with one processor for the scheduler and with as many as there are.
func ways(t *testing.T, child testproc.Cmd, test func(t *testing.T, child testproc.Cmd, mode ...string)) {
	for _, procs := range []string{"1", ""} {
		for name, mode := range map[string][]string{"two processes": nil, "in process": {"-in-process"}} {
			child := child
			if procs != "" {
				child.Env = append(child.Env[:len(child.Env):len(child.Env)], "GOMAXPROCS="+procs)
				name += ", GOMAXPROCS=" + procs
			}
			t.Run(name, func(t *testing.T) { test(t, child, mode...) })
		}
	}
}

func TestBroker(t *testing.T) {
	testproc.Require(t, testproc.WaitKillableRecv)
	root := tree(t)
	ways(t, testproc.Cmd{Name: "broker"}, func(t *testing.T, child testproc.Cmd, mode ...string) {
		r := start(t, child, append(mode, "-root", root, "docs/")...)
		for name, want := range map[string]string{
			"docs/a.txt":            "8fcc6d683f83ebbdd6815424f4f5cc2d185f86b45f50b5d37db4a73735f17c31  docs/a.txt",
			root + "/docs/a.txt":    "  " + root + "/docs/a.txt",
			"docs/sub/b.txt":        "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d  docs/sub/b.txt",
			"private.txt":           "open private.txt: permission denied",
			"docs-old/a.txt":        "open docs-old/a.txt: permission denied",
			"/etc/passwd":           "open /etc/passwd: permission denied",
			"docs/../private.txt":   "open docs/../private.txt: permission denied",
			"docs/up":               "open docs/up: permission denied",
			"docs/none":             "open docs/none: no such file or directory",
			"docs/a.txt/x":          "open docs/a.txt/x: not a directory",
			"no/such/directory/yet": "open no/such/directory/yet: permission denied",
		} {
			if got := r.ask(name); !strings.HasSuffix(got, want) {
				t.Errorf("%s: %q", name, got)
			}
		}
		out, errors := r.end()
		r.p.Wait().ExpectExit(t, 2) // some could not be read
		if out != "" || strings.Contains(strings.TrimPrefix(errors, "broker: worker "), "broker") {
			t.Errorf("%q, %q", out, errors)
		}
	})
}

// What a worker does that was taken over: attack_linux_amd64_test.go.
func TestAttack(t *testing.T) {
	testproc.Require(t, testproc.WaitKillableRecv)
	root := tree(t)
	ways(t, testproc.Cmd{Name: "broker", Env: []string{attackVar + "=1"}}, func(t *testing.T, child testproc.Cmd, mode ...string) {
		if mode != nil {
			child.Name = "attack in process"
		}
		r := start(t, child, append(mode, "-root", root, "docs/")...)
		r.names.Close()
		out, errors := r.end()
		t.Log(out, errors)
		r.p.Wait().ExpectExit(t, 0)
		if !strings.Contains(out, "all attempts made") {
			t.Error("it has not come to its end")
		}
	})
}

// The descriptor is close-on-exec, whatever the worker has asked for.
func TestCloseOnExec(t *testing.T) {
	testproc.Require(t, testproc.WaitKillableRecv)
	r := start(t, testproc.Cmd{Name: "broker", Env: []string{attackVar + "=1"}}, "-root", tree(t), "docs/")
	pid := strings.TrimPrefix(line(t, r.errors), "broker: worker ")
	fd := strings.TrimPrefix(line(t, r.out), "holds ") // and waits for the end of its input
	info, err := os.ReadFile("/proc/" + pid + "/fdinfo/" + fd)
	const readOnlyCloexec = "flags:\t02104000\n" // O_RDONLY | O_CLOEXEC | O_LARGEFILE | O_NONBLOCK, in octal
	if err != nil || !strings.Contains(string(info), readOnlyCloexec) {
		t.Errorf("%v: %s", err, info)
	}
	t.Log(r.end())
	r.p.Wait().ExpectExit(t, 0)
}

// When the supervisor is dead the worker's opens fail, and it ends by itself.
func TestSupervisorDies(t *testing.T) {
	testproc.Require(t, testproc.WaitKillableRecv)
	for _, procs := range []string{"GOMAXPROCS=1", "GOMAXPROCS=2"} {
		r := start(t, testproc.Cmd{Name: "broker", Env: []string{procs}}, "-root", tree(t), "docs/")
		if got := r.ask("docs/a.txt"); !strings.HasSuffix(got, "  docs/a.txt") {
			t.Error(got)
		}
		r.p.Signal(syscall.SIGKILL)
		r.p.Wait().ExpectSignal(t, syscall.SIGKILL)
		if got := r.ask("docs/a.txt"); got != "the supervisor is gone: open docs/a.txt: function not implemented" {
			t.Error(got)
		}
		if rest, err := io.ReadAll(r.out); err != nil || len(rest) != 0 { // which the worker's end ends
			t.Errorf("%q, %v", rest, err)
		}
	}
}

// When the worker is dead the supervisor ends.
func TestWorkerDies(t *testing.T) {
	testproc.Require(t, testproc.WaitKillableRecv)
	for _, procs := range []string{"GOMAXPROCS=1", "GOMAXPROCS=2"} {
		r := start(t, testproc.Cmd{Name: "broker", Env: []string{procs}}, "-root", tree(t), "docs/")
		var pid int
		if _, err := fmt.Sscanf(line(t, r.errors), "broker: worker %d", &pid); err != nil {
			t.Fatal(err)
		}
		r.ask("docs/a.txt")
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		r.p.Wait().ExpectExit(t, 1)
		if _, errors := r.end(); !strings.Contains(errors, "broker: signal: killed") {
			t.Error(errors)
		}
	}
}
