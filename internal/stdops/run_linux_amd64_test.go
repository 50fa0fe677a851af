// SPDX-License-Identifier: MIT

package stdops

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

func TestMain(m *testing.M) {
	testproc.Main(m, map[string]func(){"free": free, "under": under})
}

// free runs every operation without a policy, made one by one as a program would.
func free() {
	for _, o := range All() {
		run, err := o.Make()
		if err == nil {
			err = run()
		}
		if err != nil {
			testproc.Fail("%s: %v", o, err)
		}
		if o.WarmUp != nil && o.WarmUp() != nil {
			testproc.Fail("%s: warming up: %v", o, o.WarmUp())
		}
	}
}

// Whatever fails under a policy does not fail by itself.
func TestRunFreely(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	testproc.Run(t, "free").ExpectExit(t, 0)
	testproc.Cmd{Name: "free", Env: []string{"TMPDIR=" + worldDir(t)}, OrdinaryUser: true}.Run(t).ExpectExit(t, 0)
}

// worldDir is a temporary directory that every user can use.
func worldDir(t *testing.T) string {
	dir := t.TempDir()
	if err := errors.Join(os.Chmod(dir, 0o777), os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
		t.Fatal(err)
	}
	return dir
}
