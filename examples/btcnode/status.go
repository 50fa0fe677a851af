// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"log/slog"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/rpcapi"
)

func (n *node) chainInfo() *rpcapi.ChainInfo {
	best := n.chain.BestSnapshot()
	return &rpcapi.ChainInfo{
		Blocks: best.Height, Headers: n.chain.headerHeight(), BestBlockHash: best.Hash.String(), Flushed: n.chain.flushed.Load(),
		Connected: n.chain.connected.Load(), Disconnected: n.chain.disconnected.Load(), Scripts: n.scripts.total(), Synced: n.messages.synced.Load(),
	}
}

func (n *node) connectedWork() string {
	return fmt.Sprintf("%d blocks connected", n.chain.connected.Load())
}

// chainChanged is called after each block, on the thread that took it.
func (n *node) chainChanged() {
	n.index.notify()
	n.sched.notify()
}

// reportProgress is called on the scheduler's thread.
func (n *node) reportProgress() {
	height := n.chain.height()
	_, headers := n.chain.BestHeader()
	if headers < height {
		headers = 0 // an import: the file does not say how much there is
	}
	n.progress.Set(int64(height), int64(headers))
	if n.opts.ExitAtTip && n.messages.synced.Load() {
		n.stop("at the tip")
	}
}

func (n *node) logProgress(done, total int64) {
	line := slog.With("height", done, "scripts", n.scripts.total())
	if total > 0 {
		line = line.With("of", total)
	}
	line.Info("progress")
}
