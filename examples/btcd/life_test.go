// SPDX-License-Identifier: MIT

package main

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/rpcclient"
	"github.com/btcsuite/btcd/wire/v2"
)

// TestLife lets two nodes live through all that the README says, under the actions that end a node at its first violation.
func TestLife(t *testing.T) {
	for _, action := range []string{"abort", "log-and-abort"} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, action)
			p.live()
			p.first.confined()
			p.second.confined()
			p.endAndStartAgain()
		})
	}
}

// pair is two nodes. The first mines, and the second connects to it.
type pair struct {
	t             *testing.T
	first, second *node
	again         []*node // those two, started once more
}

func newPair(t *testing.T, action string) *pair {
	t.Helper()
	return &pair{t: t, first: start(t, daemon(t), almostFullLog(t), action), second: start(t, daemon(t), t.TempDir(), action)}
}

// live mines, relays, reorganises, serves and rotates the log.
func (p *pair) live() {
	heard := p.listen()
	p.mine(p.first, 101) // the first coinbase may be spent then
	p.connect()
	p.sameTip()
	p.relay(heard)
	p.mineByProcessor()
	p.reorganise(heard)
	p.crowd()
	p.oddCalls()
	p.rotateLog()
	p.profiles()
}

// heard are notifications that the second node's websocket client got. The channels never fill.
type heard struct {
	connected, disconnected chan chainhash.Hash
	accepted                chan chainhash.Hash
}

// listen has a websocket client on each node: what is relayed is heard on the second, the reorganisation on the first.
func (p *pair) listen() *heard {
	p.t.Helper()
	h := &heard{make(chan chainhash.Hash, 10_000), make(chan chainhash.Hash, 10_000), make(chan chainhash.Hash, 10_000)}
	onSecond := p.second.client(false, &rpcclient.NotificationHandlers{
		OnFilteredBlockConnected: func(_ int32, b *wire.BlockHeader, _ []*btcutil.Tx) { h.connected <- b.BlockHash() },
		OnTxAccepted:             func(tx *chainhash.Hash, _ btcutil.Amount) { h.accepted <- *tx },
	})
	onFirst := p.first.client(false, &rpcclient.NotificationHandlers{
		OnFilteredBlockDisconnected: func(_ int32, b *wire.BlockHeader) { h.disconnected <- b.BlockHash() },
	})
	must(p.t, onFirst.NotifyBlocks())
	must(p.t, onSecond.NotifyBlocks())
	must(p.t, onSecond.NotifyNewTransactions(false))
	return h
}

// hears takes notifications until the one that is waited for.
func (n *node) hears(what string, from chan chainhash.Hash, want chainhash.Hash) {
	n.t.Helper()
	n.until(what, func() bool {
		for {
			select {
			case got := <-from:
				if got == want {
					return true
				}
			default:
				return false
			}
		}
	})
}

func (p *pair) mine(n *node, blocks uint32) []*chainhash.Hash {
	p.t.Helper()
	hashes, err := n.rpc.Generate(blocks)
	must(p.t, err)
	return hashes
}

// connect gives the first node to the second, as a peer that it keeps, by name: the resolver reads its files.
func (p *pair) connect() {
	p.t.Helper()
	_, port, err := net.SplitHostPort(p.first.p2p)
	must(p.t, err)
	must(p.t, p.second.rpc.AddNode("localhost:"+port, rpcclient.ANAdd))
	p.second.until("has its peer", func() bool { return len(p.second.peers()) == 1 })
}

func (p *pair) disconnect() {
	p.t.Helper()
	id := strconv.Itoa(int(p.second.peers()[0].ID))
	must(p.t, p.second.rpc.Node(btcjson.NRemove, id, nil))
	for _, n := range []*node{p.first, p.second} {
		n.until("has no peer", func() bool { return len(n.peers()) == 0 })
	}
}

func (n *node) peers() []btcjson.GetPeerInfoResult {
	n.t.Helper()
	peers, err := n.rpc.GetPeerInfo()
	must(n.t, err)
	return peers
}

func (n *node) tip() chainhash.Hash {
	n.t.Helper()
	hash, err := n.rpc.GetBestBlockHash()
	must(n.t, err)
	return *hash
}

func (p *pair) sameTip() {
	p.t.Helper()
	p.second.until("has the tip of the first", func() bool { return p.second.tip() == p.first.tip() })
}

// relay spends the first coinbase: the second node hears of it, before and after it is in a block.
func (p *pair) relay(h *heard) {
	p.t.Helper()
	hash, err := p.first.rpc.GetBlockHash(1)
	must(p.t, err)
	block, err := p.first.rpc.GetBlock(hash)
	must(p.t, err)
	id, err := p.first.rpc.SendRawTransaction(miner(p.t).spend(p.t, block.Transactions[0]), false)
	must(p.t, err)
	p.second.hears("has the transaction", h.accepted, *id)
	p.second.hears("has its block", h.connected, *p.mine(p.first, 1)[0])
	p.sameTip()
	p.second.until("has indexed the transaction", func() bool {
		tx, err := p.second.rpc.GetRawTransactionVerbose(id)
		return err == nil && tx.Confirmations == 1
	})
	if found, err := p.first.rpc.SearchRawTransactions(miner(p.t).address, 0, 200, false, nil); err != nil || len(found) < 100 {
		p.t.Errorf("the first node finds %d transactions of the miner, and %v", len(found), err)
	}
}

// mineByProcessor turns the processor's own mining on for some blocks, as --generate does.
func (p *pair) mineByProcessor() {
	p.t.Helper()
	height, err := p.second.rpc.GetBlockCount()
	must(p.t, err)
	must(p.t, p.first.rpc.SetGenerate(true, 1))
	p.second.until("gets blocks", func() bool {
		now, err := p.second.rpc.GetBlockCount()
		must(p.t, err)
		return now >= height+3
	})
	must(p.t, p.first.rpc.SetGenerate(false, 0))
	p.sameTip()
}

// reorganise lets each node mine for itself. When they meet again the first goes over to the longer chain of the second.
func (p *pair) reorganise(h *heard) {
	p.t.Helper()
	p.disconnect()
	lost := p.mine(p.first, 1)[0]
	won := p.mine(p.second, 2)[1]
	p.connect()
	p.first.hears("leaves its block", h.disconnected, *lost)
	p.first.until("has the longer chain", func() bool { return p.first.tip() == *won })
	p.sameTip()
}

// endAndStartAgain ends each node by RPC. Started again it finds on its disk what it had, and ends by SIGTERM.
func (p *pair) endAndStartAgain() {
	p.t.Helper()
	for _, n := range []*node{p.first, p.second} {
		tip := n.tip()
		n.stopByRPC()
		again := start(p.t, n.cmd.Path, n.dir, n.action)
		p.again = append(p.again, again)
		if again.tip() != tip {
			p.t.Errorf("started again at %v, want %v", again.tip(), tip)
		}
		again.terminate()
	}
}

// almostFull is a size of btcd's log: it begins a new one at 10,240,000 bytes, and writes less than the rest when it starts.
const almostFull = 10_240_000 - 100_000

// almostFullLog is a directory with a log that btcd will soon compress and begin anew, but not before it is narrowed.
func almostFullLog(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "simnet"), 0o700))
	log := filepath.Join(dir, "simnet", "btcd.log")
	must(t, os.WriteFile(log, nil, 0o600))
	must(t, os.Truncate(log, almostFull))
	return dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
