// SPDX-License-Identifier: MIT

//go:build integration

package integration

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/export"
	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// policies are narrow and wide ones, and one of every kind of condition.
var policies = []sandbox.SyscallSandboxPolicy{
	sandbox.PolicyValidationScriptCheck, sandbox.PolicyNet, sandbox.PolicyInitializationMapPort, sandbox.PolicyTxIndex, sandbox.PolicyInitialization,
}

func need(t *testing.T, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%v: install what .ci/run does", err)
		}
	}
}

// rootfs is a directory with the probe, a static program, in it.
func rootfs(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o755))
	for _, d := range []string{"proc", "dev", "sys", "tmp"} {
		must(t, os.Mkdir(filepath.Join(dir, d), 0o755))
	}
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "probe"), "./probe")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

func filter(t *testing.T, p sandbox.SyscallSandboxPolicy, l export.Launcher) seccomp.Filter {
	t.Helper()
	f, err := p.Filter(sandbox.ScopeContainer, sandbox.ActionDeny)
	must(t, err)
	f = export.ForLauncher(f, l)
	if action, _ := f.Decide(seccomp.Call{Arch: abi.AuditArchX86_64, Nr: sysno.Swapoff}); action.Permits() {
		t.Fatalf("%s permits what the probe has refused by both filters", p)
	}
	return f
}

// compare asks the probe, which launch runs, about samples, and returns what it answers
// otherwise than the filter, by number. Of two errnos ENOSYS hides "permitted": samples
// whose answer is ENOSYS say nothing more than that they are not refused otherwise.
func compare(t *testing.T, f seccomp.Filter, launch func(*exec.Cmd) *exec.Cmd) map[uint32]string {
	t.Helper()
	calls := samples(f)
	var in bytes.Buffer
	must(t, gob.NewEncoder(&in).Encode(calls))
	cmd := launch(exec.Command("/probe", "measure"))
	var out, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var results []int64
	must(t, gob.NewDecoder(&out).Decode(&results))
	other := make(map[uint32]string)
	for i, c := range calls {
		action, _ := f.Decide(c)
		want := -int64(abi.ENOSYS)
		if !action.Permits() {
			want = -int64(action.Value() & abi.RetData)
		}
		if results[i] != want {
			other[c.Nr] = fmt.Sprintf("%s: %d, the filter says %s", c, results[i], action)
		}
	}
	return other
}

// unknownTo reports whether the installed libseccomp has no number for a call.
func unknownTo(t *testing.T, name string) bool {
	t.Helper()
	out, err := exec.Command("scmp_sys_resolver", "-a", "x86_64", name).Output()
	must(t, err)
	nr, err := strconv.Atoi(strings.TrimSpace(string(out)))
	must(t, err)
	return nr < 0
}

// explained takes out of the differences those that the losses of the export name, and
// calls that libseccomp does not know, and fails for the rest.
func explained(t *testing.T, other map[uint32]string, losses []export.Loss) {
	t.Helper()
	for _, l := range losses {
		if nr, ok := sysno.Number(l.Call); ok {
			delete(other, nr)
		}
	}
	for nr, text := range other {
		name, known := sysno.Name(nr)
		if known && unknownTo(t, name) {
			t.Logf("unknown to this libseccomp: %s", text)
			continue
		}
		t.Error(text)
	}
}

// wantReport looks that the report of a violation is whole, in spite of an outer filter.
func wantReport(t *testing.T, stderr string) {
	t.Helper()
	for _, want := range []string{
		`ERROR: The syscall "swapoff" (syscall number 168) is not allowed by the syscall sandbox in thread "scriptch.0" (policy "validation-script-check").`,
		"  call:     swapoff(0x0)\n", "  stack:\n", "main.disallowed", "  remedy:   ",
	} {
		if !strings.Contains(stderr, want) {
			t.Errorf("%q is missing in\n%s", want, stderr)
		}
	}
}
