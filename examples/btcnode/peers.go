// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/peer"
	"github.com/btcsuite/btcd/wire/v2"
)

const (
	userAgent    = "btcnode-sandbox-example"
	userVersion  = "0.1.0"
	ourServices  = wire.SFNodeNetwork | wire.SFNodeWitness
	dialTimeout  = 10 * time.Second
	firstRetry   = 100 * time.Millisecond
	longestRetry = 10 * time.Second
	maxInbound   = 64
	// inboxSize messages wait for the message handler; a peer that sends more waits itself. While some wait, taking the next
	// one needs no wake-up of the handler's thread.
	inboxSize = 1024
)

// peerMessage is what a peer sent; a nil message says that the peer is gone.
type peerMessage struct {
	from *peer.Peer
	msg  wire.Message
	raw  []byte // of a block
}

// peers makes and keeps the connections. btcd's package peer starts five goroutines per connection, which read, write and
// ping under the process policy; all they read goes to the inbox, so that the message handler's thread does the work.
type peers struct {
	params *chaincfg.Params
	chain  *chain
	inbox  chan peerMessage
	quit   <-chan struct{}

	mu        sync.Mutex
	connected map[*peer.Peer]bool
	refused   error // why the open-connection role must not dial again

	accepted, dialled atomic.Int64
}

func newPeers(c *chain, quit <-chan struct{}) *peers {
	return &peers{
		params: c.params, chain: c, quit: quit,
		inbox:     make(chan peerMessage, inboxSize),
		connected: make(map[*peer.Peer]bool),
	}
}

// accept is the net role: it serves l until that is closed.
func (ps *peers) accept(l net.Listener) {
	for {
		conn, err := l.Accept() //sandboxvet:ignore bind it is for the netlink socket that names interfaces, which gets an errno
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			slog.Warn("accept", "err", err)
			pause(firstRetry, ps.quit) // out of descriptors, most likely
			continue
		case ps.count() >= maxInbound:
			conn.Close()
			continue
		}
		ps.accepted.Add(1)
		ps.add(peer.NewInboundPeer(ps.config()), conn)
	}
}

// dial is the open-connection role: it keeps one connection to addr until the node stops or the peer proves to be bad. The
// calls of net.Dialer stay on this thread; only a name that must be looked up is resolved by goroutines of package net.
func (ps *peers) dial(addr string) {
	retry := firstRetry
	for ps.mayDial() {
		//sandboxvet:ignore bind,listen package net binds and listens for no TCP client
		//sandboxvet:ignore openat@net-open-connection checkAddress has had the names of ports read; those of hosts are looked up elsewhere
		//sandboxvet:ignore socket@steady a name server is asked by UDP or TCP
		conn, err := net.DialTimeout("tcp", addr, dialTimeout)
		if err != nil {
			slog.Warn("dial", "peer", addr, "err", err, "retry", retry)
			pause(retry, ps.quit)
			retry = min(2*retry, longestRetry)
			continue
		}
		p, err := peer.NewOutboundPeer(ps.config(), addr)
		if err != nil {
			slog.Error("dial", "peer", addr, "err", err)
			conn.Close()
			return
		}
		ps.dialled.Add(1)
		ps.add(p, conn)
		p.WaitForDisconnect()
		pause(retry, ps.quit)
	}
}

// checkAddress finds mistakes in the peer's address before anything is dialled. If its port is a name, package net reads
// /etc/services for it, once (net/port_unix.go, goLookupPort): now, since the open-connection role reads no files.
func checkAddress(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	return err
}

func (ps *peers) mayDial() bool {
	select {
	case <-ps.quit:
		return false
	default:
	}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	return ps.refused == nil
}

// refuse disconnects a peer that broke the rules, for good.
func (ps *peers) refuse(p *peer.Peer, why error) {
	slog.Error("peer refused", "peer", p.Addr(), "err", why)
	ps.mu.Lock()
	if !p.Inbound() {
		ps.refused = why
	}
	ps.mu.Unlock()
	p.Disconnect()
}

func (ps *peers) add(p *peer.Peer, conn net.Conn) {
	ps.mu.Lock()
	ps.connected[p] = true
	ps.mu.Unlock()
	p.AssociateConnection(conn)
	go func() { // watches only; under the process policy like the peer's own goroutines
		p.WaitForDisconnect()
		ps.mu.Lock()
		delete(ps.connected, p)
		ps.mu.Unlock()
		ps.deliver(peerMessage{from: p})
	}()
	select {
	case <-ps.quit: // stop may have looked before we were in the map
		p.Disconnect()
	default:
	}
}

func (ps *peers) count() int {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	return len(ps.connected)
}

// disconnect closes all connections. It is called after quit was closed.
func (ps *peers) disconnect() {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for p := range ps.connected {
		p.Disconnect()
	}
}

func (ps *peers) deliver(m peerMessage) {
	select {
	case ps.inbox <- m:
	case <-ps.quit:
	}
}

func (ps *peers) config() *peer.Config {
	return &peer.Config{
		NewestBlock: func() (*chainhash.Hash, int32, error) {
			best := ps.chain.BestSnapshot()
			return &best.Hash, best.Height, nil
		},
		UserAgentName: userAgent, UserAgentVersion: userVersion,
		ChainParams: ps.params, Services: ourServices,
		DisableRelayTx: true, // we keep no unconfirmed transactions
		Listeners: peer.MessageListeners{
			OnVerAck:     func(p *peer.Peer, m *wire.MsgVerAck) { ps.deliver(peerMessage{p, m, nil}) },
			OnGetHeaders: func(p *peer.Peer, m *wire.MsgGetHeaders) { ps.deliver(peerMessage{p, m, nil}) },
			OnGetBlocks:  func(p *peer.Peer, m *wire.MsgGetBlocks) { ps.deliver(peerMessage{p, m, nil}) },
			OnGetData:    func(p *peer.Peer, m *wire.MsgGetData) { ps.deliver(peerMessage{p, m, nil}) },
			OnHeaders:    func(p *peer.Peer, m *wire.MsgHeaders) { ps.deliver(peerMessage{p, m, nil}) },
			OnInv:        func(p *peer.Peer, m *wire.MsgInv) { ps.deliver(peerMessage{p, m, nil}) },
			OnNotFound:   func(p *peer.Peer, m *wire.MsgNotFound) { ps.deliver(peerMessage{p, m, nil}) },
			OnBlock:      func(p *peer.Peer, m *wire.MsgBlock, raw []byte) { ps.deliver(peerMessage{p, m, raw}) },
		},
	}
}

// pause waits for d or until the node stops.
func pause(d time.Duration, quit <-chan struct{}) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-quit:
	}
}
