// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/nodeproc"
	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/rpcapi"
	"github.com/syscall-sandbox/sandbox/examples/internal/faketime"
)

const (
	// runAsNode makes the test binary be the node: so the node is tested in the build flavour of the test, -race included.
	runAsNode = "BTCNODE_TEST_RUN_AS_NODE"
	// runWithClock makes it run a node with a wall clock that standard input sets.
	runWithClock = "BTCNODE_TEST_RUN_WITH_CLOCK"

	testTimeout = 2 * time.Minute // for one step, on a loaded machine under -race
	tipHeight   = 14131
)

func TestMain(m *testing.M) {
	if os.Getenv(runWithClock) != "" {
		os.Unsetenv(runWithClock)
		faketime.Main(os.Stdin, os.Args[0], os.Args[1:]...)
	}
	if os.Getenv(runAsNode) != "" {
		main()
		os.Exit(0)
	}
	code := m.Run()
	if err := server.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "serving node:", err)
		code = 1
	}
	os.Exit(code)
}

func nodeCommand(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	// Race-built programs sleep for a second when they end, unless told not to.
	cmd.Env = append(os.Environ(), runAsNode+"=1", "GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=0")
	return cmd
}

func startNode(t *testing.T, dataDir string, args ...string) *nodeproc.Process {
	t.Helper()
	return startCommand(t, dataDir, nodeCommand(args...))
}

func startCommand(t *testing.T, dataDir string, cmd *exec.Cmd) *nodeproc.Process {
	t.Helper()
	p, err := nodeproc.Start(cmd, dataDir, testTimeout)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

// server is one serving node for all tests; it has imported the real blocks under the sandbox.
var server sharedNode

type sharedNode struct {
	once sync.Once
	dir  string
	node *nodeproc.Process
	err  error
}

func (s *sharedNode) get(t *testing.T) *nodeproc.Process {
	t.Helper()
	s.once.Do(func() { s.err = s.start() })
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s.node
}

func (s *sharedNode) start() error {
	file, err := nodeproc.BlockFile()
	if err != nil {
		return err
	}
	if s.dir, err = os.MkdirTemp("", "btcnode-test-"); err != nil {
		return err
	}
	if s.node, err = nodeproc.Start(nodeCommand("--import", file), filepath.Join(s.dir, "serving"), testTimeout); err != nil {
		return err
	}
	_, err = s.node.PollChain(testTimeout, "the import is done", func(i *rpcapi.ChainInfo) bool { return i.Blocks == tipHeight })
	return err
}

func (s *sharedNode) stop() (err error) {
	if s.node != nil {
		err = s.node.Terminate(testTimeout)
		s.node.Kill()
	}
	if s.dir != "" {
		os.RemoveAll(s.dir)
	}
	return err
}
