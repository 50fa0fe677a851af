// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/btcsuite/btcd/rpcclient"
)

const (
	patience  = 2 * time.Minute // for one step, on a loaded machine
	pollEvery = 5 * time.Millisecond
	user      = "operator"
	password  = "of the tests"
)

// node is a running daemon.
type node struct {
	t       *testing.T
	dir     string
	action  string
	learned string // file for what was recorded under learn
	cmd     *exec.Cmd
	out     output // standard output: btcd's log
	err     output // standard error: reports of the sandbox
	ended   chan struct{}
	profile string // address of the profile server
	p2p     string // address for peers
	rpcAt   string
	rpc     *rpcclient.Client // by HTTP POST
}

// start starts program on simnet under an action, with its files in dir, and waits until it serves.
func start(t *testing.T, program, dir, action string) *node {
	t.Helper()
	for range 20 {
		n := launch(t, program, dir, action)
		if n.serves() {
			return n
		}
		if !strings.Contains(n.out.String(), "address already in use") {
			t.Fatalf("the node ended: %s\n%s", n.cmd.ProcessState, n.output())
		}
	}
	t.Fatal("no free port for profiles")
	return nil
}

// launch starts the daemon. The kernel chooses ports for peers and RPC; --profile wants a number, which somebody else may take
// before btcd does: btcd ends then.
func launch(t *testing.T, program, dir, action string) *node {
	t.Helper()
	n := &node{t: t, dir: dir, action: action, learned: filepath.Join(t.TempDir(), "learned.json"), ended: make(chan struct{}), profile: freePort(t)}
	_, port, err := net.SplitHostPort(n.profile)
	if err != nil {
		t.Fatal(err)
	}
	n.cmd = exec.Command(program, "--sandbox", action, "--learned", n.learned, "--simnet", "--configfile", filepath.Join(dir, "btcd.conf"), "--datadir", dir, "--logdir", dir,
		"--listen", "127.0.0.1:0", "--rpclisten", "127.0.0.1:0", "--rpccert", n.cert(), "--rpckey", filepath.Join(dir, "rpc.key"),
		"--rpcuser", user, "--rpcpass", password, "--rpcmaxclients", "100", "--rpcmaxwebsockets", "100", "--profile", port,
		"--txindex", "--addrindex", "--trickleinterval", "100ms", "--minrelaytxfee", "0", "--miningaddr", miner(t).address.EncodeAddress())
	n.cmd.Env = append(os.Environ(), "HOME="+dir)
	n.cmd.Stdout, n.cmd.Stderr = &n.out, &n.err
	if err := os.WriteFile(filepath.Join(dir, "btcd.conf"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		n.cmd.Wait() // the state says how it ended
		close(n.ended)
	}()
	t.Cleanup(n.kill)
	return n
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", ":0") // as btcd does
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "127.0.0.1:" + strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

func (n *node) cert() string { return filepath.Join(n.dir, "rpc.cert") }

var (
	peersAt = regexp.MustCompile(`CMGR: Server listening on (\S+)`)
	rpcAt   = regexp.MustCompile(`RPCS: RPC server listening on (\S+)`)
)

// serves waits until the node listens; false says that it has ended.
func (n *node) serves() bool {
	n.t.Helper()
	if !n.await("listens", func() bool {
		p2p, rpc := peersAt.FindStringSubmatch(n.out.String()), rpcAt.FindStringSubmatch(n.out.String())
		if p2p == nil || rpc == nil {
			return false
		}
		n.p2p, n.rpcAt = p2p[1], rpc[1]
		return true
	}) {
		return false
	}
	n.rpc = n.client(true, nil)
	return true
}

// client is a client by HTTP POST, or by a websocket with notifications. Either trusts the certificate that the node has made.
func (n *node) client(post bool, notify *rpcclient.NotificationHandlers) *rpcclient.Client {
	n.t.Helper()
	cert, err := os.ReadFile(n.cert())
	if err != nil {
		n.t.Fatal(err)
	}
	c, err := rpcclient.New(&rpcclient.ConnConfig{
		Host: n.rpcAt, Endpoint: "ws", User: user, Pass: password, Certificates: cert, HTTPPostMode: post, DisableAutoReconnect: true,
	}, notify)
	if err != nil {
		n.t.Fatalf("%v\n%s", err, n.output())
	}
	n.t.Cleanup(c.Shutdown)
	return c
}

// await waits until ok; false says that the node ended before.
func (n *node) await(what string, ok func() bool) bool {
	n.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		if ok() {
			return true
		}
		if time.Now().After(deadline) {
			n.t.Fatalf("waited for %v until the node %s\n%s", patience, what, n.output())
		}
		select {
		case <-n.ended:
			return false
		case <-time.After(pollEvery):
		}
	}
}

// until is await for nodes that are to live on.
func (n *node) until(what string, ok func() bool) {
	n.t.Helper()
	if !n.await(what, ok) {
		n.t.Fatalf("before the node %s it ended: %s\n%s", what, n.cmd.ProcessState, n.output())
	}
}

// wait waits for the end.
func (n *node) wait() *os.ProcessState {
	n.t.Helper()
	select {
	case <-n.ended:
	case <-time.After(patience):
		n.t.Fatalf("the node still runs after %v\n%s", patience, n.output())
	}
	return n.cmd.ProcessState
}

// ends waits for an orderly end.
func (n *node) ends() {
	n.t.Helper()
	if state := n.wait(); !state.Success() || !strings.Contains(n.out.String(), "Shutdown complete") {
		n.t.Fatalf("the node ended by %s\n%s", state, n.output())
	}
}

// endsWell waits for an orderly end without a report.
func (n *node) endsWell() {
	n.t.Helper()
	n.ends()
	// Of uname the daemon tells under learn only: the policy answers it by an errno, and package net goes on without.
	for line := range strings.Lines(n.err.String()) {
		if strings.Contains(line, " times: ") && !strings.Contains(line, " times: uname(") {
			n.t.Error(line)
		}
	}
	if n.reports() > 0 {
		n.t.Error(n.err.String())
	}
}

func (n *node) reports() int {
	return strings.Count(n.err.String(), "is not allowed by the syscall sandbox")
}

func (n *node) kill() {
	_ = n.cmd.Process.Kill() // it may have ended
	<-n.ended
}

// output is for messages: the end of the log, which may be long, and all reports.
func (n *node) output() string {
	log := n.out.String()
	return fmt.Sprintf("log:\n%s\nstandard error:\n%s", log[max(0, len(log)-4000):], n.err.String())
}

// output is a buffer that can be read while the process writes.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
