// SPDX-License-Identifier: MIT

package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/sandboxtest"
)

var update = flag.Bool("update", false, "write steady.json")

// TestSteadyIsWritten keeps the policy as data, for sandboxctl.
func TestSteadyIsWritten(t *testing.T) {
	text, err := json.Marshal(steady)
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	if *update {
		if err := os.WriteFile("steady.json", text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if written, err := os.ReadFile("steady.json"); err != nil || string(written) != string(text) {
		t.Errorf("steady.json is not the policy: %v; go test ./daemon -update", err)
	}
}

// TestReadmeCounts holds the README's numbers against the policies.
func TestReadmeCounts(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []sandbox.SyscallSandboxPolicy{sandbox.PolicyInitialization, steady} {
		f, err := p.Filter(sandbox.ScopeProcess, sandbox.ActionKillProcess)
		if err != nil {
			t.Fatal(err)
		}
		permitted := make(map[string]bool)
		for _, r := range f.Rules {
			if r.Action.Permits() {
				permitted[r.Call] = true
			}
		}
		if want := fmt.Sprintf("%d calls in `%v`", len(permitted), p); !strings.Contains(string(readme), want) {
			t.Errorf("README.md does not say %s", want)
		}
	}
}

// What btcd does in a year and no test here can make it do: DNS, UPnP's requests, Tor.
func TestSteady(t *testing.T) {
	sandboxtest.Allows(t, steady, "socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC|SOCK_NONBLOCK, 0)", "socket(AF_INET6, SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK, 0)",
		"connect", "accept4", "openat(AT_FDCWD, _, O_RDONLY|O_CLOEXEC)", "openat(AT_FDCWD, _, O_RDWR|O_CREAT|O_CLOEXEC, 0600)", "renameat", "unlinkat", "flock", "fsync")
	sandboxtest.Refuses(t, steady, "execve", "ptrace", "bind", "listen", "socket(AF_UNIX, SOCK_STREAM)", "socket(AF_PACKET, SOCK_RAW)", "mmap(prot=PROT_EXEC)", "mprotect(_, _, PROT_EXEC)",
		"process_vm_writev", "memfd_create", "io_uring_setup", "bpf", "unshare", "setuid", "symlinkat", "seccomp")
}

func TestGoRuntime(t *testing.T) {
	sandboxtest.Runtime(t, steady)
}
