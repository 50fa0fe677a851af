// SPDX-License-Identifier: MIT

package main

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/btcsuite/btcd/database"
	"github.com/btcsuite/btclog"
	"github.com/syscall-sandbox/sandbox"

	"github.com/syscall-sandbox/sandbox/examples/internal/logfile"
	"github.com/syscall-sandbox/sandbox/examples/internal/sdnotify"
)

// operator is who runs the node, a person or a service manager: it wants logs, hears how the node is, and says when the log file
// was rotated. What it wants of a running node happens on the scheduler's thread, whose policy permits to open files. The
// socket of the service manager is open before that.
type operator struct {
	log      *logfile.File // nil: standard output
	notify   *sdnotify.Notifier
	watchdog <-chan time.Time // asks for the next sign of life; nil: nobody waits for one
	hangUp   chan struct{}    // holds one token at most
}

// newOperator sets up the log. Standard error is left to what ends the node, the sandbox's report above all.
func newOperator(opts *options) (*operator, error) {
	o := &operator{hangUp: make(chan struct{}, 1)}
	var err error
	if o.notify, err = sdnotify.Connect(); err != nil {
		return nil, err
	}
	o.watchdog, _ = o.notify.Watchdog()
	var out io.Writer = os.Stdout
	if opts.DebugLogFile != "" {
		if o.log, err = logfile.Open(opts.DebugLogFile); err != nil {
			return nil, err
		}
		out = o.log
	}
	useBtcdLog(out)
	level := slog.LevelInfo
	if opts.Debug {
		level = slog.LevelDebug
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: level})))
	return o, nil
}

// useBtcdLog lets btcd's database say why it ends the process: it does so by itself when the disk is full (ffldb, writeData and
// others), and its log is off otherwise.
func useBtcdLog(out io.Writer) {
	logger := btclog.NewBackend(out).Logger("database")
	logger.SetLevel(btclog.LevelError)
	database.UseLogger(logger)
}

// hungUp has the scheduler reopen the log file.
func (o *operator) hungUp() {
	select {
	case o.hangUp <- struct{}{}:
	default: // it has not begun with the last one
	}
}

func (o *operator) reopenLog() {
	o.notify.Send("RELOADING=1")
	if o.log != nil {
		if err := o.log.Reopen(); err != nil {
			slog.Error("the log file stays as it was", "err", sandbox.ExplainError(err))
		}
	}
	o.notify.Send("READY=1")
}

// profiling turns /debug/pprof of the RPC server on or off, and says which. Without a parameter it only says.
func (n *node) profiling(params []json.RawMessage) (any, error) {
	on := n.rpc.profiles.On()
	if err := decodeParams(params, 0, &on); err != nil {
		return nil, err
	}
	n.rpc.profiles.Switch(on)
	return on, nil
}

// freeMemory gives what garbage holds back to the system, so that the size of the process can be compared with what it was, and
// answers how much memory is in use. Like the profiles it is there while profiling is on.
func (n *node) freeMemory(params []json.RawMessage) (any, error) {
	if err := decodeParams(params, 0); err != nil {
		return nil, err
	}
	if !n.rpc.profiles.On() {
		return nil, errors.New("profiling is off")
	}
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc, nil
}
