// SPDX-License-Identifier: MIT

// Package nodeproc runs btcnode as a child process: what the demonstration and the tests have in common.
package nodeproc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/rpcapi"
)

// pollEvery is how often a condition is looked at again.
const pollEvery = 2 * time.Millisecond

// Process is a running node.
type Process struct {
	DataDir string
	At      rpcapi.Endpoints
	RPC     *rpcapi.Client

	cmd            *exec.Cmd
	stdout, stderr output
	ended          chan struct{}
	waitErr        error
}

// Start starts cmd, a btcnode without --datadir, --listen and --rpclisten: it gets dataDir and free loopback ports. Start returns
// when the node listens.
func Start(cmd *exec.Cmd, dataDir string, timeout time.Duration) (*Process, error) {
	if err := os.Remove(rpcapi.EndpointsFile(dataDir)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err // a killed node leaves the file behind; it would name the wrong ports
	}
	p := &Process{DataDir: dataDir, cmd: cmd, ended: make(chan struct{})}
	cmd.Args = append(cmd.Args, "--datadir", dataDir, "--listen", "127.0.0.1:0", "--rpclisten", "127.0.0.1:0")
	cmd.Stdout, cmd.Stderr = &p.stdout, &p.stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.waitErr = cmd.Wait()
		close(p.ended)
	}()
	err := p.Poll(timeout, "the node listens", func() (ok bool, _ error) {
		var err error
		p.At, err = rpcapi.ReadEndpoints(dataDir)
		return err == nil, nil
	})
	if err != nil {
		p.Kill()
		return nil, err
	}
	p.RPC = rpcapi.NewClient(p.At)
	return p, nil
}

// Poll waits until ok answers true, for timeout at most. It fails early when the node ends or ok reports an error.
func (p *Process) Poll(timeout time.Duration, what string, ok func() (bool, error)) error {
	deadline := time.Now().Add(timeout)
	for {
		done, err := ok()
		switch {
		case done:
			return nil
		case err != nil:
			select { // a connection that breaks off may be all that is seen yet of the node's end
			case <-p.ended:
			case <-time.After(time.Second):
			}
			return fmt.Errorf("until %s: %w", what, errors.Join(err, p.early()))
		case time.Now().After(deadline):
			return fmt.Errorf("until %s: not within %v\n%s", what, timeout, p.Output())
		}
		select {
		case <-p.ended:
			return fmt.Errorf("until %s: %w", what, p.early())
		case <-time.After(pollEvery):
		}
	}
}

// PollChain waits until the node's chain satisfies ok.
func (p *Process) PollChain(timeout time.Duration, what string, ok func(*rpcapi.ChainInfo) bool) (info *rpcapi.ChainInfo, err error) {
	err = p.Poll(timeout, what, func() (bool, error) {
		info = new(rpcapi.ChainInfo)
		if err := p.RPC.Call(info, "getblockchaininfo"); err != nil {
			return false, err
		}
		return ok(info), nil
	})
	return info, err
}

// early says how a node ended that should run; nil while it runs.
func (p *Process) early() error {
	select {
	case <-p.ended:
		return fmt.Errorf("the node ended (%s)\n%s", p.cmd.ProcessState, p.Output())
	default:
		return nil
	}
}

// Wait waits for the end of the node and returns how it ended.
func (p *Process) Wait(timeout time.Duration) (*os.ProcessState, error) {
	select {
	case <-p.ended:
	case <-time.After(timeout):
		return nil, fmt.Errorf("the node still runs after %v\n%s", timeout, p.Output())
	}
	var exit *exec.ExitError
	if p.waitErr != nil && !errors.As(p.waitErr, &exit) {
		return nil, p.waitErr
	}
	return p.cmd.ProcessState, nil
}

// StopByRPC asks the node to stop and waits for its clean end.
func (p *Process) StopByRPC(timeout time.Duration) error {
	if err := p.RPC.Call(nil, "stop"); err != nil {
		return err
	}
	return p.cleanEnd(timeout)
}

// PID returns the process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Signal sends the node a signal.
func (p *Process) Signal(s os.Signal) error { return p.cmd.Process.Signal(s) }

// Terminate sends SIGTERM and waits for the clean end.
func (p *Process) Terminate(timeout time.Duration) error {
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return p.cleanEnd(timeout)
}

func (p *Process) cleanEnd(timeout time.Duration) error {
	state, err := p.Wait(timeout)
	if err == nil && !state.Success() {
		err = fmt.Errorf("the node ended by %s\n%s", state, p.Output())
	}
	return err
}

// Kill is kill -9. It returns when the process is gone; a process that is gone already is no mistake.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// Stdout returns what the node logged so far.
func (p *Process) Stdout() string { return p.stdout.String() }

// Stderr returns what the node wrote to standard error so far.
func (p *Process) Stderr() string { return p.stderr.String() }

// Output returns standard output and standard error, for messages.
func (p *Process) Output() string {
	return "standard output:\n" + p.stdout.String() + "standard error:\n" + p.stderr.String()
}

// output is a buffer that can be read while the process writes.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

var _ io.Writer = (*output)(nil)

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
