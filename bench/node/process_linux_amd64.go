// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// patience is what a step of a node may take, on a machine that is busy with other things.
const patience = 5 * time.Minute

// A node is a btcnode process.
type node struct {
	cmd   *exec.Cmd
	log   bytes.Buffer  // to be read when it has ended
	ended chan struct{} // closed after err was set
	err   error
	at    struct{ P2P, RPC, User, Password string } // what the node says in endpoints.json
}

// start returns when the node listens.
func start(bin, dir string, flags []string) (*node, error) {
	endpoints := filepath.Join(dir, "endpoints.json")
	n := &node{ended: make(chan struct{})}
	n.cmd = exec.Command(bin, append(flags, "--datadir", dir, "--listen", "127.0.0.1:0", "--rpclisten", "127.0.0.1:0")...)
	n.cmd.Stdout, n.cmd.Stderr = &n.log, &n.log
	if err := n.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		n.err = n.cmd.Wait()
		close(n.ended)
	}()
	err := n.until("it listens", func() (bool, time.Duration, error) {
		text, err := os.ReadFile(endpoints)
		if errors.Is(err, os.ErrNotExist) {
			return false, time.Millisecond, nil
		}
		if err == nil {
			err = json.Unmarshal(text, &n.at)
		}
		return true, 0, err
	})
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, n.kill())
	}
	return n, nil
}

// until asks until the answer is yes; each no comes with how long to wait before the next time.
func (n *node) until(what string, ask func() (yes bool, wait time.Duration, err error)) error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		yes, wait, err := ask()
		if yes || err != nil {
			return err
		}
		select {
		case <-n.ended:
			return fmt.Errorf("the node ended before %s: %v", what, n.err)
		case <-time.After(wait):
		}
	}
	return fmt.Errorf("not within %v: %s", patience, what)
}

// stop asks the node to end, and waits for it.
func (n *node) stop() error {
	if err := n.cmd.Process.Signal(unix.SIGTERM); err != nil {
		return err
	}
	return n.end()
}

// end waits until the node ends. It is to do so as it should, and no call was refused.
func (n *node) end() error {
	select {
	case <-n.ended:
	case <-time.After(patience):
		return fmt.Errorf("the node did not end; it said:\n%s", n.kill())
	}
	if n.err != nil || strings.Contains(n.log.String(), "not allowed by the syscall sandbox") {
		return fmt.Errorf("the node ended by %v; it said:\n%s", n.err, &n.log)
	}
	return nil
}

// kill ends the node, if it has not ended, and returns its log.
func (n *node) kill() string {
	_ = n.cmd.Process.Kill() // it may be gone
	<-n.ended
	return n.log.String()
}
