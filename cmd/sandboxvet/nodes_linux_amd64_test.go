// SPDX-License-Identifier: MIT

package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/learn"
)

// How many blocks live nodes take: some flushes, which come every thousand. And how many there are.
const (
	liveBlocks = 3000
	allBlocks  = 14131
)

// nodes are btcnodes: one imports blocks and serves them, one gets them and is asked for
// them meanwhile, and goes on at the tip.
type nodes struct {
	program, action string
	blocks          int
	traced          bool

	dir      string
	learned  []*learn.Recording // under "learn"
	observed []observation      // if they are traced
}

func (c *nodes) run(t *testing.T) {
	t.Helper()
	c.dir = t.TempDir()
	serving := c.start(t, "serving", "--import", c.blockFile(t), "--listen", "127.0.0.1:0")
	serving.await(t, "imported")
	peer := serving.endpoints(t).P2P
	for range 2 {
		syncing := c.start(t, "syncing", "--connect", peer)
		syncing.await(t, `"peer connected"`) // and has written its endpoints before
		syncing.follow(t)
		syncing.end(t)
	}
	serving.end(t)
}

// blockFile writes a file with the first of the blocks that btcd has for its tests.
func (c *nodes) blockFile(t *testing.T) string {
	t.Helper()
	btcd := strings.TrimSpace(goCommand(t, "../../examples/btcnode", "list", "-m", "-f", "{{.Dir}}", "github.com/btcsuite/btcd"))
	all, err := os.ReadFile(filepath.Join(btcd, "blockchain", "testdata", "blk_0_to_14131.dat"))
	must(t, err)
	end := 0
	for range c.blocks + 1 { // each begins with the network's number and its length
		end += 8 + int(binary.LittleEndian.Uint32(all[end+4:]))
	}
	file := filepath.Join(c.dir, "blocks.dat")
	must(t, os.WriteFile(file, all[:end], 0o600))
	return file
}

// A node is a running one.
type node struct {
	watched          watched // if it is traced
	process          *testproc.Process
	nodes            *nodes
	dataDir, learned string
	lines            *bufio.Reader
	ended            bool
}

func (c *nodes) start(t *testing.T, name string, args ...string) *node {
	t.Helper()
	n := &node{nodes: c, dataDir: filepath.Join(c.dir, name)}
	args = append(args, "--sandbox", c.action, "--datadir", n.dataDir, "--rpclisten", "127.0.0.1:0")
	if c.action == "learn" {
		n.learned = n.dataDir + ".json"
		args = append(args, "--learned", n.learned)
	}
	r, w, err := os.Pipe()
	must(t, err)
	t.Cleanup(func() { r.Close() })
	n.lines = bufio.NewReader(r)
	cmd := testproc.Cmd{Executable: c.program, Args: args, Stdout: w, Timeout: 5 * time.Minute}
	if c.traced {
		n.watched = watch(t, cmd)
		n.process = n.watched.Process
	} else {
		n.process = cmd.Start(t)
	}
	w.Close()
	t.Cleanup(func() {
		if !n.ended { // the test has failed
			n.process.Signal(syscall.SIGKILL)
			n.process.Wait().ExpectSignal(t, syscall.SIGKILL)
		}
	})
	return n
}

// await waits until the node logs a message.
func (n *node) await(t *testing.T, message string) {
	t.Helper()
	for {
		line, err := n.lines.ReadString('\n')
		if err != nil {
			n.ended = true
			t.Fatalf("no message %q: %v: %+v", message, err, n.process.Wait())
		}
		if strings.Contains(line, "msg="+message) {
			return
		}
	}
}

type endpoints struct{ P2P, RPC, User, Password string }

func (n *node) endpoints(t *testing.T) (e endpoints) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(n.dataDir, "endpoints.json"))
	must(t, err)
	must(t, json.Unmarshal(text, &e))
	return e
}

// follow asks for blocks until the node has them all, and then for transactions and threads.
func (n *node) follow(t *testing.T) {
	t.Helper()
	e := n.endpoints(t)
	for {
		var info struct {
			Blocks        int
			BestBlockHash string
			Synced        bool
		}
		must(t, json.Unmarshal(e.call(t, "getblockchaininfo"), &info))
		e.call(t, "getblock", info.BestBlockHash)
		if info.Synced {
			if info.Blocks != n.nodes.blocks {
				t.Errorf("at the tip with %d blocks", info.Blocks)
			}
			break
		}
	}
	e.call(t, "getsandboxinfo")
}

// call asks the node by JSON-RPC.
func (e endpoints) call(t *testing.T, method string, params ...any) json.RawMessage {
	t.Helper()
	body, err := json.Marshal(map[string]any{"jsonrpc": "1.0", "id": 1, "method": method, "params": append([]any{}, params...)})
	must(t, err)
	request, err := http.NewRequest(http.MethodPost, fmt.Sprintf("http://%s/", e.RPC), bytes.NewReader(body))
	must(t, err)
	request.SetBasicAuth(e.User, e.Password)
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(t, err)
	var answer struct{ Result, Error json.RawMessage }
	must(t, json.Unmarshal(text, &answer))
	if len(answer.Error) > 0 && string(answer.Error) != "null" {
		t.Fatalf("%s: %s", method, answer.Error)
	}
	return answer.Result
}

// end stops the node, in order.
func (n *node) end(t *testing.T) {
	t.Helper()
	n.process.Signal(syscall.SIGTERM)
	n.await(t, "stopped")
	n.ended = true
	if n.nodes.traced {
		o, _ := n.watched.end(t, 0)
		n.nodes.observed = append(n.nodes.observed, o)
	} else {
		n.process.Wait().ExpectExit(t, 0)
	}
	if n.learned == "" {
		return
	}
	text, err := os.ReadFile(n.learned)
	must(t, err)
	r, err := learn.Parse(text)
	must(t, err)
	n.nodes.learned = append(n.nodes.learned, r)
}
