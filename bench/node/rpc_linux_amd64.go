// SPDX-License-Identifier: MIT

package main

import (
	"errors"
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

// rpc measures a node in mode m that has the whole chain.
func (b *bench) rpc(m int) (f figures, err error) {
	err = b.during(m, b.chain, nil, func(n *node) error {
		clients, err := n.dialAll(b.connections)
		defer func() {
			for _, c := range clients {
				c.close()
			}
		}()
		if err == nil {
			_, err = load(clients, b.queries, len(b.queries)) // fills the caches
		}
		if err != nil {
			return err
		}
		first, err := n.sample(0)
		if err != nil {
			return err
		}
		latency, err := load(clients, b.queries, b.requests)
		if err != nil {
			return err
		}
		last, err := n.sample(len(latency))
		f = last.since(first)
		f.latency = latency
		return err
	})
	return f, err
}

func (n *node) dialAll(count int) (all []*client, err error) {
	for range count {
		c, err := n.dial()
		if err != nil {
			return all, err
		}
		all = append(all, c)
	}
	return all, nil
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
