// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// places are how many blocks the queries are about, at equal distances.
const places = 500

// queries are a third each of those that the node answers from memory, from the chain and from the
// index.
func queries(c *client, height int) (all []query, err error) {
	for i := range places {
		var hash string
		if err := c.result(&hash, "getblockhash", i*height/(places-1)); err != nil {
			return nil, err
		}
		var block struct{ Tx []string }
		if err := c.result(&block, "getblock", hash); err != nil {
			return nil, err
		}
		all = append(all, ask("getblockcount"), ask("getblock", hash), ask("getrawtransaction", block.Tx[0]))
	}
	return all, nil
}

// turns are how often a mode has its turn in a round: the nodes of a round run side by side, and so those that are compared
// are a fraction of a second apart.
const turns = 10

// answering is one of these nodes.
type answering struct {
	*node
	clients []*client
	figures
}

func (b *bench) rpcRound(i int) error {
	var all [len(modes)]answering
	defer func() {
		for _, a := range all {
			a.end()
		}
	}()
	for m := range all {
		if err := b.answer(m, &all[m]); err != nil {
			return err
		}
	}
	for turn := range turns {
		for _, m := range orders[(i+turn)%len(orders)] {
			if err := all[m].load(b.queries, b.requests/turns); err != nil {
				return fmt.Errorf("%s: %w", modes[m].name, err)
			}
		}
	}
	for m := range all {
		if err := all[m].finish(m, nil); err != nil {
			return err
		}
		b.loads[m] = append(b.loads[m], all[m].figures)
	}
	return nil
}

// answer starts a node that has the whole chain, and asks it for everything once, which fills its caches.
func (b *bench) answer(m int, a *answering) (err error) {
	if a.node, err = b.start(m, b.chain(m)); err != nil {
		return err
	}
	for range b.connections {
		c, err := a.dial()
		if err != nil {
			return err
		}
		a.clients = append(a.clients, c)
	}
	_, err = load(a.clients, b.queries, len(b.queries))
	return err
}

// end closes what is open, after an error too.
func (a *answering) end() {
	for _, c := range a.clients {
		c.close()
	}
	if a.node != nil {
		a.kill()
	}
}

// load is one turn.
func (a *answering) load(queries []query, requests int) error {
	from, err := a.sample()
	if err != nil {
		return err
	}
	latency, err := load(a.clients, queries, requests)
	if err != nil {
		return err
	}
	to, err := a.sample()
	a.add(len(latency), from, to)
	a.latency = append(a.latency, latency...)
	return err
}

// load has the clients make a number of requests at the same time, each an equal share of them, and
// returns how long each took.
func load(clients []*client, queries []query, requests int) ([]time.Duration, error) {
	latency := make([][]time.Duration, len(clients))
	errs := make([]error, len(clients))
	var done sync.WaitGroup
	for i, c := range clients {
		done.Go(func() {
			for q := i; q < requests && errs[i] == nil; q += len(clients) {
				start := time.Now()
				_, errs[i] = c.call(queries[q%len(queries)])
				latency[i] = append(latency[i], time.Since(start))
			}
		})
	}
	done.Wait()
	return slices.Concat(latency...), errors.Join(errs...)
}
