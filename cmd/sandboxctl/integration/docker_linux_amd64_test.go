// SPDX-License-Identifier: MIT

package integration

import (
	"encoding/json"
	"strings"
	"testing"

	docker "github.com/moby/profiles/seccomp"

	"github.com/syscall-sandbox/sandbox/export"
	"github.com/syscall-sandbox/sandbox/internal/bpfsim"
	"github.com/syscall-sandbox/sandbox/internal/judge"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// dockerDefault is Docker's default profile as its daemon has it, imported for a
// container on x86-64 without capabilities.
func dockerDefault(t *testing.T) seccomp.Filter {
	t.Helper()
	text, err := json.Marshal(docker.DefaultProfile())
	must(t, err)
	f, losses, err := export.ParseDocker(text, export.Container{})
	must(t, err)
	for _, l := range losses {
		if _, known := sysno.Number(l.Call); known {
			t.Errorf("lost by the import: %v", l)
		}
	}
	return f
}

// TestDockerDefault: what the import of Docker's default profile says in plain Go, what the
// simulator makes of its program, and what the kernel answers.
func TestDockerDefault(t *testing.T) {
	f := dockerDefault(t)
	program, err := f.Compile()
	must(t, err)
	calls := samples(f)
	for i, kernel := range judge.Answers(t, program, calls) {
		c := calls[i]
		action, _ := f.Decide(c)
		simulated, err := bpfsim.Run(program.Instructions(), bpfsim.Data{Nr: c.Nr, Arch: c.Arch, Args: c.Args})
		if err != nil || simulated != action.Value() || kernel != action.Value() {
			t.Errorf("%s: import %s, simulator %#x (%v), kernel %#x", c, action, simulated, err, kernel)
		}
	}
	for text, want := range map[string]seccomp.Action{
		"read": seccomp.Allow, "mount": seccomp.Errno(1), "swapoff": seccomp.Errno(1), "clone3": seccomp.Errno(38), "clone(flags=0x10000000)": seccomp.Errno(1), "clone(flags=0x3d0f00)": seccomp.Allow,
		"socket(AF_VSOCK, SOCK_STREAM, 0)": seccomp.Errno(1), "socket(AF_INET, SOCK_STREAM, 0)": seccomp.Allow,
		"ptrace": seccomp.Allow, "personality(0xffffffff)": seccomp.Allow, "personality(0x400000)": seccomp.Errno(1),
	} {
		c, err := seccomp.ParseCall(text)
		must(t, err)
		if action, _ := f.Decide(c); action != want {
			t.Errorf("%s: %s, not %s", text, action, want)
		}
	}
}

// The export of the import means the same, by the same judges.
func TestDockerDefaultExported(t *testing.T) {
	f := dockerDefault(t)
	text, losses, err := export.OCI(f, export.Options{})
	must(t, err)
	for _, l := range losses {
		if !strings.Contains(l.What, "runc answers") {
			t.Errorf("lost by the export: %v", l)
		}
	}
	g, _, err := export.ParseOCI(text)
	must(t, err)
	for _, pair := range [][2]seccomp.Filter{{f, g}, {g, f}} {
		if only, undecided := seccomp.Uncovered(pair[0], pair[1]); len(only)+len(undecided) > 0 {
			t.Errorf("%v %v", only, undecided)
		}
	}
	program, err := g.Compile()
	must(t, err)
	calls := append(samples(f), samples(g)...)
	for i, kernel := range judge.Answers(t, program, calls) {
		action, _ := f.Decide(calls[i])
		simulated, err := bpfsim.Run(program.Instructions(), bpfsim.Data{Nr: calls[i].Nr, Arch: calls[i].Arch, Args: calls[i].Args})
		if again, _ := g.Decide(calls[i]); again != action || err != nil || simulated != action.Value() || kernel != action.Value() {
			t.Errorf("%s: %s, exported %s, simulator %#x (%v), kernel %#x", calls[i], action, again, simulated, err, kernel)
		}
	}
}
