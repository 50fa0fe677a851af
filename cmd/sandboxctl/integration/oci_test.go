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
	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// A bundle is a container of a runtime: runc or crun.
type bundle struct {
	runtime string
	dir     string
	spec    specs.Spec
}

var containers int

// crunWithoutCgroups shows crun a unified hierarchy of control groups, for it takes no
// mixed ones, and has it make none.
const crunWithoutCgroups = `mount --make-rprivate / && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec crun --cgroup-manager=disabled "$0" "$@"`

// newBundle has the runtime itself write the specification; the profile is put into it,
// read by the types of the specification.
func newBundle(t *testing.T, runtime, root string, profile []byte, noNewPrivs bool) *bundle {
	t.Helper()
	b := &bundle{runtime: runtime, dir: t.TempDir()}
	spec := exec.Command(runtime, "spec")
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
	args := []string{"run", "--bundle", b.dir, fmt.Sprintf("sandboxctl-%d-%d", os.Getpid(), containers)}
	if b.runtime == "crun" {
		return exec.Command("unshare", append([]string{"--mount", "sh", "-c", crunWithoutCgroups}, args...)...)
	}
	return exec.Command(b.runtime, args...)
}

// TestOCI: what is measured inside is the policy, the start of a Go program, and what
// the runtime needs, argument by argument; the program's own sandbox works inside, and
// reports.
func TestOCI(t *testing.T) {
	need(t, "runc", "crun", "scmp_sys_resolver")
	root := rootfs(t)
	for _, o := range []struct {
		runtime    string
		launcher   export.Launcher
		noNewPrivs bool
	}{
		{"runc", export.Runc, true},
		{"runc", export.RuncPrivileged, false},
		{"crun", export.Crun, true},
		{"crun", export.CrunPrivileged, false},
	} {
		for _, p := range policies {
			t.Run(fmt.Sprintf("%s/%s/no_new_privs=%v", o.runtime, p, o.noNewPrivs), func(t *testing.T) {
				f := filter(t, p, o.launcher)
				profile, losses, err := export.OCI(f, export.Options{})
				must(t, err)
				b := newBundle(t, o.runtime, root, profile, o.noNewPrivs)
				other := compare(t, f, func(cmd *exec.Cmd) *exec.Cmd { return b.command(t, cmd) })
				if o.runtime == "crun" {
					withoutUnknown(other)
				}
				explained(t, other, losses)
				b.reports(t)
			})
		}
	}
}

// withoutUnknown takes out of the differences the numbers that nobody knows, if they get
// the profile's default, EPERM: only runc answers those by ENOSYS.
func withoutUnknown(other map[uint32]string) {
	for nr, text := range other {
		if _, known := sysno.Name(nr); !known && strings.Contains(text, ": -1, the filter says errno(ENOSYS)") {
			delete(other, nr)
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

// A program that needs no more than the policy works.
func TestOCIHello(t *testing.T) {
	need(t, "runc")
	f := filter(t, sandbox.PolicyNet, export.Runc)
	profile, _, err := export.OCI(f, export.Options{})
	must(t, err)
	out, err := newBundle(t, "runc", rootfs(t), profile, true).command(t, exec.Command("/probe", "hello")).CombinedOutput()
	if err != nil || string(out) != "hello true\n" {
		t.Errorf("%v\n%s", err, out)
	}
}
