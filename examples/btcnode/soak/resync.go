// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/rpcapi"
)

// interruptions are what a lap does to the sync; the first is a kill.
const interruptions = 2

// resync synchronises a new node from the serving one. It is ended at random heights and goes on with other settings, until it
// is at the tip; then it is compared with the one of the first lap.
func (s *soak) resync(r *rand.Rand, l *lap) error {
	dir := filepath.Join(s.dir, fmt.Sprintf("syncing-%d", len(s.laps)+1))
	for i := range interruptions {
		how := byKill
		if i > 0 {
			how = allEnds[r.IntN(len(allEnds))]
		}
		if err := s.interrupt(dir, r, how, int32(r.IntN(s.blocks))); err != nil {
			return err
		}
		l.ends = append(l.ends, how)
	}
	l.syncing = drawSettings(r)
	n, err := s.start("syncing", dir, l.syncing, "--connect", s.server.At.P2P)
	if err != nil {
		return err
	}
	n.load(r, 3)
	if err := n.waitTip(s.chain.tip, s.chain.lastTx); err != nil {
		return errors.Join(err, n.failed())
	}
	s.count(n.stopLoad())
	if l.synced, err = s.settleSynced(n); err != nil {
		return err
	}
	if err := s.end(n, allEnds[1+r.IntN(2)]); err != nil {
		return err
	}
	return os.RemoveAll(dir)
}

// settleSynced compares a syncing node with the first one, and its memory with that of the first one of its settings.
func (s *soak) settleSynced(n *node) (*census, error) {
	key := n.settings.String()
	now, err := s.settle(n, 1, s.resyncs[""], s.resyncs[key])
	if err != nil {
		return nil, err
	}
	for _, k := range []string{"", key} {
		if s.resyncs[k] == nil {
			s.resyncs[k] = now
		}
	}
	return now, nil
}

// interrupt synchronises a node up to a height at least, unless it has more already, and ends it.
func (s *soak) interrupt(dir string, r *rand.Rand, how string, height int32) error {
	n, err := s.start("syncing", dir, drawSettings(r), "--connect", s.server.At.P2P)
	if err != nil {
		return err
	}
	n.load(r, 3)
	_, err = n.PollChain(patience, "it has some blocks", func(i *rpcapi.ChainInfo) bool { return i.Blocks >= height })
	if err != nil {
		return errors.Join(err, n.failed())
	}
	return s.end(n, how)
}
