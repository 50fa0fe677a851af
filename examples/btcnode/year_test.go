// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/nodeproc"
	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/rpcapi"
	"github.com/syscall-sandbox/sandbox/examples/internal/yeartest"
)

// enoughBytes are all headers of a short chain (160 kB) and some hundred of its blocks.
const enoughBytes = 200_000

// TestYear does to a syncing node what an operator and a service manager do in a year.
func TestYear(t *testing.T) {
	y := startYear(t, "--sandbox=log-and-abort", "--debug")
	y.watchdog(t)
	y.suspend(t)
	if code, _ := y.profile(t, "heap"); code != http.StatusNotFound {
		t.Errorf("profiling is off, and the answer is %d", code)
	}
	y.profiling(t, true)
	y.rotate(t)
	before := y.chain(t).Connected
	y.open()
	var wg sync.WaitGroup
	wg.Go(func() { y.profiles(t) })
	for y.rotations < 5 || !y.chain(t).Synced {
		y.rotate(t)
	}
	wg.Wait()
	yeartest.LargeForms(t, &http.Client{Timeout: testTimeout}, y.pprof())
	if after := y.chain(t).Connected; before >= after || after != shortChain {
		t.Errorf("%d blocks connected when the profiles began, %d after that", before, after)
	}
	y.profiling(t, false)
	if code, _ := y.profile(t, "heap"); code != http.StatusNotFound {
		t.Errorf("profiling is off again, and the answer is %d", code)
	}
	y.watchdog(t)
	y.terminate(t)
	y.checkLog(t)
}

// year is a node with a service manager and a log file. It has some blocks and gets no more before open is called.
type year struct {
	node      *nodeproc.Process
	manager   *yeartest.Datagrams
	log       string
	rotations int
	open      func()
}

func startYear(t *testing.T, args ...string) *year {
	t.Helper()
	y := &year{manager: yeartest.Listen(t), log: filepath.Join(t.TempDir(), "debug.log")}
	var peer string
	peer, y.open = gatedLine(t, startPeer(t, realBlocks(t, shortChain)).Addr, enoughBytes)
	cmd := nodeCommand(append(args, "--debuglogfile", y.log, "--connect", peer)...)
	cmd.Env = append(cmd.Env, "NOTIFY_SOCKET="+y.manager.Path, "WATCHDOG_USEC=200000", "GOTRACEBACK=crash")
	y.node = startCommand(t, t.TempDir(), cmd)
	y.manager.Await(t, "READY=1")
	if _, err := y.node.PollChain(testTimeout, "it has some blocks", func(i *rpcapi.ChainInfo) bool { return i.Connected > 0 }); err != nil {
		t.Fatal(err)
	}
	return y
}

func (y *year) chain(t *testing.T) *rpcapi.ChainInfo {
	t.Helper()
	var info rpcapi.ChainInfo
	if err := y.node.RPC.Call(&info, "getblockchaininfo"); err != nil {
		t.Fatalf("%v\n%s", err, y.node.Output())
	}
	return &info
}

func (y *year) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := y.node.Signal(s); err != nil {
		t.Fatal(err)
	}
}

func (y *year) watchdog(t *testing.T) {
	t.Helper()
	for range 2 {
		y.manager.Await(t, "WATCHDOG=1")
	}
}

// suspend stops the node and lets it go on, as a machine that is suspended does.
func (y *year) suspend(t *testing.T) {
	t.Helper()
	y.signal(t, syscall.SIGSTOP)
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(y.node.PID(), &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatal(status, err)
	}
	y.signal(t, syscall.SIGCONT)
	y.watchdog(t)
}

// rotate is what logrotate does.
func (y *year) rotate(t *testing.T) {
	t.Helper()
	y.rotations++
	if err := os.Rename(y.log, fmt.Sprintf("%s.%d", y.log, y.rotations)); err != nil {
		t.Fatal(err)
	}
	y.signal(t, syscall.SIGHUP)
	y.manager.Await(t, "READY=1")
}

var connectedLine = regexp.MustCompile(`(?m)^time=\S+ level=DEBUG msg=connected height=(\d+)$`)

// checkLog checks that all log files together have each block once, and that one is not all.
func (y *year) checkLog(t *testing.T) {
	t.Helper()
	times, files := make(map[int]int), 0
	for i := range y.rotations + 1 {
		name := y.log
		if i > 0 {
			name = fmt.Sprintf("%s.%d", y.log, i)
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := connectedLine.FindAllSubmatch(text, -1)
		for _, line := range lines {
			height, _ := strconv.Atoi(string(line[1]))
			times[height]++
		}
		if len(lines) > 0 {
			files++
		}
	}
	for height := 1; height <= shortChain; height++ {
		if times[height] != 1 {
			t.Fatalf("block %d is in the logs %d times", height, times[height])
		}
	}
	if files < 2 {
		t.Errorf("all blocks are in %d of %d log files", files, y.rotations+1)
	}
}

func (y *year) profiling(t *testing.T, on bool) {
	t.Helper()
	var is bool
	if err := y.node.RPC.Call(&is, "profiling", on); err != nil || is != on {
		t.Fatalf("profiling: %t, %v", is, err)
	}
}

// profiles takes all of them, those that take a second together.
func (y *year) profiles(t *testing.T) {
	t.Helper()
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, name := range []string{
		"profile?seconds=1", "trace?seconds=1", "heap?seconds=1", "cmdline", "symbol?0x1", "heap", "heap?gc=1", "goroutine",
		"goroutine?debug=2", "allocs", "block", "mutex", "threadcreate",
	} {
		take := func() {
			if code, size := y.profile(t, name); code != http.StatusOK || size == 0 {
				t.Errorf("%s: %d, %d bytes", name, code, size)
			}
		}
		if strings.HasSuffix(name, "seconds=1") {
			wg.Go(take)
		} else {
			take()
		}
	}
}

func (y *year) profile(t *testing.T, name string) (code, size int) {
	t.Helper()
	return yeartest.Profile(t, &http.Client{Timeout: testTimeout}, y.pprof(), name)
}

// pprof is where profiles are, with the password.
func (y *year) pprof() string {
	at := y.node.At
	return fmt.Sprintf("http://%s:%s@%s", at.User, at.Password, at.RPC)
}

// terminate ends the node as the service manager does; nothing was violated.
func (y *year) terminate(t *testing.T) {
	t.Helper()
	y.signal(t, syscall.SIGTERM)
	y.manager.Await(t, "STOPPING=1")
	state, err := y.node.Wait(testTimeout)
	if err != nil {
		t.Fatal(err)
	}
	if !state.Success() || y.node.Stderr() != "" {
		t.Errorf("the node ended by %s\n%s", state, y.node.Output())
	}
}

// TestPeerByName gives the node its peer by name, which goroutines of package net look up, under the process policy.
func TestPeerByName(t *testing.T) {
	_, port, err := net.SplitHostPort(startPeer(t, realBlocks(t, firstSpend)).Addr)
	if err != nil {
		t.Fatal(err)
	}
	cmd := nodeCommand("--sandbox=log-and-abort", "--connect", net.JoinHostPort("localhost", port))
	cmd.Env = append(cmd.Env, "GODEBUG=netdns=go")
	p := startCommand(t, t.TempDir(), cmd)
	if _, err := p.PollChain(testTimeout, "it is at the tip", func(i *rpcapi.ChainInfo) bool { return i.Synced }); err != nil {
		t.Fatal(err)
	}
	if err := p.Terminate(testTimeout); err != nil {
		t.Error(err)
	}
}

// TestPortByName gives the node a port by name, for which package net reads a file when it first dials, on the thread that does.
// Nobody listens there: that the node says so is enough.
func TestPortByName(t *testing.T) {
	p := startCommand(t, t.TempDir(), nodeCommand("--sandbox=log-and-abort", "--connect", "127.0.0.1:gopher"))
	dialled := func() (bool, error) { return strings.Contains(p.Output(), "msg=dial"), nil }
	if err := p.Poll(testTimeout, "it has dialled", dialled); err != nil {
		t.Fatal(err)
	}
	if err := p.Terminate(testTimeout); err != nil {
		t.Error(err)
	}
}
