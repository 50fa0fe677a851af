// SPDX-License-Identifier: MIT

package main

import (
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/peer"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/rpcapi"
)

// TestBadScriptFromPeer lets a peer send real headers and a block whose signature is wrong: the node stops before it, leaves the
// peer and does not come back.
func TestBadScriptFromPeer(t *testing.T) {
	blocks := realBlocks(t, firstSpend)
	blocks[firstSpend-1] = corrupt(blocks[firstSpend-1])
	bad := startPeer(t, blocks)
	p := startNode(t, t.TempDir(), "--connect", bad.addr)
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
	if n := bad.connections.Load(); n != 1 {
		t.Errorf("the node connected %d times", n)
	}
}

// shortChain blocks are what one message of headers can announce as all there is (wire.MaxBlockHeadersPerMsg is one more).
const shortChain = 1999

// blockPeer serves blocks without having checked them.
type blockPeer struct {
	addr        string
	connections atomic.Int64
	blocks      map[chainhash.Hash]*btcutil.Block
	headers     *wire.MsgHeaders
}

func startPeer(t *testing.T, blocks []*btcutil.Block) *blockPeer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	b := &blockPeer{addr: l.Addr().String(), blocks: make(map[chainhash.Hash]*btcutil.Block), headers: wire.NewMsgHeaders()}
	for _, block := range blocks {
		b.blocks[*block.Hash()] = block // the header has not changed, so neither has the hash
		b.headers.Headers = append(b.headers.Headers, &block.MsgBlock().Header)
	}
	go b.serve(l)
	return b
}

func (b *blockPeer) serve(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		b.connections.Add(1)
		peer.NewInboundPeer(&peer.Config{
			UserAgentName: "test", UserAgentVersion: "1.0.0", ChainParams: &chaincfg.MainNetParams, Services: ourServices,
			Listeners: peer.MessageListeners{
				OnGetHeaders: func(p *peer.Peer, _ *wire.MsgGetHeaders) { p.QueueMessage(b.headers, nil) },
				OnGetData: func(p *peer.Peer, m *wire.MsgGetData) {
					for _, inv := range m.InvList {
						p.QueueMessage(b.blocks[inv.Hash].MsgBlock(), nil)
					}
				},
			},
		}).AssociateConnection(conn)
	}
}
