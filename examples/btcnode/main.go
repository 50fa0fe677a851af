// SPDX-License-Identifier: MIT

// Command btcnode is a small real Bitcoin node whose every job runs under a system call policy of its own: an example for
// package sandbox. It speaks Bitcoin's network protocol, checks blocks by btcd's rules and runs all their scripts.
package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/jessevdk/go-flags"
	"github.com/syscall-sandbox/sandbox"
)

// options are named as btcd and Bitcoin Core name theirs.
type options struct {
	Sandbox       sandbox.SyscallSandboxAction `long:"sandbox" default:"log-and-abort" description:"what happens to calls that the policies refuse: abort, log-and-abort, log-and-deny, log-and-allow, learn or off"`
	SandboxScope  string                       `long:"sandbox-scope" choice:"threads" choice:"process" default:"threads" description:"a policy on each role's thread too, or only one on the whole process"`
	Policies      string                       `long:"policies" description:"file with policies to take instead of the built-in ones of the same names"`
	Report        string                       `long:"report" description:"file that violations are reported to (default: standard error)"`
	Learned       string                       `long:"learned" description:"file that --sandbox=learn writes its recording to when the node stops"`
	DataDir       string                       `long:"datadir" required:"true" description:"where the block chain and the index are kept"`
	Network       string                       `long:"network" default:"mainnet" choice:"mainnet" choice:"regtest" description:"which block chain: the real one, or one of which anybody mines blocks at once"`
	Connect       string                       `long:"connect" description:"host:port of the peer to synchronise from"`
	Listen        string                       `long:"listen" description:"host:port on which peers may connect (port 0: a free one)"`
	RPCListen     string                       `long:"rpclisten" description:"host:port of the JSON-RPC server (port 0: a free one)"`
	Import        string                       `long:"import" description:"connect the blocks of this blk*.dat file first"`
	ScriptWorkers int                          `long:"scriptworkers" description:"threads that run scripts (default: one per processor, at most 8)"`
	ExitAtTip     bool                         `long:"exit-at-tip" description:"stop when all blocks of the peer are connected"`
	Debug         bool                         `long:"debug" description:"log more"`
	DebugLogFile  string                       `long:"debuglogfile" description:"log to this file, which SIGHUP opens anew (default: standard output)"`
}

// networks are what --network names.
var networks = map[string]*chaincfg.Params{"mainnet": &chaincfg.MainNetParams, "regtest": &chaincfg.RegressionNetParams}

func main() {
	opts, err := parseOptions(os.Args[1:])
	if err != nil {
		var flagErr *flags.Error
		if errors.As(err, &flagErr) && flagErr.Type == flags.ErrHelp {
			fmt.Println(err)
			return
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	op, err := newOperator(opts)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	if err := run(opts, op, signals); err != nil {
		slog.Error("stopped", "err", err)
		os.Exit(1)
	}
	slog.Info("stopped")
}

func parseOptions(args []string) (*options, error) {
	opts := &options{ScriptWorkers: min(runtime.NumCPU(), 8)}
	parser := flags.NewParser(opts, flags.HelpFlag|flags.PassDoubleDash)
	rest, err := parser.ParseArgs(args)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("unknown argument %q", rest[0])
	}
	if opts.Learned != "" && opts.Sandbox != sandbox.UnsafeActionLearn {
		return nil, errors.New("--learned: only --sandbox=learn records anything")
	}
	if opts.ScriptWorkers < 1 || opts.ScriptWorkers > 64 {
		return nil, errors.New("--scriptworkers: want 1 to 64")
	}
	return opts, nil
}
