// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

func init() {
	children["explain"] = explain
	children["ops"] = opsAreRefused
}

func explain() {
	setUp(testproc.Args()[0])
	run := func() {
		err := sandbox.ExplainError(exec.Command("/bin/true").Run())
		if !errors.Is(err, syscall.EPERM) {
			testproc.Fail("not EPERM: %v", err)
		}
		fmt.Println(err)
	}
	run()
	// Wide enough for all that os/exec does before it makes the child.
	onThread(sandbox.NewPolicy("wide", sandbox.NewSeccompPolicyBuilder().AllowFileSystem()), "wide", run)
}

func TestExplainErrorOfExec(t *testing.T) {
	const why = "fork/exec /bin/true: operation not permitted: "
	for _, action := range []string{"abort", "log-and-abort", "log-and-deny"} {
		out := testproc.Run(t, "explain", action).ExpectExit(t, 0).Stdout
		lines := strings.Split(out, "\n")
		if len(lines) < 2 || !strings.HasPrefix(lines[0], why+`policy "initialization" permits no process creation: allow it in policy "initialization": `) ||
			!strings.HasPrefix(lines[1], why+`policies "initialization" and "wide" permit no process creation: `) {
			t.Errorf("%s:\n%s", action, out)
		}
	}
}

// osCalls are package os's, each behind its name in errors, and the system call that it
// makes.
var osCalls = []struct {
	op, name string
	call     func(f *os.File, name string) error
}{
	{"open", "openat", func(_ *os.File, name string) error { _, err := os.Open(name); return err }},
	{"mkdir", "mkdirat", func(_ *os.File, name string) error { return os.Mkdir(name, 0) }},
	{"remove", "unlinkat", func(_ *os.File, name string) error { return os.Remove(name) }},
	{"rename", "renameat", func(_ *os.File, name string) error { return os.Rename(name, name) }},
	{"link", "linkat", func(_ *os.File, name string) error { return os.Link(name, name) }},
	{"symlink", "symlinkat", func(_ *os.File, name string) error { return os.Symlink(name, name) }},
	{"readlink", "readlinkat", func(_ *os.File, name string) error { _, err := os.Readlink(name); return err }},
	{"stat", "newfstatat", func(_ *os.File, name string) error { _, err := os.Stat(name); return err }},
	{"stat", "fstat", func(f *os.File, _ string) error { _, err := f.Stat(); return err }},
	{"lstat", "newfstatat", func(_ *os.File, name string) error { _, err := os.Lstat(name); return err }},
	{"chmod", "fchmodat", func(_ *os.File, name string) error { return os.Chmod(name, 0) }},
	{"chmod", "fchmod", func(f *os.File, _ string) error { return f.Chmod(0) }},
	{"chown", "fchownat", func(_ *os.File, name string) error { return os.Chown(name, 0, 0) }},
	{"chown", "fchown", func(f *os.File, _ string) error { return f.Chown(0, 0) }},
	{"lchown", "fchownat", func(_ *os.File, name string) error { return os.Lchown(name, 0, 0) }},
	{"truncate", "truncate", func(_ *os.File, name string) error { return os.Truncate(name, 0) }},
	{"truncate", "ftruncate", func(f *os.File, _ string) error { return f.Truncate(0) }},
	{"chdir", "chdir", func(_ *os.File, name string) error { return os.Chdir(name) }},
	{"chdir", "fchdir", func(f *os.File, _ string) error { return f.Chdir() }},
	{"read", "read", func(f *os.File, _ string) error { _, err := f.Read(make([]byte, 1)); return err }},
	{"read", "pread64", func(f *os.File, _ string) error { _, err := f.ReadAt(make([]byte, 1), 0); return err }},
	{"write", "pwrite64", func(f *os.File, _ string) error { _, err := f.WriteAt(make([]byte, 1), 0); return err }},
	{"seek", "lseek", func(f *os.File, _ string) error { _, err := f.Seek(0, 0); return err }},
	{"sync", "fsync", func(f *os.File, _ string) error { return f.Sync() }},
	{"readdirent", "getdents64", func(f *os.File, _ string) error { _, err := f.ReadDir(1); return err }},
}

// opsAreRefused makes each call under a policy that answers it with an errno that it
// has for no other reason, another one for calls that share their name with others.
func opsAreRefused() {
	denied := sandbox.NewPolicy("denied", sandbox.PolicyInitialization.Builder().
		DenyErrno(abi.EOPNOTSUPP, "openat", "mkdirat", "unlinkat", "renameat", "linkat", "symlinkat", "readlinkat", "newfstatat",
			"fchmodat", "fchownat", "truncate", "chdir", "read", "lseek", "fsync", "getdents64").
		DenyErrno(abi.EBUSY, "fstat", "fchmod", "fchown", "ftruncate", "fchdir", "pread64", "pwrite64"))
	f, err := os.CreateTemp("", "")
	must(err)
	must(os.Remove(f.Name()))
	setUp("abort", denied)
	onThread(denied, "denied", func() {
		for _, c := range osCalls {
			fmt.Printf("%s: %v\n", c.op, sandbox.ExplainError(c.call(f, "/nowhere")))
		}
	})
}

// The names in package os's errors are those that ExplainError knows, in this release
// of Go.
func TestExplainErrorKnowsPackageOS(t *testing.T) {
	lines := strings.Split(testproc.Run(t, "ops").ExpectExit(t, 0).Stdout, "\n")
	if len(lines) < len(osCalls) {
		t.Fatal(lines)
	}
	for i, c := range osCalls {
		if !strings.HasPrefix(lines[i], c.op+": "+c.op+" ") || !strings.Contains(lines[i], `: policy "denied" permits no `+c.name+": ") {
			t.Error(lines[i])
		}
	}
}
