// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/peer"
	"github.com/btcsuite/btcd/wire/v2"
)

const (
	// window blocks may be on their way to us; we ask again when half of them arrived.
	window = 512
	// maxServed bounds what one getdata makes us read and queue. It is more than we ever ask for ourselves.
	maxServed = 1024
)

// messageHandler does what peers ask for and follows the one that we synchronise from: headers first, then blocks by height,
// as Bitcoin Core and btcd do. All of it runs on the message handler's thread, which therefore drives the chain.
type messageHandler struct {
	chain  *chain
	peers  *peers
	failed func(error)

	from   *peer.Peer              // the peer we synchronise from
	asked  map[chainhash.Hash]bool // blocks that are on their way to us
	synced atomic.Bool
	served atomic.Int64 // blocks sent to peers
}

// run is the body of the message handler role.
func (h *messageHandler) run(quit <-chan struct{}) {
	for {
		select {
		case m := <-h.peers.inbox:
			h.handle(m)
		case <-quit:
			return
		}
	}
}

func (h *messageHandler) handle(m peerMessage) {
	switch msg := m.msg.(type) {
	case nil:
		h.gone(m.from)
	case *wire.MsgVerAck:
		h.greet(m.from)
	case *wire.MsgGetHeaders:
		h.sendHeaders(m.from, msg)
	case *wire.MsgGetBlocks:
		h.sendInventory(m.from, msg)
	case *wire.MsgGetData:
		h.sendBlocks(m.from, msg)
	case *wire.MsgHeaders:
		h.takeHeaders(m.from, msg)
	case *wire.MsgBlock:
		h.takeBlock(m.from, btcutil.NewBlockFromBlockAndBytes(msg, m.raw))
	case *wire.MsgInv:
		h.takeInventory(m.from, msg)
	case *wire.MsgNotFound:
		if m.from == h.from {
			h.refuse(m.from, errors.New("it has not the blocks of its headers"))
		}
	}
}

// greet asks a peer that we connected to for headers. There is one at a time: a new one means that the last one is gone,
// even if the news of that comes later.
func (h *messageHandler) greet(p *peer.Peer) {
	slog.Info("peer connected", "peer", p.Addr(), "agent", p.UserAgent(), "height", p.StartingHeight(), "inbound", p.Inbound())
	if p.Inbound() {
		return
	}
	h.from, h.asked = p, make(map[chainhash.Hash]bool)
	h.askHeaders()
}

func (h *messageHandler) gone(p *peer.Peer) {
	slog.Info("peer disconnected", "peer", p.Addr())
	if p == h.from {
		h.from = nil
		h.synced.Store(false)
	}
}

// refuse ends a connection for good; what is left of its messages in the inbox counts no more.
func (h *messageHandler) refuse(p *peer.Peer, why error) {
	h.peers.refuse(p, why)
	if p == h.from {
		h.from = nil
		h.synced.Store(false)
	}
}

// askHeaders asks for what comes after the best headers that we have. Package peer does not ask the same twice, but when a
// branch was announced that is no better yet we have to.
func (h *messageHandler) askHeaders() {
	locator, err := h.chain.locator()
	get := wire.NewMsgGetHeaders()
	for _, hash := range locator {
		err = errors.Join(err, get.AddBlockLocatorHash(hash))
	}
	if err != nil {
		slog.Error("getheaders", "err", err)
		h.from.Disconnect()
		return
	}
	h.from.QueueMessage(get, nil)
}

// takeHeaders lets btcd check each header (its work, its time, its place) before a block is asked for.
func (h *messageHandler) takeHeaders(p *peer.Peer, msg *wire.MsgHeaders) {
	if p != h.from {
		return
	}
	for _, header := range msg.Headers {
		if _, err := h.chain.ProcessBlockHeader(header, blockchain.BFNone, false); err != nil {
			h.refuse(p, fmt.Errorf("header %v: %w", header.BlockHash(), err))
			return
		}
	}
	if len(msg.Headers) == wire.MaxBlockHeadersPerMsg {
		h.synced.Store(false)
		h.askHeaders()
		return
	}
	h.askBlocks()
}

// askBlocks keeps the window full with the blocks of the best header chain, from where the chain leaves it. They come in the
// order that we ask for them.
func (h *messageHandler) askBlocks() {
	done := h.chain.caughtUp()
	h.synced.Store(done)
	if done || len(h.asked) > window/2 {
		return
	}
	get, err := h.missing()
	if err != nil {
		slog.Error("getdata", "err", err)
		h.from.Disconnect()
		return
	}
	if len(get.InvList) > 0 {
		h.from.QueueMessage(get, nil)
	}
}

// missing is the request for the next blocks.
func (h *messageHandler) missing() (*wire.MsgGetData, error) {
	kind := wire.InvTypeBlock
	if h.from.IsWitnessEnabled() {
		kind = wire.InvTypeWitnessBlock
	}
	get := wire.NewMsgGetData()
	fork := h.chain.BestChainHeaderForkHeight()
	branch := fork < h.chain.height() // of a branch we may have some: blocks on top of the tip would be the tip
	_, best := h.chain.BestHeader()
	for height := fork + 1; height <= best && len(h.asked) < window; height++ {
		hash, err := h.chain.HeaderHashByHeight(height)
		if err != nil {
			return nil, err
		}
		have := h.asked[*hash]
		if branch && !have {
			have, err = h.chain.HaveBlock(hash)
		}
		if err == nil && !have {
			h.asked[*hash] = true
			err = get.AddInvVect(wire.NewInvVect(kind, hash))
		}
		if err != nil {
			return nil, err
		}
	}
	return get, nil
}

// takeBlock takes a block that we asked for. A peer whose block breaks a rule, a script above all, is refused; the chain stays where it was.
// That the disk does not take a block is not the peer's fault: the node stops.
func (h *messageHandler) takeBlock(p *peer.Peer, block *btcutil.Block) {
	if p != h.from || !h.asked[*block.Hash()] {
		return
	}
	delete(h.asked, *block.Hash())
	if err := h.chain.take(block); err != nil {
		var storage *storageError
		if errors.As(err, &storage) {
			h.from = nil // what is left of its messages counts no more
			h.failed(err)
		} else {
			h.refuse(p, err)
		}
		return
	}
	h.askBlocks()
}

// takeInventory answers the announcement of blocks of which we have no headers by asking for these.
func (h *messageHandler) takeInventory(p *peer.Peer, msg *wire.MsgInv) {
	for _, inv := range msg.InvList {
		if p != h.from || inv.Type != wire.InvTypeBlock {
			continue
		}
		if _, err := h.chain.HeaderByHash(&inv.Hash); err != nil {
			h.askHeaders()
			return
		}
	}
}

func (h *messageHandler) sendHeaders(p *peer.Peer, msg *wire.MsgGetHeaders) {
	answer := wire.NewMsgHeaders()
	for _, header := range h.chain.LocateHeaders(msg.BlockLocatorHashes, &msg.HashStop) {
		answer.Headers = append(answer.Headers, &header)
	}
	p.QueueMessage(answer, nil) // an empty answer says: you have all
}

func (h *messageHandler) sendInventory(p *peer.Peer, msg *wire.MsgGetBlocks) {
	answer := wire.NewMsgInv()
	for _, hash := range h.chain.LocateBlocks(msg.BlockLocatorHashes, &msg.HashStop, wire.MaxBlocksPerMsg) {
		if err := answer.AddInvVect(wire.NewInvVect(wire.InvTypeBlock, &hash)); err != nil {
			break // full
		}
	}
	if len(answer.InvList) > 0 {
		p.QueueMessage(answer, nil)
	}
}

func (h *messageHandler) sendBlocks(p *peer.Peer, msg *wire.MsgGetData) {
	if len(msg.InvList) > maxServed {
		h.refuse(p, fmt.Errorf("it asked for %d things at once", len(msg.InvList)))
		return
	}
	missing := wire.NewMsgNotFound()
	for _, inv := range msg.InvList {
		encoding := wire.BaseEncoding
		if inv.Type == wire.InvTypeWitnessBlock {
			encoding = wire.WitnessEncoding
		}
		block, err := h.chain.storedBlock(&inv.Hash) // of a branch too: we gave out its headers when it was the chain
		if err != nil || (inv.Type != wire.InvTypeBlock && inv.Type != wire.InvTypeWitnessBlock) {
			missing.InvList = append(missing.InvList, inv)
			continue
		}
		p.QueueMessageWithEncoding(block.MsgBlock(), nil, encoding)
		h.served.Add(1)
	}
	if len(missing.InvList) > 0 {
		p.QueueMessage(missing, nil)
	}
}
