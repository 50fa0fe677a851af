// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/rpcapi"
	"github.com/syscall-sandbox/sandbox/examples/internal/faketime"
)

// TestCrashDump asks a node for the stacks of all goroutines and a core dump, half way through the sync: SIGQUIT under
// GOTRACEBACK=crash. It ends by SIGABRT, for which the kernel writes the core if it may; the next one goes on from its disk.
func TestCrashDump(t *testing.T) {
	for _, action := range []string{"log-and-abort", "abort"} {
		t.Run(action, func(t *testing.T) {
			y := startYear(t, "--sandbox", action)
			y.signal(t, syscall.SIGQUIT)
			state, err := y.node.Wait(testTimeout)
			if err != nil {
				t.Fatal(err)
			}
			if s := state.Sys().(syscall.WaitStatus); !s.Signaled() || s.Signal() != syscall.SIGABRT {
				t.Errorf("the node ended by %s, want SIGABRT", state)
			}
			for _, want := range []string{"SIGQUIT: quit", ".(*scheduler).run(", ".(*messageHandler).run(", ".(*scriptPool).work(", "goleveldb"} {
				if !strings.Contains(y.node.Stderr(), want) {
					t.Errorf("no %q in\n%s", want, y.node.Stderr())
				}
			}
			if y.node.Violations() > 0 {
				t.Error(y.node.Stderr())
			}
			again := startNode(t, y.node.DataDir, "--sandbox", action)
			if err := again.Signal(syscall.SIGHUP); err != nil { // it logs to standard output: there is nothing to open
				t.Error(err)
			}
			if err := again.Terminate(testTimeout); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestClockChange sets the wall clock of a syncing node a year ahead, and two years back. What the node sees is exactly this:
// it has no vDSO, so that it reads its clocks by clock_gettime(2), and CLOCK_REALTIME steps. The machine's clock stays.
func TestClockChange(t *testing.T) {
	peer, open := gatedLine(t, startPeer(t, realBlocks(t, shortChain)).Addr, enoughBytes)
	cmd := nodeCommand("--sandbox=log-and-abort", "--debug", "--connect", peer)
	cmd.Env = append(cmd.Env, runWithClock+"=1")
	set, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p := startCommand(t, t.TempDir(), cmd)
	step := func(by string, n int) {
		fmt.Fprintln(set, by)
		if err := p.Poll(testTimeout, "the clock is set", func() (bool, error) { return strings.Count(p.Stdout(), faketime.Stepped) == n, nil }); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.PollChain(testTimeout, "it has some blocks", func(i *rpcapi.ChainInfo) bool { return i.Connected > 0 }); err != nil {
		t.Fatal(err)
	}
	step("9600h", 1)
	open()
	if _, err := p.PollChain(testTimeout, "it goes on", func(i *rpcapi.ChainInfo) bool { return i.Connected > shortChain/2 }); err != nil {
		t.Fatal(err)
	}
	step("-19200h", 2)
	if _, err := p.PollChain(testTimeout, "it is at the tip", func(i *rpcapi.ChainInfo) bool { return i.Synced && i.Blocks == shortChain }); err != nil {
		t.Fatal(err)
	}
	if err := p.Terminate(testTimeout); err != nil {
		t.Error(err)
	}
	now := time.Now()
	for _, days := range []int{0, 400, -400} {
		if year := now.AddDate(0, 0, days).Year(); !strings.Contains(p.Stdout(), fmt.Sprintf("time=%d-", year)) {
			t.Errorf("nothing is logged in %d\n%s", year, p.Output())
		}
	}
	if n := p.Violations(); n > 0 || p.Stderr() != "" {
		t.Errorf("%d violations\n%s", n, p.Output())
	}
}
