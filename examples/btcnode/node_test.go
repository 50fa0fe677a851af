// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/btcsuite/btcd/btcjson"
	"github.com/syscall-sandbox/sandbox"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/nodeproc"
	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/rpcapi"
)

// TestKilledHalfWay synchronises over the wire, kills the node half way with SIGKILL, and lets it go on.
func TestKilledHalfWay(t *testing.T) {
	const (
		enough = 5000
		half   = 2_900_000 // bytes: all headers (1.1 MB) and about 7,000 blocks of 250 bytes
	)
	serving, dir := server.get(t), t.TempDir()
	first := startNode(t, dir, "--connect", quietLine(t, serving.At.P2P, half))
	before, err := first.PollChain(testTimeout, "enough blocks are safe", func(i *rpcapi.ChainInfo) bool { return i.Flushed >= enough })
	if err != nil {
		t.Fatal(err)
	}
	first.Kill()
	if state, err := first.Wait(testTimeout); err != nil || state.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the killed node ended by %v (%v)", state, err)
	}

	second := startNode(t, dir, "--connect", serving.At.P2P)
	after, err := second.PollChain(testTimeout, "it is at the tip", func(i *rpcapi.ChainInfo) bool { return i.Synced })
	if err != nil {
		t.Fatal(err)
	}
	loaded := loadedHeight(t, second)
	if loaded < int(before.Flushed) || loaded >= tipHeight {
		t.Errorf("killed when %d blocks were safe; restarted at %d", before.Flushed, loaded)
	}
	if after.Blocks != tipHeight || int(after.Connected) != tipHeight-loaded {
		t.Errorf("at height %d after connecting %d blocks from %d", after.Blocks, after.Connected, loaded)
	}
	if want := scriptsAbove(t, loaded); int(after.Scripts) != want {
		t.Errorf("%d scripts run, want %d", after.Scripts, want)
	}
	checkRoles(t, second, "scriptch.0", "scriptch.1", "scheduler", "txindex", "httpworker.0", "httpworker.1", "http", "msghand", "net", "opencon")
	checkBlocks(t, second)
	if err := second.StopByRPC(testTimeout); err != nil {
		t.Fatalf("stop by RPC: %v", err)
	}
	if !strings.Contains(second.Stdout(), "databases closed") {
		t.Errorf("the shutoff role did not run\n%s", second.Output())
	}
	if n := first.Violations() + second.Violations(); n > 0 {
		t.Errorf("%d violations", n)
	}

	third := startNode(t, dir)
	if h := loadedHeight(t, third); h != tipHeight {
		t.Errorf("height %d after a clean stop", h)
	}
	if err := third.Terminate(testTimeout); err != nil {
		t.Errorf("SIGTERM: %v", err)
	}
}

// quietLine forwards one connection to addr and falls silent after n bytes from there: the node cannot get further however slow
// the test is.
func quietLine(t *testing.T, addr string, n int64) string {
	t.Helper()
	near, _ := gatedLine(t, addr, n)
	return near
}

// gatedLine is a quietLine that goes on when open is called.
func gatedLine(t *testing.T, addr string, n int64) (at string, open func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gate := make(chan struct{})
	open = sync.OnceFunc(func() { close(gate) })
	t.Cleanup(func() { l.Close(); open() })
	go func() {
		near, err := l.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", addr)
		if err != nil {
			near.Close()
			return
		}
		go func() {
			_, _ = io.CopyN(near, far, n)
			<-gate
			_, _ = io.Copy(near, far)
		}()
		io.Copy(far, near) // ends with the node
		near.Close()
		far.Close()
	}()
	return l.Addr().String(), open
}

var loaded = regexp.MustCompile(`msg=loaded height=(\d+)`)

// loadedHeight is the height that the node found on its disk.
func loadedHeight(t *testing.T, p *nodeproc.Process) int {
	t.Helper()
	match := loaded.FindStringSubmatch(p.Stdout())
	if match == nil {
		t.Fatalf("the node did not say what it loaded\n%s", p.Output())
	}
	height, err := strconv.Atoi(match[1])
	if err != nil {
		t.Fatal(err)
	}
	return height
}

// scriptsAbove counts the inputs in the block file above a height.
func scriptsAbove(t *testing.T, height int) (n int) {
	t.Helper()
	for i, block := range realBlocks(t, tipHeight) {
		for _, tx := range block.Transactions() {
			if i+1 > height {
				n += len(inputs(tx))
			}
		}
	}
	return n
}

// checkRoles checks that the kernel has each role's thread under the process's filters and its own.
func checkRoles(t *testing.T, p *nodeproc.Process, names ...string) {
	t.Helper()
	var info rpcapi.SandboxInfo
	if err := p.RPC.Call(&info, "getsandboxinfo"); err != nil {
		t.Fatal(err)
	}
	if !info.Enabled || info.ProcessPolicy != "steady" || info.ProcessThreads == 0 {
		t.Errorf("sandbox: %+v", info)
	}
	roles := make(map[string]rpcapi.Role)
	for _, role := range info.Roles {
		roles[role.Name] = role
	}
	for _, name := range names {
		role := roles[name]
		if role.TID == 0 || role.Filters != 3 || strings.Join(role.Chain, " ") != "initialization steady "+role.Policy || role.Allowed == 0 {
			t.Errorf("role %s: %+v", name, role)
		}
	}
	if len(roles) != len(names) {
		t.Errorf("roles %v, want %v", info.Roles, names)
	}
}

// checkBlocks asks over RPC for what everybody knows: the block in which the first bitcoins were spent.
func checkBlocks(t *testing.T, p *nodeproc.Process) {
	t.Helper()
	const (
		blockHash = "00000000d1145790a8694403d4063f323d499e655c83426834d4ce2f8dd4a2ee"
		txID      = "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16"
	)
	var count int
	if err := p.RPC.Call(&count, "getblockcount"); err != nil || count != tipHeight {
		t.Errorf("getblockcount: %d, %v", count, err)
	}
	var hash string
	if err := p.RPC.Call(&hash, "getblockhash", firstSpend); err != nil || hash != blockHash {
		t.Errorf("getblockhash: %s, %v", hash, err)
	}
	var block btcjson.GetBlockVerboseResult
	if err := p.RPC.Call(&block, "getblock", blockHash); err != nil || block.Height != firstSpend || len(block.Tx) != 2 || block.Tx[1] != txID {
		t.Errorf("getblock: %+v, %v", block, err)
	}
	var raw string
	want, err := realBlocks(t, firstSpend)[firstSpend-1].Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.RPC.Call(&raw, "getblock", blockHash, 0); err != nil || raw != hex.EncodeToString(want) {
		t.Errorf("getblock, verbosity 0: %.80s..., %v", raw, err)
	}
	var tx rpcapi.RawTransaction
	err = p.Poll(testTimeout, "the index has the transaction", func() (bool, error) {
		return p.RPC.Call(&tx, "getrawtransaction", txID) == nil, nil
	})
	if err != nil || tx.Height != firstSpend || tx.BlockHash != blockHash {
		t.Errorf("getrawtransaction: %+v, %v", tx, err)
	}
	for _, bad := range [][]any{{"getblockhash", tipHeight + 1}, {"getblockhash"}, {"getblock", "00"}, {"getblock", "xyz"}, {"getrawtransaction", blockHash}, {"freememory"}, {"nosuchmethod"}} {
		var rpcErr *btcjson.RPCError
		if err := p.RPC.Call(nil, bad[0].(string), bad[1:]...); !errors.As(err, &rpcErr) {
			t.Errorf("%v: %v, want an RPC error", bad, err)
		}
	}
}

func TestRPCWantsThePassword(t *testing.T) {
	p := startNode(t, t.TempDir())
	wrong := p.At
	wrong.Password = "guess"
	if err := rpcapi.NewClient(wrong).Call(nil, "stop"); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("stop with a wrong password: %v", err)
	}
	if err := p.StopByRPC(testTimeout); err != nil {
		t.Error(err)
	}
}

func TestViolationLogAndAbort(t *testing.T) {
	p := startNode(t, t.TempDir(), "--sandbox=log-and-abort")
	if err := p.RPC.Call(nil, "invokedisallowedsyscall"); err == nil {
		t.Fatal("the node answered")
	}
	state, err := p.Wait(testTimeout)
	if err != nil {
		t.Fatal(err)
	}
	if err := nodeproc.CheckReport(state, p.Stderr()); err != nil {
		t.Errorf("%v\n%s", err, p.Output())
	}
}

func TestViolationAbort(t *testing.T) {
	p := startNode(t, t.TempDir(), "--sandbox=abort")
	if err := p.RPC.Call(nil, "invokedisallowedsyscall"); err == nil {
		t.Fatal("the node answered")
	}
	state, err := p.Wait(testTimeout)
	if err != nil {
		t.Fatal(err)
	}
	if ws := state.Sys().(syscall.WaitStatus); !ws.Signaled() || ws.Signal() != syscall.SIGSYS {
		t.Errorf("the node ended by %s, want SIGSYS", state)
	}
	if p.Stderr() != "" {
		t.Errorf("a killed process wrote %q", p.Stderr())
	}
}

func TestOff(t *testing.T) {
	p := startNode(t, t.TempDir(), "--sandbox=off", "--connect", server.get(t).At.P2P)
	if _, err := p.PollChain(testTimeout, "it is at the tip", func(i *rpcapi.ChainInfo) bool { return i.Synced }); err != nil {
		t.Fatal(err)
	}
	var info rpcapi.SandboxInfo
	if err := p.RPC.Call(&info, "getsandboxinfo"); err != nil || info.Enabled || info.Action != "off" {
		t.Errorf("getsandboxinfo: %+v, %v", info, err)
	}
	var rpcErr *btcjson.RPCError
	if err := p.RPC.Call(nil, "invokedisallowedsyscall"); !errors.As(err, &rpcErr) {
		t.Errorf("invokedisallowedsyscall: %v, want the error that the call was executed", err)
	}
	if err := p.Terminate(testTimeout); err != nil {
		t.Error(err)
	}
}

// TestStoppedImport interrupts an import; the next run goes on where it was and ends at the tip by itself.
func TestStoppedImport(t *testing.T) {
	file, err := nodeproc.BlockFile()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	p := startNode(t, dir, "--import", file)
	if _, err := p.PollChain(testTimeout, "it imports", func(i *rpcapi.ChainInfo) bool { return i.Blocks > 0 }); err != nil {
		t.Fatal(err)
	}
	if err := p.Terminate(testTimeout); err != nil {
		t.Fatal(err)
	}
	cmd := nodeCommand("--import", file, "--exit-at-tip", "--datadir", dir)
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("msg=imported height=14131")) {
		t.Errorf("the second run: %v\n%s", err, out)
	}
}

func TestBadArgumentsAndFiles(t *testing.T) {
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage.dat")
	if err := os.WriteFile(garbage, []byte("this is no block file"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"no data directory", nil, "datadir"},
		{"unknown action", []string{"--datadir", dir, "--sandbox=2"}, "unknown action"},
		{"nothing is recorded", []string{"--datadir", dir, "--learned", filepath.Join(dir, "recording")}, "only --sandbox=learn records"},
		{"no policies", []string{"--datadir", dir, "--policies", garbage}, "garbage.dat: invalid character"},
		{"wider than the outer ones", []string{"--datadir", filepath.Join(dir, "node"), "--policies", policyFile(t, sandbox.NewPolicy("steady", sandbox.NewSeccompPolicyBuilder().AllowNetwork()))}, "steady"},
		{"no block file", []string{"--datadir", dir, "--import", garbage, "--exit-at-tip"}, "record at byte 0: magic"},
		{"missing file", []string{"--datadir", dir, "--import", garbage + "x", "--exit-at-tip"}, "no such file"},
		{"argument", []string{"--datadir", dir, "start"}, "unknown argument"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cmd := nodeCommand(test.args...)
			out, err := cmd.CombinedOutput()
			if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), test.want) {
				t.Errorf("%v\n%s\nwant exit status 1 and %q", err, out, test.want)
			}
		})
	}
}
