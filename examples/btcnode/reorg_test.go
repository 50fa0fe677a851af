// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"testing"

	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/miner"
	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/nodeproc"
	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/rpcapi"
)

// TestReorganisationOverTheWire lets the peer of a node change to another branch. The node hears of it, keeps its blocks while they
// are no better, is killed, gets the last one, and follows.
func TestReorganisationOverTheWire(t *testing.T) {
	b, dir := mineBranches(t), t.TempDir()
	peer := servePeer(t, &chaincfg.RegressionNetParams, b.first.Blocks())
	flags := []string{"--sandbox=abort", "--network=regtest", "--connect", peer.Addr}
	first := startNode(t, dir, flags...)
	waitTip(t, first, b.first)
	b.checkRPC(t, first, 107, 106, 0)
	second := b.second.Blocks()
	peer.Serve(second[:len(second)-1])
	info, err := first.PollChain(testTimeout, "the chain is safe", func(i *rpcapi.ChainInfo) bool { return i.Flushed == i.Blocks })
	if err != nil || info.BestBlockHash != b.first.Tip().Hash().String() {
		t.Fatalf("a branch with as much work: %+v, %v", info, err)
	}
	first.Kill()
	again := startNode(t, dir, flags...)
	if h := loadedHeight(t, again); h != int(b.first.Height()) {
		t.Errorf("restarted at height %d", h)
	}
	peer.Serve(second)
	waitTip(t, again, b.second)
	b.checkRPC(t, again, 106, 0, 108)
	info, err = again.PollChain(testTimeout, "it is safe", func(i *rpcapi.ChainInfo) bool { return i.Flushed == i.Blocks })
	if err != nil || info.Disconnected != 2 || info.Connected != 3 {
		t.Errorf("%+v, %v; want 2 blocks disconnected, 3 connected", info, err)
	}
	again.Kill()
	last := startNode(t, dir, flags...)
	waitTip(t, last, b.second)
	b.checkRPC(t, last, 106, 0, 108)
	if err := last.Terminate(testTimeout); err != nil {
		t.Error(err)
	}
}

func waitTip(t *testing.T, p *nodeproc.Process, c *miner.Chain) {
	t.Helper()
	_, err := p.PollChain(testTimeout, "it is at the tip", func(i *rpcapi.ChainInfo) bool {
		return i.Synced && i.BestBlockHash == c.Tip().Hash().String()
	})
	if err != nil {
		t.Fatal(err)
	}
}

// checkRPC is checkIndex for a node, whose index follows by itself.
func (b *branches) checkRPC(t *testing.T, p *nodeproc.Process, moved, lost, instead int32) {
	t.Helper()
	for _, want := range []struct {
		tx     *wire.MsgTx
		height int32
	}{{b.moved, moved}, {b.lost, lost}, {b.instead, instead}} {
		err := p.Poll(testTimeout, "the index has followed", func() (bool, error) {
			var tx rpcapi.RawTransaction
			err := p.RPC.Call(&tx, "getrawtransaction", want.tx.TxHash().String())
			var unknown *btcjson.RPCError
			if errors.As(err, &unknown) {
				return want.height == 0, nil
			}
			return tx.Height == want.height, err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestUnknownNetwork(t *testing.T) {
	if _, err := parseOptions([]string{"--datadir=x", "--network=testnet"}); err == nil {
		t.Error("no error")
	}
}
