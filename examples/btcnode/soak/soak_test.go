// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/syscall-sandbox/sandbox"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/nodeproc"
	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/policyfile"
)

var built struct {
	once      sync.Once
	dir, path string
	err       error
}

func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(built.dir)
	os.Exit(code)
}

// newSoak is a short one, of a node that is built once for all tests.
func newSoak(t *testing.T) (*soak, *bytes.Buffer) {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "soak-test-"); built.err == nil {
			built.path, built.err = nodeproc.Build(built.dir)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	out := new(bytes.Buffer)
	return &soak{bin: built.path, dir: t.TempDir(), seed: 1, blocks: 200, out: out, patience: leak}, out
}

func TestTwoLaps(t *testing.T) {
	s, out := newSoak(t)
	if err := s.run(0); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if n := len(s.running); n < 2*(interruptions+1)+2 {
		t.Errorf("%d nodes", n)
	}
	if s.total.laps != leastLaps || s.total.ends[byKill] < leastLaps || s.total.reorgs != leastLaps || s.total.calls == 0 || s.total.profiles == 0 || s.total.rotations == 0 {
		t.Errorf("%+v", s.total)
	}
	s.printTable()
	for _, want := range []string{"lap 2: 200 blocks", "REORGANISING"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// TestEndOfALife has the node ended in a reorganisation, in every way.
func TestEndOfALife(t *testing.T) {
	s, out := newSoak(t)
	s.total.ends, s.resyncs = make(map[string]int), make(map[string]*census)
	var err error
	if s.life, err = newLife(); err != nil {
		t.Fatal(err)
	}
	defer s.life.peer.Close()
	defer func() {
		for _, n := range s.running {
			n.abandon()
		}
	}()
	r := s.draws(0)
	if err := s.beginLife(r); err != nil {
		t.Fatal(err)
	}
	for i := 0; s.total.ends[byKill]*s.total.ends[byTerm]*s.total.ends[byStop] == 0; i++ {
		if err := s.endLife(r, &lap{}); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
}

// TestWrongPolicyIsFound takes a call away that a syncing node needs.
func TestWrongPolicyIsFound(t *testing.T) {
	s, out := newSoak(t)
	file := filepath.Join(t.TempDir(), "policies.json")
	narrow := sandbox.NewPolicy("message-handler", sandbox.PolicyMessageHandler.Builder().AllowFiles().AllowFileLocks().Deny("pwrite64"))
	if err := policyfile.Write(file, []sandbox.SyscallSandboxPolicy{narrow}); err != nil {
		t.Fatal(err)
	}
	s.args = []string{"--policies", file}
	if err := s.run(0); err == nil || !strings.Contains(err.Error(), "bad system call") {
		t.Errorf("%v; want a node that was killed\n%s", err, out)
	}
}

// TestLeakIsFound has the serving node keep a connection too many, from the second lap on.
func TestLeakIsFound(t *testing.T) {
	s, out := newSoak(t)
	s.settled = func(n *node) {
		if n.name != serving || n.first == nil {
			return
		}
		s.patience = time.Second
		leak := &http.Client{Transport: &http.Transport{}} // it keeps its connection
		answer, err := leak.Get("http://" + n.At.RPC)
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(leak.CloseIdleConnections)
		_, err = io.Copy(io.Discard, answer.Body)
		if err := errors.Join(err, answer.Body.Close()); err != nil {
			t.Error(err)
		}
	}
	if err := s.run(0); err == nil || !strings.Contains(err.Error(), "serving node") || !strings.Contains(err.Error(), "sockets, not 2") {
		t.Errorf("%v; want a socket of the serving node\n%s", err, out)
	}
}

// TestDeathIsFound kills a node that was not asked to end.
func TestDeathIsFound(t *testing.T) {
	s, out := newSoak(t)
	s.settled = func(n *node) {
		if n.name == serving {
			n.Kill()
		}
	}
	if err := s.run(0); err == nil || !strings.Contains(err.Error(), "serving node") {
		t.Errorf("%v; want the death of the serving node\n%s", err, out)
	}
}
