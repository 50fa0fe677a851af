// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/btcsuite/btcd/btcjson"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/rpcapi"
)

// done counts what was asked of a node.
type done struct{ calls, profiles, rotations int }

// load asks a node for things until the function that it returns is called: clients over RPC, one who takes profiles, one who
// rotates the log. Anything that fails before the node is ended is the node's failure.
func (n *node) load(r *rand.Rand, clients int) (stop func() done) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	counts := make([]int, clients+2)
	run := func(i int, what func(context.Context, *rand.Rand) (int, error)) {
		own := rand.New(rand.NewPCG(r.Uint64(), r.Uint64()))
		wg.Go(func() {
			var err error
			if counts[i], err = what(ctx, own); err != nil {
				n.fail(err)
			}
		})
	}
	for i := range clients {
		run(i, n.callMethods)
	}
	run(clients, n.takeProfiles)
	run(clients+1, n.rotateLogs)
	n.stopLoad = sync.OnceValue(func() (d done) {
		cancel()
		wg.Wait()
		http.DefaultClient.CloseIdleConnections()
		for _, calls := range counts[:clients] {
			d.calls += calls
		}
		d.profiles, d.rotations = counts[clients], counts[clients+1]
		n.stopLoad = nil
		return d
	})
	return n.stopLoad
}

// pause waits for a random time, so that a machine of two cores does something else too.
func pause(ctx context.Context, r *rand.Rand, longest time.Duration) bool {
	t := time.NewTimer(time.Duration(r.Int64N(int64(longest))))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// callMethods calls the methods that answer questions.
func (n *node) callMethods(ctx context.Context, r *rand.Rand) (calls int, err error) {
	client := rpcapi.NewClient(n.At)
	for pause(ctx, r, 10*time.Millisecond) {
		if err := n.ask(client, r); err != nil {
			return calls, fmt.Errorf("RPC: %w", err)
		}
		calls++
	}
	return calls, nil
}

// ask asks for a block, a transaction of it and what there is about the node. That the chain has changed in between is no failure.
func (n *node) ask(client *rpcapi.Client, r *rand.Rand) error {
	var height int
	var hash string
	var block btcjson.GetBlockVerboseResult
	err := client.Call(&height, "getblockcount")
	if err == nil {
		err = client.Call(&hash, "getblockhash", r.IntN(height+1))
	}
	if err == nil {
		err = client.Call(&block, "getblock", hash)
	}
	if err == nil {
		err = client.Call(nil, "getblock", hash, 0)
	}
	if err == nil {
		err = client.Call(nil, "getrawtransaction", block.Tx[r.IntN(len(block.Tx))])
	}
	var answer *btcjson.RPCError
	if err == nil || errors.As(err, &answer) {
		about := []string{"getblockchaininfo", "getsandboxinfo", "getviolations"}
		err = client.Call(nil, about[r.IntN(len(about))])
	}
	return err
}

var profileNames = []string{"profile?seconds=1", "trace?seconds=1", "heap", "heap?gc=1", "goroutine", "goroutine?debug=2", "allocs", "mutex", "block", "threadcreate"}

func (n *node) takeProfiles(ctx context.Context, r *rand.Rand) (taken int, err error) {
	if err := n.RPC.Call(nil, "profiling", true); err != nil {
		return 0, err
	}
	for i := r.IntN(len(profileNames)); pause(ctx, r, 50*time.Millisecond); i++ {
		if err := n.profile(profileNames[i%len(profileNames)]); err != nil {
			return taken, err
		}
		taken++
	}
	return taken, nil
}

func (n *node) profile(name string) error {
	request, err := http.NewRequest(http.MethodGet, "http://"+n.At.RPC+"/debug/pprof/"+name, nil)
	if err != nil {
		return err
	}
	request.SetBasicAuth(n.At.User, n.At.Password)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	size, err := io.Copy(io.Discard, answer.Body)
	if err == nil && (answer.StatusCode != http.StatusOK || size == 0) {
		err = fmt.Errorf("%s, %d bytes", answer.Status, size)
	}
	if err != nil {
		return fmt.Errorf("profile %s: %w", name, err)
	}
	return nil
}

// rotations are enough for one load.
const rotations = 3

// rotateLogs does what logrotate does, and waits for the new file each time.
func (n *node) rotateLogs(ctx context.Context, r *rand.Rand) (rotated int, err error) {
	for rotated < rotations && pause(ctx, r, 200*time.Millisecond) {
		if err := os.Rename(n.log, fmt.Sprintf("%s.%d", n.log, time.Now().UnixNano())); err != nil {
			return rotated, err
		}
		if err := n.Signal(syscall.SIGHUP); err != nil {
			return rotated, err
		}
		err := n.Poll(patience, "it has opened its log anew", func() (bool, error) {
			_, err := os.Stat(n.log)
			return err == nil, nil
		})
		if err != nil {
			return rotated, err
		}
		rotated++
	}
	return rotated, nil
}
