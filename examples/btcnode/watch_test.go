// SPDX-License-Identifier: MIT

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/nodeproc"
	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/rpcapi"
)

// The node's policies, with one call that it needs taken out of one of them.

// TestAllowedAndReported takes away what writes the blocks. Under log-and-allow they are written all the same.
func TestAllowedAndReported(t *testing.T) {
	w := startWatched(t, "log-and-allow", policyMessageHandler, "pwrite64")
	waitSynced(t, w.node)
	checkBlocks(t, w.node)
	list := w.violations(t)
	// ffldb writes a block by four calls in four places.
	if len(list) != 4 {
		t.Errorf("%d distinct violations, want 4", len(list))
	}
	for _, v := range list {
		if v.Count != tipHeight || v.Errno != 0 || v.Action != sandbox.UnsafeActionAllow {
			t.Errorf("%s\nwant it %d times, executed", v, tipHeight)
		}
	}
	w.check(t, list, "msghand", ".(*messageHandler).run", ".(*messageHandler).takeBlock", ".(*chain).take", ".(*store).Update")
	w.end(t, list)
}

// TestDeniedAndTolerated takes away what package os asks about a file that it opened. It can do without the answer, and the
// node cannot tell the difference.
func TestDeniedAndTolerated(t *testing.T) {
	w := startWatched(t, "log-and-deny", policyMessageHandler, "fcntl")
	waitSynced(t, w.node)
	checkBlocks(t, w.node)
	list := w.violations(t)
	var n uint64
	for _, v := range list {
		n += v.Count
		if v.Errno == 0 {
			t.Errorf("%s\nwant an errno", v)
		}
	}
	// A flush closes the block file, so it is opened once for each and for the first block.
	if least := uint64(tipHeight / flushBlocks / 2); n < least {
		t.Errorf("%d violations, want %d at least", n, least)
	}
	w.check(t, list, "msghand", ".(*messageHandler).run", ".(*messageHandler).takeBlock", ".(*chain).take")
	w.end(t, list)
}

// TestDeniedAndFelt takes away calls whose refusal the node must not ignore. It stops and says why; what it has on the disk is
// whole.
func TestDeniedAndFelt(t *testing.T) {
	for _, test := range []struct {
		policy sandbox.SyscallSandboxPolicy
		call   string
		thread string
		stack  []string
	}{
		{sandbox.PolicyScheduler, "fsync", "scheduler", []string{".(*scheduler).run", ".(*chain).flush", ".(*store).flush"}},
		{policyMessageHandler, "pwrite64", "msghand", []string{".(*messageHandler).run", ".(*chain).take", ".(*store).Update"}},
	} {
		t.Run(test.call, func(t *testing.T) {
			w := startWatched(t, "log-and-deny", test.policy, test.call)
			state, err := w.node.Wait(testTimeout)
			if err != nil {
				t.Fatal(err)
			}
			out := w.node.Stdout()
			last := out[strings.LastIndex(strings.TrimSpace(out), "\n")+1:]
			if state.ExitCode() != 1 || strings.Count(last, "operation not permitted") != 1 || !strings.Contains(last, "permits no "+test.call) {
				t.Errorf("the node ended by %s; want exit status 1 and the reason, once\n%s", state, w.node.Output())
			}
			if strings.Contains(out, "peer refused") {
				t.Errorf("the peer is blamed\n%s", out)
			}
			w.checkReport(t, 1, test.call, test.thread, test.stack...)

			again := startNode(t, w.node.DataDir, "--connect", server.get(t).At.P2P)
			if _, err := again.PollChain(testTimeout, "it goes on", func(i *rpcapi.ChainInfo) bool { return i.Connected > flushBlocks }); err != nil {
				t.Fatal(err)
			}
			if err := again.Terminate(testTimeout); err != nil {
				t.Error(err)
			}
		})
	}
}

// watched is a syncing node under a policy that lacks a call.
type watched struct {
	node   *nodeproc.Process
	call   string
	policy string
	report string // file
}

func startWatched(t *testing.T, action string, p sandbox.SyscallSandboxPolicy, lacks string) *watched {
	t.Helper()
	w := &watched{call: lacks, policy: p.String(), report: filepath.Join(t.TempDir(), "report")}
	narrow := policyFile(t, sandbox.NewPolicy(p.String(), p.Builder().Deny(lacks)))
	w.node = startNode(t, t.TempDir(), "--sandbox", action, "--policies", narrow, "--report", w.report, "--connect", server.get(t).At.P2P)
	return w
}

// violations asks the node for its violations, when all of them are reported.
func (w *watched) violations(t *testing.T) (list []sandbox.Violation) {
	t.Helper()
	err := w.node.Poll(testTimeout, "all violations are reported", func() (bool, error) {
		err := w.node.RPC.Call(&list, "getviolations")
		return len(list) > 0 && w.reported(t) == len(list), err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func (w *watched) read(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(w.report)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (w *watched) reported(t *testing.T) int {
	t.Helper()
	return strings.Count(w.read(t), "ERROR: The syscall ")
}

// check checks that the list has nothing but the call that was taken away, from the right thread and place and no place twice,
// and that the report says the same.
func (w *watched) check(t *testing.T, list []sandbox.Violation, thread string, stack ...string) {
	t.Helper()
	places := make(map[string]bool)
	for _, v := range list {
		var place []string
		for _, f := range v.Stack {
			place = append(place, f.String())
		}
		if all := strings.Join(place, "\n"); places[all] {
			t.Errorf("twice from the same place:\n%s", v)
		} else {
			places[all] = true
		}
		if v.Syscall != w.call || v.Thread != thread || !slices.Equal(v.Policies, []string{"initialization", "steady", w.policy}) {
			t.Errorf("%s\nwant %s on thread %s", v, w.call, thread)
		}
		for _, want := range stack {
			if !slices.ContainsFunc(v.Stack, func(f sandbox.Frame) bool { return strings.HasSuffix(f.Func, want) }) {
				t.Errorf("%s\nhas no %s in its stack", v, want)
			}
		}
	}
	w.checkReport(t, len(list), w.call, thread, stack...)
}

// checkReport checks that the report file has n violations of the call, each with the stack.
func (w *watched) checkReport(t *testing.T, n int, call, thread string, stack ...string) {
	t.Helper()
	blocks := strings.Split(w.read(t), "ERROR: The syscall ")[1:]
	if len(blocks) != n {
		t.Errorf("%d violations reported, want %d", len(blocks), n)
	}
	for _, block := range blocks {
		for _, want := range append([]string{`"` + call + `"`, `in thread "` + thread + `" (policy "` + w.policy + `")`, "remedy:"}, stack...) {
			if !strings.Contains(block, want) {
				t.Errorf("report without %s:\n%s", want, block)
			}
		}
	}
	if s := w.node.Stderr(); strings.Contains(s, "ERROR") {
		t.Errorf("standard error:\n%s", s)
	}
}

// end stops the node. It logs its violations then, and reports none a second time.
func (w *watched) end(t *testing.T, list []sandbox.Violation) {
	t.Helper()
	if err := w.node.StopByRPC(testTimeout); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(w.node.Stdout(), "msg=violation"); n != len(list) || w.reported(t) != len(list) {
		t.Errorf("%d violations logged and %d reported at the end, want %d", n, w.reported(t), len(list))
	}
}
