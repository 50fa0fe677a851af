// SPDX-License-Identifier: MIT

//go:build unix

package main

import (
	"context"
	"crypto/tls"
	"embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/syscall-sandbox/sandbox"

	"github.com/syscall-sandbox/sandbox/examples/internal/profiles"
	"github.com/syscall-sandbox/sandbox/examples/internal/sdnotify"
)

//go:embed static
var static embed.FS

// daemon is all that is open while requests are served.
type daemon struct {
	*options
	logs        *logs
	notify      *sdnotify.Notifier
	certificate *certificate
	profiles    profiles.Handler

	server, pprofServer     http.Server
	listener, pprofListener net.Listener
	client                  http.Client
	served                  atomic.Int64
}

// open opens, under the initialization policy, what is used under the next one.
func open(o *options) (d *daemon, err error) {
	d = &daemon{options: o, certificate: &certificate{cert: o.cert, key: o.key}}
	if d.logs, err = openLogs(o); err != nil {
		return nil, err
	}
	if d.notify, err = sdnotify.Connect(); err != nil {
		return nil, err
	}
	if err = d.certificate.load(); err != nil {
		return nil, err
	}
	if d.listener, err = net.Listen("tcp", o.listen); err != nil {
		return nil, err
	}
	if o.pprof != "" {
		if d.pprofListener, err = net.Listen("tcp", o.pprof); err != nil {
			return nil, err
		}
	}
	d.client.Timeout = 10 * time.Second
	d.server = http.Server{Handler: d.handler(), ErrorLog: d.logs.Logger, ReadHeaderTimeout: 10 * time.Second,
		TLSConfig: &tls.Config{GetCertificate: d.certificate.get}}
	d.pprofServer = http.Server{Handler: &d.profiles, ErrorLog: d.logs.Logger, ReadHeaderTimeout: 10 * time.Second}
	return d, nil
}

func (d *daemon) addresses() string {
	text := "https://" + d.listener.Addr().String()
	if d.pprofListener != nil {
		text += " http://" + d.pprofListener.Addr().String()
	}
	return text
}

func (d *daemon) serve() {
	d.logs.Printf("serving on %s", d.addresses())
	//sandboxvet:ignore bind it is for the netlink socket that names interfaces, which gets an errno
	//sandboxvet:ignore fcntl,unlinkat the listener is no unix socket, and static files are no sockets to splice from
	//sandboxvet:ignore getdents64,readlinkat no certificate of a client is verified
	//sandboxvet:ignore openat@serving no large form goes to a file: requests for profiles have no bodies, and DefaultServeMux is not served
	//sandboxvet:ignore *@ending Shutdown has returned: nothing is accepted or served any more
	go func() { d.ended(d.server.ServeTLS(d.listener, "", "")) }()
	if d.pprofListener != nil {
		//sandboxvet:ignore bind it is for the netlink socket that names interfaces, which gets an errno
		//sandboxvet:ignore fcntl,unlinkat the listener is no unix socket, and static files are no sockets to splice from
		//sandboxvet:ignore getdents64,readlinkat no certificate of a client is verified
		//sandboxvet:ignore openat@serving no large form goes to a file: requests for profiles have no bodies, and DefaultServeMux is not served
		//sandboxvet:ignore *@ending Shutdown has returned: nothing is accepted or served any more
		go func() { d.ended(d.pprofServer.Serve(d.pprofListener)) }()
	}
}

func (d *daemon) ended(err error) {
	if !errors.Is(err, http.ErrServerClosed) {
		d.logs.Print(err)
	}
}

func (d *daemon) shutdown(ctx context.Context) error {
	//sandboxvet:ignore getdents64,readlinkat,unlinkat no certificate of a client is verified, and the listeners are no unix sockets
	return errors.Join(d.server.Shutdown(ctx), d.pprofServer.Shutdown(ctx))
}

func (d *daemon) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "request %d\n", d.served.Add(1))
	})
	mux.HandleFunc("/upstream", d.askUpstream)
	mux.Handle("/static/", http.FileServerFS(static))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.logs.Printf("%s %s", r.Method, r.URL) // before the answer: who has that finds the line
		mux.ServeHTTP(w, r)
	})
}

// askUpstream is a client of another server. The transport connects on a goroutine of its own, under the process policy.
func (d *daemon) askUpstream(w http.ResponseWriter, r *http.Request) {
	//sandboxvet:ignore socket,connect,openat asked only if -upstream is set, and then the policy has what it takes
	//sandboxvet:ignore listen package net listens for no client
	//sandboxvet:ignore getdents64,readlinkat the certificates of the system are read by warmUp
	answer, err := d.client.Get(d.upstream)
	if err != nil {
		err = sandbox.ExplainError(err)
		d.logs.Printf("upstream: %v", err)
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	_, _ = io.Copy(w, answer.Body) //sandboxvet:ignore fcntl the body is no socket: nothing is spliced by a pipe
}

// certificate is what new connections get.
type certificate struct {
	cert, key string // files
	current   atomic.Pointer[tls.Certificate]
}

func (c *certificate) load() error {
	loaded, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err == nil {
		c.current.Store(&loaded)
	}
	return err
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return c.current.Load(), nil
}
