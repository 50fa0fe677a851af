// SPDX-License-Identifier: MIT

//go:build integration

package integration

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/export"
)

// A bundle is a container of runc.
type bundle struct {
	dir  string
	spec specs.Spec
}

var containers int

// newBundle has runc itself write the specification; the profile is put into it, read by
// the types of the specification.
func newBundle(t *testing.T, root string, profile []byte, noNewPrivs bool) *bundle {
	t.Helper()
	b := &bundle{dir: t.TempDir()}
	spec := exec.Command("runc", "spec")
	spec.Dir = b.dir
	if out, err := spec.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(b.dir, "config.json"))
	must(t, err)
	must(t, json.Unmarshal(text, &b.spec))
	b.spec.Process.Terminal, b.spec.Process.NoNewPrivileges, b.spec.Root.Path = false, noNewPrivs, root
	d := json.NewDecoder(bytes.NewReader(profile))
	must(t, d.Decode(&b.spec.Linux.Seccomp))
	return b
}

// command runs what would be run here in the container.
func (b *bundle) command(t *testing.T, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	b.spec.Process.Args = cmd.Args
	text, err := json.Marshal(b.spec)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(b.dir, "config.json"), text, 0o644))
	containers++
	return exec.Command("runc", "run", "--bundle", b.dir, fmt.Sprintf("sandboxctl-%d-%d", os.Getpid(), containers))
}

// TestRunc: what is measured inside is the policy, the start of a Go program, and what
// runc needs, argument by argument; the program's own sandbox works inside, and reports.
func TestRunc(t *testing.T) {
	need(t, "runc", "scmp_sys_resolver")
	root := rootfs(t)
	for launcher, noNewPrivs := range map[export.Launcher]bool{export.Runc: true, export.RuncPrivileged: false} {
		for _, p := range policies {
			t.Run(fmt.Sprintf("%s/no_new_privs=%v", p, noNewPrivs), func(t *testing.T) {
				f := filter(t, p, launcher)
				profile, losses, err := export.OCI(f, export.Options{})
				must(t, err)
				b := newBundle(t, root, profile, noNewPrivs)
				explained(t, compare(t, f, func(cmd *exec.Cmd) *exec.Cmd { return b.command(t, cmd) }), losses)
				b.reports(t)
			})
		}
	}
}

func (b *bundle) reports(t *testing.T) {
	t.Helper()
	for action, want := range map[string]int{"abort": 128 + 31, "log-and-abort": 2, "log-and-deny": 0} {
		var stderr strings.Builder
		cmd := b.command(t, exec.Command("/probe", "setup", action))
		cmd.Stderr = &stderr
		var exit *exec.ExitError
		if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		if got := cmd.ProcessState.ExitCode(); got != want {
			t.Errorf("%s: exit code %d, not %d\n%s", action, got, want, stderr.String())
		}
		if action != "abort" {
			wantReport(t, stderr.String())
		}
	}
}

// A refused call ends as the profile says.
func TestRuncRefuses(t *testing.T) {
	need(t, "runc")
	f := filter(t, sandbox.PolicyNet, export.Runc)
	profile, _, err := export.OCI(f, export.Options{})
	must(t, err)
	out, err := newBundle(t, rootfs(t), profile, true).command(t, exec.Command("/probe", "hello")).CombinedOutput()
	if err != nil || string(out) != "hello true\n" {
		t.Errorf("%v\n%s", err, out)
	}
}
