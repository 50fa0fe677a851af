// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"time"
)

// patience is how long anything may take: it ends a run that hangs, and judges no speed.
const patience = 5 * time.Minute

// leastLaps are run however short the time is: one is there to be compared with.
const leastLaps = 2

// soak has three kinds of nodes. One serves blocks of the main chain in one process from the beginning to the end; in each lap a
// new one synchronises from it, with interruptions; and one lives through several reorganisations of a chain that is mined here,
// before it is ended and another goes on with what it had.
type soak struct {
	bin, dir string
	seed     uint64
	blocks   int
	out      io.Writer
	args     []string      // for all nodes: tests give them wrong policies
	patience time.Duration // how long a node may take to become as it was
	settled  func(n *node) // called before a node is counted: tests make it leak
	running  []*node

	chain   *mainChain
	server  *node
	life    *life
	resyncs map[string]*census // what the first syncing node, and the first of each settings, was like

	laps  []lap
	total totals
}

// lap is a line of the table.
type lap struct {
	ends    []string
	syncing settings
	synced  *census

	reorganising  settings
	depth, height int32
	reorganised   growth

	served growth
}

// growth is a node now, and in its first lap.
type growth struct{ now, first *census }

// totals are counted over all laps.
type totals struct {
	ends                               map[string]int
	reorgs, calls, profiles, rotations int
	laps                               int
	seed                               uint64
}

func (t *totals) String() string {
	return fmt.Sprintf("soak: laps=%d reorganisations=%d kills=%d terms=%d stops=%d calls=%d profiles=%d rotations=%d violations=0 seed=%d",
		t.laps, t.reorgs, t.ends[byKill], t.ends[byTerm], t.ends[byStop], t.calls, t.profiles, t.rotations, t.seed)
}

func (s *soak) run(howLong time.Duration) (err error) {
	s.total = totals{ends: make(map[string]int), seed: s.seed}
	s.resyncs = make(map[string]*census)
	defer func() {
		for _, n := range s.running {
			n.abandon()
		}
	}()
	if err := s.begin(); err != nil {
		return err
	}
	defer s.life.peer.Close()
	for start := time.Now(); len(s.laps) < leastLaps || time.Since(start) < howLong; {
		if err := s.lap(); err != nil {
			return err
		}
	}
	return errors.Join(s.end(s.server, byTerm), s.end(s.life.node, byStop))
}

// begin starts the serving node and the peer of the reorganising one.
func (s *soak) begin() (err error) {
	if s.chain, err = readMainChain(filepath.Join(s.dir, "blocks.dat"), s.blocks); err != nil {
		return err
	}
	if s.life, err = newLife(); err != nil {
		return err
	}
	r := s.draws(0)
	if s.server, err = s.start(serving, filepath.Join(s.dir, serving), drawSettings(r), "--import", s.chain.file); err != nil {
		return err
	}
	return s.server.waitTip(s.chain.tip, s.chain.lastTx)
}

// draws makes what a lap draws depend on the seed and the lap only.
func (s *soak) draws(stream uint64) *rand.Rand {
	return rand.New(rand.NewPCG(s.seed, uint64(len(s.laps))<<8|stream))
}

func (s *soak) lap() error {
	began, l := time.Now(), lap{}
	stop := s.server.load(s.draws(1), 1)
	if err := errors.Join(s.resync(s.draws(2), &l), s.reorganise(s.draws(3), &l)); err != nil {
		stop()
		return err
	}
	s.count(stop())
	if err := s.settleServer(&l); err != nil {
		return err
	}
	s.laps = append(s.laps, l)
	s.total.laps++
	fmt.Fprintf(s.out, "lap %d: %d blocks synchronised (%s), ended by %s; %d blocks deep reorganised to height %d (%s); serving: %s; %.1f s\n",
		len(s.laps), s.blocks, l.syncing, strings.Join(l.ends, ", "), l.depth, l.height, l.reorganising, l.served, time.Since(began).Seconds())
	return nil
}

func (s *soak) settleServer(l *lap) error {
	now, err := s.settle(s.server, 0, s.server.first, s.server.first)
	if err != nil {
		return err
	}
	if s.server.first == nil {
		s.server.first = now
	}
	l.served = growth{now, s.server.first}
	return nil
}

// count adds what a load has done.
func (s *soak) count(d done) {
	s.total.calls += d.calls
	s.total.profiles += d.profiles
	s.total.rotations += d.rotations
}
