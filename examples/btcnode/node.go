// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/syscall-sandbox/sandbox"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/progress"
	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/rpcapi"
)

// shutdownTimeout is what requests in progress get; a profile takes as long as it was asked for.
const shutdownTimeout = 30 * time.Second

// errStopped ends work that a stop interrupted.
var errStopped = errors.New("the node stops")

// node is what the roles work with.
type node struct {
	opts     *options
	operator *operator
	chain    *chain
	scripts  *scriptPool
	index    *txIndex
	peers    *peers
	messages *messageHandler
	sched    *scheduler
	rpc      *rpcServer
	roles    roles
	progress *progress.Progress

	p2pListener, rpcListener net.Listener // nil: not wanted

	quit     chan struct{} // closed by the first stop
	stopOnce sync.Once
	failure  error // why, if the node could not go on; read after quit
}

// run goes through the three phases of the node: initialization, steady work, shutoff. Each may do less than the one before.
func run(opts *options, op *operator, signals <-chan os.Signal) (err error) {
	files, err := openSandboxFiles(opts)
	if err != nil {
		return err
	}
	if err := setupSandbox(opts.Sandbox, files); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, files.conclude()) }()
	n, err := openNode(opts, op, files)
	if err != nil {
		return err
	}
	// From here on no thread may do more than the roles need. This comes before the first role: the kernel does not pass a
	// thread that has a filter of its own.
	if err := sandbox.SetProcessPolicy(files.policy(policySteady)); err != nil {
		return errors.Join(err, n.chain.close(), n.index.close())
	}
	go n.attend(signals)
	if err := n.start(); err != nil {
		n.fail(err)
	}
	<-n.quit
	op.notify.Send("STOPPING=1")
	end := n.shutdown()
	var storage *storageError
	if errors.As(n.failure, &storage) && errors.Is(end, storage) {
		return n.failure // which was in the way of the shutdown too
	}
	return errors.Join(n.failure, end)
}

// openNode opens databases and sockets, under the initialization policy.
func openNode(opts *options, op *operator, files *sandboxFiles) (n *node, err error) {
	n = &node{opts: opts, operator: op, scripts: newScriptPool(opts.ScriptWorkers), quit: make(chan struct{}), roles: roles{action: opts.Sandbox, scope: opts.SandboxScope, files: files}}
	if n.chain, err = openChain(opts.DataDir, networks[opts.Network], n.scripts, n.quit); err != nil {
		return nil, err
	}
	if n.index, err = openTxIndex(opts.DataDir, n.chain); err != nil {
		return nil, errors.Join(err, n.chain.close())
	}
	slog.Info("loaded", "height", n.chain.height(), "sandbox", opts.Sandbox)
	n.peers = newPeers(n.chain, n.quit)
	n.messages = &messageHandler{chain: n.chain, peers: n.peers, failed: n.fail}
	n.sched = &scheduler{chain: n.chain, operator: op, report: n.reportProgress, failed: n.fail, wake: make(chan struct{}, 1)}
	n.chain.news = n.chainChanged
	n.rpc = newRPCServer(n.rpcMethods())
	n.progress = progress.New(os.Stderr, "blocks", n.logProgress)
	if err := n.listen(); err != nil {
		return nil, errors.Join(err, n.index.close(), n.chain.close())
	}
	return n, nil
}

func (n *node) listen() (err error) {
	if n.opts.Connect != "" {
		if err := checkAddress(n.opts.Connect); err != nil {
			return fmt.Errorf("--connect: %w", err)
		}
	}
	ends := rpcapi.Endpoints{User: rpcUser, Password: n.rpc.password}
	if n.opts.Listen != "" {
		if n.p2pListener, err = net.Listen("tcp", n.opts.Listen); err != nil {
			return err
		}
		ends.P2P = n.p2pListener.Addr().String()
	}
	if n.opts.RPCListen != "" {
		if n.rpcListener, err = net.Listen("tcp", n.opts.RPCListen); err != nil {
			return err
		}
		ends.RPC = n.rpcListener.Addr().String()
	}
	slog.Info("listening", "p2p", ends.P2P, "rpc", ends.RPC)
	return ends.Write(n.opts.DataDir)
}

// start starts the roles; each has its policy in force when its line returns. The import comes before the peers, and its scripts
// run on the same worker threads.
func (n *node) start() error {
	if err := n.startBase(); err != nil {
		return err
	}
	n.operator.notify.Send("READY=1")
	if err := n.runImport(); errors.Is(err, errStopped) {
		return nil
	} else if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	if n.opts.ExitAtTip && n.opts.Connect == "" {
		n.stop("no peer to synchronise from")
		return nil
	}
	return n.startPeers()
}

// runImport connects the blocks of a file on a thread that ends with it.
func (n *node) runImport() error {
	if n.opts.Import == "" {
		return nil
	}
	imported := make(chan error, 1)
	err := n.roles.start(sandbox.PolicyInitializationLoadBlocks, "initload", n.connectedWork, func() {
		imported <- n.chain.importFile(n.opts.Import, n.quit)
	})
	if err == nil {
		err = <-imported
	}
	if err == nil {
		slog.Info("imported", "height", n.chain.height(), "scripts", n.scripts.total())
	}
	return err
}

// startBase starts what works for the others.
func (n *node) startBase() error {
	for i := range n.scripts.runs {
		err := n.roles.start(sandbox.PolicyValidationScriptCheck, fmt.Sprintf("scriptch.%d", i),
			func() string { return fmt.Sprintf("%d scripts run", n.scripts.runs[i].Load()) },
			func() { n.scripts.work(i) })
		if err != nil {
			return err
		}
	}
	err := n.roles.start(sandbox.PolicyScheduler, "scheduler",
		func() string { return fmt.Sprintf("%d flushes", n.sched.flushes.Load()) },
		func() { n.sched.run(n.quit) })
	if err != nil {
		return err
	}
	err = n.roles.start(sandbox.PolicyTxIndex, "txindex",
		func() string { return fmt.Sprintf("%d transactions indexed", n.index.txs.Load()) },
		func() { n.index.run(n.quit) })
	if err != nil || n.rpcListener == nil {
		return err
	}
	return n.startRPC()
}

func (n *node) startRPC() error {
	for i := range n.rpc.answered {
		err := n.roles.start(sandbox.PolicyNetHTTPServerWorker, fmt.Sprintf("httpworker.%d", i),
			func() string { return fmt.Sprintf("%d calls answered", n.rpc.answered[i].Load()) },
			func() { n.rpc.work(i) })
		if err != nil {
			return err
		}
	}
	return n.roles.start(sandbox.PolicyNetHTTPServer, "http",
		func() string { return fmt.Sprintf("%d connections accepted", n.rpc.accepted.Load()) },
		func() { n.rpc.accept(n.rpcListener) })
}

func (n *node) startPeers() error {
	err := n.roles.start(policyMessageHandler, "msghand",
		func() string { return n.connectedWork() + fmt.Sprintf(", %d served", n.messages.served.Load()) },
		func() { n.messages.run(n.quit) })
	if err == nil && n.p2pListener != nil {
		err = n.roles.start(policyNet, "net",
			func() string { return fmt.Sprintf("%d connections accepted", n.peers.accepted.Load()) },
			func() { n.peers.accept(n.p2pListener) })
	}
	if err == nil && n.opts.Connect != "" {
		err = n.roles.start(sandbox.PolicyNetOpenConnection, "opencon",
			func() string { return fmt.Sprintf("%d connections opened", n.peers.dialled.Load()) },
			func() { n.peers.dial(n.opts.Connect) })
	}
	return err
}

// stop begins the shutdown; the first reason counts.
func (n *node) stop(why string) {
	n.stopOnce.Do(func() {
		slog.Info("stopping", "why", why)
		close(n.quit)
	})
}

// fail stops the node because it cannot go on.
func (n *node) fail(err error) {
	n.stopOnce.Do(func() {
		n.failure = err
		close(n.quit)
	})
}

// attend does what signals ask for, until the node stops.
func (n *node) attend(signals <-chan os.Signal) {
	for {
		select {
		case s := <-signals:
			if s != syscall.SIGHUP {
				n.stop(s.String())
				return
			}
			n.operator.hungUp()
		case <-n.quit:
			return
		}
	}
}

// shutdown ends the roles, those that give work before those that do it, and closes the databases on a thread that may do
// little else.
func (n *node) shutdown() error {
	if n.p2pListener != nil {
		n.p2pListener.Close()
	}
	n.peers.disconnect()
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	err := n.rpc.server.Shutdown(ctx)
	n.roles.wait("initload", "msghand")
	n.scripts.close()
	if err == nil {
		close(n.rpc.calls) // no handler is left that could send
		n.roles.wait()
	}
	closed := make(chan error, 1)
	started := n.roles.start(sandbox.PolicyShutoff, "shutoff", func() string { return "" }, func() {
		err := errors.Join(n.index.close(), n.chain.close(), os.Remove(rpcapi.EndpointsFile(n.opts.DataDir)))
		slog.Info("databases closed", "height", n.chain.height())
		closed <- err
	})
	if started == nil {
		err = errors.Join(err, <-closed)
	}
	return errors.Join(err, started)
}
