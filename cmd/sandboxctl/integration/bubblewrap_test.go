// SPDX-License-Identifier: MIT

//go:build integration

package integration

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/export"
)

// TestBubblewrap: the very program is loaded, so every number and argument is answered as
// the filter says, those that nobody knows included.
func TestBubblewrap(t *testing.T) {
	need(t, "bwrap")
	root := rootfs(t)
	for _, p := range policies {
		for _, namespaces := range []string{"", "--unshare-pid"} {
			t.Run(fmt.Sprintf("%s%s", p, namespaces), func(t *testing.T) {
				f := filter(t, p, export.Bubblewrap)
				program, err := f.Compile()
				must(t, err)
				file := filepath.Join(t.TempDir(), "filter.bpf")
				must(t, os.WriteFile(file, program.Bytes(), 0o600))
				launch := func(cmd *exec.Cmd) *exec.Cmd { return bubblewrap(t, root, file, namespaces, cmd) }
				for _, text := range compare(t, f, launch) {
					t.Error(text)
				}
				if out, err := launch(exec.Command("/probe", "hello")).CombinedOutput(); err != nil || string(out) != "hello true\n" {
					t.Errorf("%v\n%s", err, out)
				}
				var stderr strings.Builder
				cmd := launch(exec.Command("/probe", "setup", "log-and-abort"))
				cmd.Stderr = &stderr
				var exit *exec.ExitError
				if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != 2 {
					t.Errorf("%v\n%s", err, stderr.String())
				}
				wantReport(t, stderr.String())
			})
		}
	}
}

// bubblewrap runs what would be run here under the filter of a file.
func bubblewrap(t *testing.T, root, filter, namespaces string, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	file, err := os.Open(filter)
	must(t, err)
	t.Cleanup(func() { file.Close() })
	args := []string{"--ro-bind", root, "/", "--proc", "/proc", "--seccomp", "3"}
	if namespaces != "" {
		args = append(args, namespaces)
	}
	b := exec.Command("bwrap", append(args, cmd.Args...)...)
	b.ExtraFiles = []*os.File{file}
	return b
}
