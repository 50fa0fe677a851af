// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/btcsuite/btcd/btcjson"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/nodeproc"
	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/rpcapi"
)

// How a node is ended.
const (
	byKill = "kill" // SIGKILL
	byTerm = "term" // SIGTERM
	byStop = "stop" // the RPC method
)

// serving is the name of the node that lives longest.
const serving = "serving"

var allEnds = []string{byKill, byTerm, byStop}

// node is a node that is soaked.
type node struct {
	*nodeproc.Process
	name     string
	settings settings
	log      string  // file; rotated ones have numbers
	first    *census // of this process

	ending   atomic.Bool // what is asked of it may fail from now on
	stopLoad func() done // nil: nothing is asked of it
	mu       sync.Mutex
	failure  error // of what was asked before
}

func (s *soak) start(name, dataDir string, how settings, args ...string) (*node, error) {
	n := &node{name: name, settings: how, log: filepath.Join(dataDir, "debug.log")}
	if err := os.MkdirAll(dataDir, 0o700); err != nil {
		return nil, err
	}
	args = append([]string{"--sandbox=abort", "--scriptworkers=2", "--debuglogfile", n.log}, args...)
	cmd := exec.Command(s.bin, append(args, s.args...)...)
	cmd.Env = append(os.Environ(), how.environ()...)
	var err error
	if n.Process, err = nodeproc.Start(cmd, dataDir, patience); err != nil {
		return nil, fmt.Errorf("%s node (%s): %w", name, how, err)
	}
	s.running = append(s.running, n)
	return n, nil
}

// end ends a node, and judges how it ended and all that it has said.
func (s *soak) end(n *node, how string) error {
	n.ending.Store(true)
	s.total.ends[how]++
	var asked error
	switch how {
	case byKill:
		asked = n.Signal(syscall.SIGKILL)
	case byTerm:
		asked = n.Signal(syscall.SIGTERM)
	case byStop:
		asked = n.RPC.Call(nil, "stop")
	}
	state, err := n.Wait(patience)
	if err != nil {
		return fmt.Errorf("%s node, %s: %w", n.name, how, errors.Join(asked, err))
	}
	if n.stopLoad != nil {
		s.count(n.stopLoad())
	}
	log, err := n.readLogs()
	err = errors.Join(err, n.failed(), judgeEnd(how, state.Sys().(syscall.WaitStatus)), judgeOutput(n.Stdout()+n.Stderr(), log))
	if err != nil {
		return fmt.Errorf("%s node (%s), %s: %w", n.name, n.settings, how, errors.Join(err, asked))
	}
	return nil
}

// abandon kills a node that nobody judges any more.
func (n *node) abandon() {
	n.ending.Store(true)
	n.Kill()
	if n.stopLoad != nil {
		n.stopLoad()
	}
}

// judgeEnd says what is wrong about how a process ended that was asked to.
func judgeEnd(how string, got syscall.WaitStatus) error {
	switch {
	case how == byKill && got.Signaled() && got.Signal() == syscall.SIGKILL:
	case how != byKill && got.Exited() && got.ExitStatus() == 0:
	case got.Signaled():
		return fmt.Errorf("it ended by the signal %q", got.Signal())
	default:
		return fmt.Errorf("it ended with status %d", got.ExitStatus())
	}
	return nil
}

// judgeOutput says what is wrong about what a node wrote. Standard output and standard error stay empty: it logs to a file, and
// what ends a node by itself (a violation above all, a panic) is written to standard error.
func judgeOutput(output, log string) error {
	if output != "" {
		return fmt.Errorf("it wrote:\n%s", output)
	}
	for line := range strings.Lines(log) {
		for _, bad := range []string{"level=ERROR", "msg=violation", "SIGSYS"} {
			if strings.Contains(line, bad) {
				return fmt.Errorf("it logged: %s", strings.TrimSpace(line))
			}
		}
	}
	return nil
}

func (n *node) readLogs() (all string, err error) {
	files, err := filepath.Glob(n.log + "*")
	for _, file := range files {
		text, fileErr := os.ReadFile(file)
		all, err = all+string(text), errors.Join(err, fileErr)
	}
	return all, err
}

// fail notes what went wrong with a node that should have answered.
func (n *node) fail(err error) {
	if n.ending.Load() {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.failure = errors.Join(n.failure, err)
}

func (n *node) failed() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.failure
}

// waitTip waits until the chain ends with a block, all of it is on the disk, and the index has a transaction of that block.
func (n *node) waitTip(hash, tx string) error {
	_, err := n.PollChain(patience, "it is at the tip "+hash, func(i *rpcapi.ChainInfo) bool {
		return i.BestBlockHash == hash && i.Flushed == i.Blocks
	})
	if err == nil {
		err = n.waitTx(tx, hash)
	}
	if err != nil {
		return fmt.Errorf("%s node (%s): %w", n.name, n.settings, err)
	}
	return nil
}

// waitTx waits until the index has a transaction in a block; "" is no block: it does not have it.
func (n *node) waitTx(tx, block string) error {
	return n.Poll(patience, "the index has "+tx+" in "+block, func() (bool, error) {
		var got rpcapi.RawTransaction
		err := n.RPC.Call(&got, "getrawtransaction", tx)
		var unknown *btcjson.RPCError
		if errors.As(err, &unknown) {
			return block == "", nil
		}
		return got.BlockHash == block, err
	})
}
