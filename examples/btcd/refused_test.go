// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/btcsuite/btcd/rpcclient"
)

// TestForgottenConnect plants the mistake of a policy without connect, and makes the node connect: it shows that the filter is in
// force, and what each action makes of a mistake.
func TestForgottenConnect(t *testing.T) {
	t.Parallel()
	program := forgetful(t)
	peer := start(t, program, t.TempDir(), "abort")
	_, err := peer.rpc.Generate(3)
	must(t, err)
	connecting := func(t *testing.T, action string) *node {
		n := start(t, program, t.TempDir(), action)
		_ = n.rpc.AddNode(peer.p2p, rpcclient.ANAdd) // it may end before it answers
		return n
	}
	t.Run("abort", func(t *testing.T) {
		n := connecting(t, "abort")
		if s := n.wait().Sys().(syscall.WaitStatus); !s.Signaled() || s.Signal() != syscall.SIGSYS {
			t.Errorf("the node ended by %s, want SIGSYS", n.cmd.ProcessState)
		}
		if n.err.String() != "" {
			t.Errorf("a killed process wrote %q", n.err.String())
		}
	})
	t.Run("log-and-abort", func(t *testing.T) {
		n := connecting(t, "log-and-abort")
		if code := n.wait().ExitCode(); code != 2 {
			t.Errorf("the node ended by %s, want exit status 2", n.cmd.ProcessState)
		}
		n.reported(`in thread "btcd" (policy "steady")`, "answer:   the process ends", "main.btcdDial", `Allow("connect")`, "SIGSYS: bad system call")
	})
	t.Run("log-and-deny", func(t *testing.T) {
		n := connecting(t, "log-and-deny")
		n.until("has reported", func() bool { return n.reports() > 0 })
		n.reported("answer:   EPERM", "main.btcdDial")
		if peers := n.peers(); len(peers) > 0 {
			t.Errorf("it is connected: %v", peers)
		}
		n.call("stop")
		n.ends()
		n.reported(" times: connect(")
	})
	t.Run("log-and-allow", func(t *testing.T) {
		n := connecting(t, "log-and-allow")
		n.until("has the blocks of its peer", func() bool { return n.tip() == peer.tip() })
		n.reported("answer:   executed all the same", "main.btcdDial")
		n.call("stop")
		n.ends()
		n.reported(" times: connect(")
	})
	peer.terminate()
}

// forgetful is the daemon with a policy that refuses connect.
func forgetful(t *testing.T) string {
	t.Helper()
	const right, wrong = `.Deny("seccomp")`, `.Deny("seccomp", "connect")`
	dir := filepath.Join(t.TempDir(), "source")
	must(t, checkout(dir))
	file := filepath.Join(dir, "main.go")
	text, err := os.ReadFile(file)
	must(t, err)
	if n := bytes.Count(text, []byte(right)); n != 1 {
		t.Fatalf("%d times %s in %s", n, right, file)
	}
	must(t, os.WriteFile(file, bytes.Replace(text, []byte(right), []byte(wrong), 1), 0o600))
	program := filepath.Join(dir, "btcd")
	must(t, build(dir, program))
	return program
}

// reported checks that connect is reported, and then these, in this order.
func (n *node) reported(want ...string) {
	n.t.Helper()
	rest := n.err.String()
	for _, text := range append([]string{`ERROR: The syscall "connect" (syscall number 42) is not allowed by the syscall sandbox`}, want...) {
		_, after, found := strings.Cut(rest, text)
		if !found {
			n.t.Fatalf("the report lacks, after what comes before it, %q\n%s", text, n.err.String())
		}
		rest = after
	}
}
