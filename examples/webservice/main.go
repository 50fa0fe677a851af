// SPDX-License-Identifier: MIT

// Command webservice is a guest book: a page, a JSON API, SQLite without cgo.
package main

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/syscall-sandbox/sandbox"
)

type options struct {
	listen, admin string
	cert, key     string
	db            string
	timeout       time.Duration
	action        sandbox.SyscallSandboxAction
	learned       string
}

func parseOptions() *options {
	o := &options{action: sandbox.ActionInvokeSignalHandler}
	flag.StringVar(&o.listen, "listen", "127.0.0.1:8080", "address of the guest book")
	flag.StringVar(&o.admin, "admin", "127.0.0.1:8081", "address of /backup and /debug/pprof/, for the operator")
	flag.StringVar(&o.cert, "cert", "", "certificate; without it the guest book speaks plain HTTP")
	flag.StringVar(&o.key, "key", "", "its private key")
	flag.StringVar(&o.db, "db", "guestbook.db", "database")
	flag.DurationVar(&o.timeout, "timeout", 10*time.Second, "how long a client may take for a request or an answer")
	flag.TextVar(&o.action, "sandbox", o.action, "abort, log-and-abort, log-and-deny, log-and-allow, learn or off")
	flag.StringVar(&o.learned, "learned", "learned.json", "file for the recording of -sandbox=learn")
	flag.Parse()
	return o
}

func main() {
	if err := run(parseOptions(), routes); err != nil {
		slog.Error("stopped", "err", err)
		os.Exit(1)
	}
	slog.Info("stopped")
}

// run goes through the phases: all is opened; requests are served; what is open is closed.
func run(o *options, routes func(*store) http.Handler) error {
	// First of all: a signal that comes while files are opened ends the service in order too.
	stop, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	recording, err := setUp(o.action, o.learned)
	if err != nil {
		return err
	}
	db, err := openStore(o.db)
	if err != nil {
		return err
	}
	s, err := listen(o, routes(db), adminRoutes(db))
	if err != nil {
		return err
	}
	if err := sandbox.SetProcessPolicy(serving); err != nil {
		return err
	}
	err = s.serve(stop)
	err = errors.Join(err, sandbox.SetProcessPolicy(ending))
	err = errors.Join(err, db.close())
	return errors.Join(err, conclude(recording))
}
