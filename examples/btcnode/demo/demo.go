// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/blockfile"
	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/nodeproc"
	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/progress"
	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/rpcapi"
)

const demoTimeout = 5 * time.Minute

// expectation is what the block file holds, counted here without the node's help.
type expectation struct {
	file            string
	height, scripts int
	tip             string
}

func expect() (e expectation, err error) {
	if e.file, err = nodeproc.BlockFile(); err != nil {
		return e, err
	}
	e.height = -1
	err = blockfile.Each(e.file, chaincfg.MainNetParams.Net, func(block *btcutil.Block) error {
		e.height++
		e.tip = block.Hash().String()
		for _, tx := range block.Transactions() {
			if !blockchain.IsCoinBase(tx) {
				e.scripts += len(tx.MsgTx().TxIn)
			}
		}
		return nil
	})
	return e, err
}

// demo synchronises one node from another, prints what ran where, and succeeds if all of it is as the block file says.
func demo() error {
	want, err := expect()
	if err != nil {
		return err
	}
	return inTempDir(func(dir string) error {
		fmt.Println("building btcnode (CGO_ENABLED=0)")
		bin, err := nodeproc.Build(dir)
		if err != nil {
			return err
		}
		fmt.Println("starting the serving node; it imports", filepath.Base(want.file))
		server, err := nodeproc.Start(exec.Command(bin, "--import", want.file), filepath.Join(dir, "serving"), demoTimeout)
		if err != nil {
			return err
		}
		defer server.Kill()
		if _, err := follow(server, "importing", want.height, func(i *rpcapi.ChainInfo) bool { return true }); err != nil {
			return err
		}
		fmt.Println("starting the syncing node; it connects to", server.At.P2P)
		start := time.Now()
		client, err := nodeproc.Start(exec.Command(bin, "--connect", server.At.P2P), filepath.Join(dir, "syncing"), demoTimeout)
		if err != nil {
			return err
		}
		defer client.Kill()
		chain, err := follow(client, "syncing", want.height, func(i *rpcapi.ChainInfo) bool { return i.Synced })
		if err != nil {
			return err
		}
		fmt.Printf("synchronised in %.1f s\n", time.Since(start).Seconds())
		return conclude(want, chain, client, server)
	})
}

// follow shows progress until the node is at the wanted height and done.
func follow(p *nodeproc.Process, what string, height int, done func(*rpcapi.ChainInfo) bool) (*rpcapi.ChainInfo, error) {
	bar := progress.New(os.Stdout, what, func(done, total int64) { fmt.Printf("%s: block %d of %d\n", what, done, total) })
	return p.PollChain(demoTimeout, what, func(info *rpcapi.ChainInfo) bool {
		bar.Set(int64(info.Blocks), int64(height))
		return done(info) && int(info.Blocks) >= height
	})
}

// conclude asks the syncing node about its sandbox, stops both nodes and compares.
func conclude(want expectation, chain *rpcapi.ChainInfo, client, server *nodeproc.Process) error {
	if err := indexed(client, chain.BestBlockHash); err != nil {
		return err
	}
	var info rpcapi.SandboxInfo
	if err := client.RPC.Call(&info, "getsandboxinfo"); err != nil {
		return err
	}
	printTable(&info)
	ends := errors.Join(client.StopByRPC(demoTimeout), server.Terminate(demoTimeout))
	threads, policies := count(&info)
	violations := client.Violations() + server.Violations()
	errs := errors.Join(ends, want.check(chain), checkSandbox(&info))
	if violations > 0 {
		errs = errors.Join(errs, fmt.Errorf("violations:\n%s%s", client.Stderr(), server.Stderr()))
	}
	if errs != nil {
		return errs
	}
	fmt.Printf("demo: height=%d blocks=%d scripts=%d violations=%d threads=%d policies=%d\n",
		chain.Blocks, chain.Connected+1, chain.Scripts, violations, threads, policies) // + 1: the genesis block is not sent
	return nil
}

// indexed waits until the transaction index, which follows the chain, knows the coinbase of the tip.
func indexed(p *nodeproc.Process, tip string) error {
	var block btcjson.GetBlockVerboseResult
	if err := p.RPC.Call(&block, "getblock", tip); err != nil {
		return err
	}
	return p.Poll(demoTimeout, "the index is complete", func() (bool, error) {
		var tx rpcapi.RawTransaction
		err := p.RPC.Call(&tx, "getrawtransaction", block.Tx[0])
		var rpcErr *btcjson.RPCError
		if errors.As(err, &rpcErr) && rpcErr.Code == btcjson.ErrRPCNoTxInfo {
			return false, nil
		}
		return err == nil, err
	})
}

func (e expectation) check(got *rpcapi.ChainInfo) error {
	if int(got.Blocks) == e.height && int(got.Connected) == e.height && int(got.Scripts) == e.scripts && got.BestBlockHash == e.tip {
		return nil
	}
	return fmt.Errorf("the node has height %d, %d blocks connected, %d scripts run, tip %s; the file says %d, %d, %d, %s",
		got.Blocks, got.Connected, got.Scripts, got.BestBlockHash, e.height, e.height, e.scripts, e.tip)
}
