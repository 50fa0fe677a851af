// SPDX-License-Identifier: MIT

package sandboxtest_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/sandboxtest"
)

func TestMain(m *testing.M) {
	// A user's TestMain runs in children too, and may do as it likes with the result.
	code := m.Run()
	os.Exit(code)
}

func TestRun(t *testing.T) {
	ran := false
	sandboxtest.Run(t, small, func(t testing.TB) {
		ran = true
		if !sandbox.Enabled() {
			t.Error("no policy is in force")
		}
	})
	if ran {
		t.Error("it ran here")
	}
	if sandbox.Enabled() {
		t.Error("the policy is in force here")
	}
}

// The policy is on the thread alone, or on every thread.
func TestScopes(t *testing.T) {
	answers := sandbox.NewPolicy("answers", small.Builder().DenyErrno(22, "getgroups"))
	executes := func() bool {
		done := make(chan error)
		go func() { done <- sandbox.TestDisallowedSandboxCall() }()
		return errors.Is(<-done, sandbox.ErrExecuted)
	}
	sandboxtest.RunThread(t, answers, func(t testing.TB) {
		if err := sandbox.TestDisallowedSandboxCall(); err != nil {
			t.Errorf("on the thread: %v", err)
		}
		if !executes() {
			t.Error("refused on another thread")
		}
	})
	sandboxtest.Run(t, answers, func(t testing.TB) {
		if err := sandbox.TestDisallowedSandboxCall(); err != nil {
			t.Errorf("%v", err)
		}
		if executes() {
			t.Error("executed on another thread")
		}
	})
}

func TestRefused(t *testing.T) {
	sandboxtest.Refused(t, small, "getgroups", getgroups)
	sandboxtest.Refused(t, small, "mkdirat", func() { syscall.Mkdir("/nonexistent/x", 0) })
	sandboxtest.Refused(t, sockets, "socket", func() {
		// What the policy allows does not count.
		if fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0); err == nil {
			_ = fd
		}
		syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	})
	for _, p := range sandbox.Policies() {
		sandboxtest.Refused(t, p, "getgroups", getgroups)
	}
}

// One place in the code that makes several calls, each with a child of its own.
func TestRepeated(t *testing.T) {
	for range 2 {
		for _, r := range []struct {
			call string
			make func()
		}{{"getgroups", getgroups}, {"mkdirat", func() { syscall.Mkdir("/nonexistent/x", 0) }}, {"socket", func() { syscall.Socket(1, 1, 0) }}} {
			sandboxtest.Refused(t, small, r.call, r.make)
			helper(t, r.call, r.make)
		}
	}
}

// helper is the place of several calls too, and has two.
func helper(t *testing.T, call string, make func()) {
	t.Helper()
	sandboxtest.Run(t, small, func(t testing.TB) { t.Log("before", call) })
	sandboxtest.Refused(t, small, call, make)
}

// Only exactly the subtest runs in the child, whatever its name.
func TestNames(t *testing.T) {
	for _, name := range []string{
		"plain", "a b", "a/b", "a", "(", "[x", "x]", "a|b", "a.b", "axb", "^a$", `back\slash`, "a*", "tab\tand\nnewline", "ünïcödé☃", "", "/", "-test.run=x", "a", "a", `"quoted"`, "\xff",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sandboxtest.Run(t, small, func(b testing.TB) {
				if b.Name() != t.Name() {
					b.Errorf("the child runs as %q", b.Name())
				}
			})
			t.Run("below/it", func(t *testing.T) { sandboxtest.Refused(t, small, "getgroups", getgroups) })
		})
	}
}

// What a test's function is told reaches the test.
func TestTB(t *testing.T) {
	out := rerun(t, "TestTBInner")
	for _, text := range []string{"sandboxtest_linux_amd64_test.go:", "logged 1", "from a helper", "as output", "--- SKIP: TestTBInner/skips", "not today", "the first cleanup runs last: true", "--- PASS: TestTBInner/logs", "printed"} {
		if !strings.Contains(out, text) {
			t.Errorf("no %q in\n%s", text, out)
		}
	}
	// The place of a helper's text is that of its caller.
	if strings.Contains(out, "helper_place") {
		t.Error(out)
	}
}

func rerun(t *testing.T, test string, flags ...string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0], append(flags, "-test.run=^"+test+"$", "-test.v")...)
	cmd.Env = append(os.Environ(), plantVar+"=inner")
	countCoverage(cmd)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// TestTBInner is what TestTB runs; by itself it would be a test that was skipped.
func TestTBInner(t *testing.T) {
	if os.Getenv(plantVar) != "inner" {
		return
	}
	t.Run("logs", func(t *testing.T) {
		sandboxtest.RunThread(t, small, func(t testing.TB) {
			t.Log("logged", 1)
			logsAsHelper(t)
			fmt.Fprintln(t.Output(), "as output")
			println("printed")
			cleaned := false
			t.Cleanup(func() { t.Log("the first cleanup runs last:", cleaned) })
			t.Cleanup(func() { cleaned = true })
			if t.Failed() || t.Skipped() {
				t.Error("failed or skipped before anything")
			}
		})
	})
	t.Run("skips", func(t *testing.T) {
		sandboxtest.Run(t, small, func(t testing.TB) {
			t.Skip("not today")
			t.Error("it goes on")
		})
		t.Error("the test goes on")
	})
}

func logsAsHelper(t testing.TB) {
	t.Helper()
	t.Log("from a helper")
}

// A test's temporary files of the child are gone with it.
func TestTemporaryFilesGo(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	dir := t.TempDir() // in the child another one
	files := sandbox.NewPolicy("files", nothing().AllowFileSystem().Allow("close", "fcntl", "epoll_ctl", "getrandom"))
	sandboxtest.RunThread(t, files, func(t testing.TB) {
		for _, d := range []string{dir, t.TempDir()} {
			if err := os.WriteFile(filepath.Join(d, "x"), []byte("x"), 0o600); err != nil {
				t.Error(err)
			}
		}
	})
	entries, err := os.ReadDir(tmp)
	if err != nil || len(entries) > 1 {
		t.Errorf("%v, %v", entries, err)
	}
}

// The child starts where the tests were started, and goes the same way from there.
func TestChdir(t *testing.T) {
	_, err := os.Stat("testdata")
	t.Chdir(t.TempDir())
	sandboxtest.Run(t, small, func(t testing.TB) {
		if err != nil {
			t.Error(err)
		}
	})
}

// A child is told by a variable, which programs that it executes must not have.
func TestVariableGoes(t *testing.T) {
	sandboxtest.RunThread(t, small, func(t testing.TB) {
		if v, ok := os.LookupEnv("SANDBOXTEST_CHILD"); ok {
			t.Errorf("%s", v)
		}
	})
}

// The example's policy is as the example says.
func TestExamplePolicy(t *testing.T) {
	name := filepath.Join(t.TempDir(), "index")
	sandboxtest.RunThread(t, policyIndex, func(t testing.TB) {
		if _, err := os.ReadFile(name); !os.IsNotExist(err) {
			t.Error(err)
		}
	})
	sandboxtest.Refused(t, policyIndex, "openat", func() { os.Create(name) })
	sandboxtest.Allows(t, policyIndex, "openat(AT_FDCWD, _, O_RDONLY|O_CLOEXEC)", "read")
	sandboxtest.Refuses(t, policyIndex, "openat(_, _, O_RDWR)", "socket", "execve")
}
