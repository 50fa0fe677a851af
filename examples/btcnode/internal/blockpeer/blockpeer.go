// SPDX-License-Identifier: MIT

// Package blockpeer is a peer that serves the blocks it is given, good or bad, and that can change its mind about which chain is the
// best.
package blockpeer

import (
	"net"
	"sync"
	"sync/atomic"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/peer"
	"github.com/btcsuite/btcd/wire/v2"
)

// Peer listens until it is closed.
type Peer struct {
	Addr        string
	Connections atomic.Int64 // so far

	params   *chaincfg.Params
	listener net.Listener

	mu        sync.Mutex
	blocks    map[chainhash.Hash]*btcutil.Block // of all chains so far
	chain     []*btcutil.Block                  // by height
	heights   map[chainhash.Hash]int            // in the chain
	connected map[*peer.Peer]bool
}

// Listen starts a peer on loopback. The chain begins with the genesis block.
func Listen(params *chaincfg.Params, chain []*btcutil.Block) (*Peer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Peer{
		Addr: l.Addr().String(), params: params, listener: l,
		blocks: make(map[chainhash.Hash]*btcutil.Block), connected: make(map[*peer.Peer]bool),
	}
	p.Serve(chain)
	go p.accept()
	return p, nil
}

// Close ends the peer and its connections.
func (p *Peer) Close() {
	p.listener.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.connected {
		conn.Disconnect()
	}
}

// Serve makes chain the one that is served from now on, and announces its tip.
func (p *Peer) Serve(chain []*btcutil.Block) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.chain, p.heights = chain, make(map[chainhash.Hash]int)
	for height, block := range chain {
		p.blocks[*block.Hash()], p.heights[*block.Hash()] = block, height
	}
	inv := wire.NewMsgInvSizeHint(1)
	_ = inv.AddInvVect(wire.NewInvVect(wire.InvTypeBlock, chain[len(chain)-1].Hash())) // there is room for one
	for conn := range p.connected {
		conn.QueueMessage(inv, nil)
	}
}

func (p *Peer) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.Connections.Add(1)
		remote := peer.NewInboundPeer(&peer.Config{
			UserAgentName: "blockpeer", UserAgentVersion: "1.0.0", ChainParams: p.params, Services: wire.SFNodeNetwork | wire.SFNodeWitness,
			Listeners: peer.MessageListeners{
				OnVerAck:     func(conn *peer.Peer, _ *wire.MsgVerAck) { p.join(conn) },
				OnGetHeaders: func(conn *peer.Peer, m *wire.MsgGetHeaders) { conn.QueueMessage(p.headers(m), nil) },
				OnGetData:    p.send,
			},
		})
		remote.AssociateConnection(conn)
		go func() {
			remote.WaitForDisconnect()
			p.mu.Lock()
			delete(p.connected, remote)
			p.mu.Unlock()
		}()
	}
}

// join is called before the peer's first request is read: what it is not told of later it finds then.
func (p *Peer) join(conn *peer.Peer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.connected[conn] = true
}

// headers are those above the newest block that both have.
func (p *Peer) headers(m *wire.MsgGetHeaders) *wire.MsgHeaders {
	p.mu.Lock()
	defer p.mu.Unlock()
	answer, from := wire.NewMsgHeaders(), 0
	for _, hash := range m.BlockLocatorHashes {
		if height, ok := p.heights[*hash]; ok {
			from = height
			break
		}
	}
	for _, block := range p.chain[from+1:] {
		if len(answer.Headers) == wire.MaxBlockHeadersPerMsg {
			break
		}
		answer.Headers = append(answer.Headers, &block.MsgBlock().Header)
	}
	return answer
}

func (p *Peer) send(conn *peer.Peer, m *wire.MsgGetData) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, inv := range m.InvList {
		if block, ok := p.blocks[inv.Hash]; ok {
			conn.QueueMessageWithEncoding(block.MsgBlock(), nil, wire.WitnessEncoding)
		}
	}
}
