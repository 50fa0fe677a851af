// SPDX-License-Identifier: MIT

package main

import (
	"strings"
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/blockpeer"
	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/rpcapi"
)

// TestBadScriptFromPeer lets a peer send real headers and a block whose signature is wrong: the node stops before it, leaves the
// peer and does not come back.
func TestBadScriptFromPeer(t *testing.T) {
	blocks := realBlocks(t, firstSpend)
	blocks[firstSpend-1] = corrupt(blocks[firstSpend-1])
	bad := startPeer(t, blocks)
	p := startNode(t, t.TempDir(), "--connect", bad.Addr)
	err := p.Poll(testTimeout, "the peer is refused", func() (bool, error) {
		return strings.Contains(p.Stdout(), "peer refused"), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(p.Stdout(), "script of transaction") {
		t.Errorf("the node does not say that a script was bad\n%s", p.Output())
	}
	var info rpcapi.ChainInfo
	if err := p.RPC.Call(&info, "getblockchaininfo"); err != nil || info.Blocks != firstSpend-1 || info.Scripts != 1 {
		t.Errorf("%+v, %v; want height %d and one script run", info, err, firstSpend-1)
	}
	if err := p.Terminate(testTimeout); err != nil {
		t.Error(err)
	}
	if n := bad.Connections.Load(); n != 1 {
		t.Errorf("the node connected %d times", n)
	}
}

// shortChain blocks are what one message of headers can announce as all there is (wire.MaxBlockHeadersPerMsg is one more).
const shortChain = 1999

// startPeer starts a peer that serves blocks of the main chain, but for the genesis block, without having checked them.
func startPeer(t *testing.T, blocks []*btcutil.Block) *blockpeer.Peer {
	t.Helper()
	chain := append([]*btcutil.Block{btcutil.NewBlock(chaincfg.MainNetParams.GenesisBlock)}, blocks...)
	return servePeer(t, &chaincfg.MainNetParams, chain)
}

func servePeer(t *testing.T, params *chaincfg.Params, chain []*btcutil.Block) *blockpeer.Peer {
	t.Helper()
	p, err := blockpeer.Listen(params, chain)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}
