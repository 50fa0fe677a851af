// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// A service is two servers, for guests and for the operator, and what requests come by.
type service struct {
	servers   [2]*http.Server
	listeners [2]net.Listener
	timeout   time.Duration
}

// listen also reads the certificate. A client that is slower than the timeout is cut off.
func listen(o *options, guests, admin http.Handler) (*service, error) {
	s := &service{timeout: o.timeout}
	for i, h := range []http.Handler{guests, admin} {
		s.servers[i] = &http.Server{Handler: h, ReadTimeout: o.timeout, WriteTimeout: 10 * o.timeout}
		var err error
		if s.listeners[i], err = net.Listen("tcp", []string{o.listen, o.admin}[i]); err != nil {
			return nil, err
		}
	}
	if o.cert != "" {
		cert, err := tls.LoadX509KeyPair(o.cert, o.key)
		if err != nil {
			return nil, err
		}
		s.servers[0].TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
	}
	return s, nil
}

// serve answers requests until stop is done, and those that have begun by then. It returns when nothing is accepted any more.
func (s *service) serve(stop context.Context) (err error) {
	ended := make(chan error, len(s.servers))
	for i, server := range s.servers {
		go func() {
			if server.TLSConfig != nil {
				ended <- server.ServeTLS(s.listeners[i], "", "")
			} else {
				ended <- server.Serve(s.listeners[i])
			}
		}()
	}
	slog.Info("serving", "guests", s.listeners[0].Addr(), "admin", s.listeners[1].Addr())
	select {
	case err = <-ended:
	case <-stop.Done():
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	for _, server := range s.servers {
		if err := server.Shutdown(ctx); err != nil { // whoever is not done in time is cut off
			slog.Info("shutdown", "err", errors.Join(err, server.Close()))
		}
	}
	return err
}
