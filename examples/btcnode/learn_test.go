// SPDX-License-Identifier: MIT

package main

import (
	"path/filepath"
	"testing"

	"github.com/syscall-sandbox/sandbox"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/nodeproc"
	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/policyfile"
	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/rpcapi"
)

// TestLearnedPolicies lets nodes learn their policies and runs nodes under exactly these, and under the action that kills: one
// imports all blocks and serves them, another gets them, is stopped and goes on.
func TestLearnedPolicies(t *testing.T) {
	learned := learnPolicies(t)
	flags := []string{"--sandbox=abort", "--policies", policyFile(t, learned...)}
	serving, dir := startServing(t, flags...), t.TempDir()
	first := startNode(t, dir, append(flags, "--connect", serving.At.P2P)...)
	chain := waitSynced(t, first)
	if int(chain.Connected) != tipHeight || int(chain.Scripts) != scriptsAbove(t, 0) {
		t.Errorf("%+v", chain)
	}
	checkLearned(t, first, learned)
	checkBlocks(t, first)
	if err := first.StopByRPC(testTimeout); err != nil {
		t.Fatal(err)
	}
	second := startNode(t, dir, append(flags, "--connect", serving.At.P2P)...)
	waitSynced(t, second)
	if h := loadedHeight(t, second); h != tipHeight {
		t.Errorf("restarted at height %d", h)
	}
	checkBlocks(t, second)
	for _, p := range []*nodeproc.Process{second, serving} {
		if err := p.Terminate(testTimeout); err != nil {
			t.Error(err)
		}
	}
}

// learnPolicies merges what the runs of a serving node and of a syncing one recorded. A flush closes all files, and it depends
// on the timing which role is the next to open and read them. So one run asks for blocks all the time, where it is the RPC
// workers now and then, and one stops right after a flush, where it is the shutoff role. The others are interrupted and start at
// the tip.
func learnPolicies(t *testing.T) []sandbox.SyscallSandboxPolicy {
	t.Helper()
	l := &learner{dir: t.TempDir()}
	l.serving = startServing(t, l.flags("serving")...)
	l.sync(t, "whole", "one", tipHeight, true)
	l.sync(t, "begin", "two", flushBlocks, false)
	l.sync(t, "end", "two", tipHeight, false)
	l.sync(t, "idle", "two", tipHeight, true)
	if err := l.serving.Terminate(testTimeout); err != nil {
		t.Fatal(err)
	}
	policies, err := policyfile.Learn(l.recordings...)
	if err != nil {
		t.Fatal(err)
	}
	return policies
}

type learner struct {
	dir        string
	serving    *nodeproc.Process
	recordings []string // files
}

func (l *learner) flags(run string) []string {
	file := filepath.Join(l.dir, run+".json")
	l.recordings = append(l.recordings, file)
	return []string{"--sandbox=learn", "--learned", file}
}

// sync runs a node until so many blocks are flushed; ask says whether it is asked for blocks meanwhile.
func (l *learner) sync(t *testing.T, run, dataDir string, flushed int32, ask bool) {
	t.Helper()
	p := startNode(t, filepath.Join(l.dir, dataDir), append(l.flags(run), "--connect", l.serving.At.P2P)...)
	_, err := p.PollChain(testTimeout, "enough is flushed", func(i *rpcapi.ChainInfo) bool {
		return (!ask || p.RPC.Call(nil, "getblock", i.BestBlockHash) == nil) && i.Flushed >= flushed
	})
	if err != nil {
		t.Fatal(err)
	}
	if ask {
		checkBlocks(t, p)
		if err := p.RPC.Call(nil, "getsandboxinfo"); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.StopByRPC(testTimeout); err != nil {
		t.Fatal(err)
	}
}

// checkLearned checks that every role runs under what was learned for it, and that this is less than the built-in policy.
func checkLearned(t *testing.T, p *nodeproc.Process, learned []sandbox.SyscallSandboxPolicy) {
	t.Helper()
	var info rpcapi.SandboxInfo
	if err := p.RPC.Call(&info, "getsandboxinfo"); err != nil {
		t.Fatal(err)
	}
	want := make(map[string]int)
	for _, policy := range learned {
		n, err := countAllowed(policy, sandbox.ScopeThread)
		if err != nil {
			t.Fatal(err)
		}
		want[policy.String()] = n
	}
	for _, role := range info.Roles {
		builtin, err := sandbox.ParsePolicy(role.Policy)
		if err != nil {
			t.Fatal(err)
		}
		before, err := countAllowed(builtin, sandbox.ScopeThread)
		if err != nil {
			t.Fatal(err)
		}
		if info.ThreadsUnknown == "" && (role.TID == 0 || role.Filters != 3) {
			t.Errorf("role %+v: want its thread and 3 filters", role)
		}
		if role.Allowed != want[role.Policy] || role.Allowed > before {
			t.Errorf("role %+v; learned were %d calls, built in are %d", role, want[role.Policy], before)
		}
	}
}

func startServing(t *testing.T, flags ...string) *nodeproc.Process {
	t.Helper()
	blocks, err := nodeproc.BlockFile()
	if err != nil {
		t.Fatal(err)
	}
	p := startNode(t, t.TempDir(), append(flags, "--import", blocks)...)
	if _, err := p.PollChain(testTimeout, "the import is done", func(i *rpcapi.ChainInfo) bool { return i.Blocks == tipHeight }); err != nil {
		t.Fatal(err)
	}
	return p
}

func waitSynced(t *testing.T, p *nodeproc.Process) *rpcapi.ChainInfo {
	t.Helper()
	info, err := p.PollChain(testTimeout, "it is at the tip", func(i *rpcapi.ChainInfo) bool { return i.Synced })
	if err != nil {
		t.Fatal(err)
	}
	if info.Blocks != tipHeight {
		t.Fatalf("synchronised at height %d", info.Blocks)
	}
	return info
}

// policyFile writes a file for --policies.
func policyFile(t *testing.T, policies ...sandbox.SyscallSandboxPolicy) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "policies.json")
	if err := policyfile.Write(file, policies); err != nil {
		t.Fatal(err)
	}
	return file
}
