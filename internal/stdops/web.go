// SPDX-License-Identifier: MIT

package stdops

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"time"
)

// web is net/http and crypto/tls.
func web() []Op {
	return []Op{
		{Package: "net/http", Name: "Server.Serve", Make: makeServe(hello),
			Elsewhere: "each connection"},
		{Package: "net/http", Name: "ServeFile", Make: makeServe(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, servedFile) }),
			Elsewhere: "each connection, the file included", Warm: `mime.TypeByExtension(".html")`, WarmUp: typeOf},
		{Package: "net/http", Name: "Client.Get", With: "by address", Make: makeGet,
			Elsewhere: "all of it"},
		{Package: "crypto/tls", Name: "Conn.Handshake", With: "client, own roots", Make: makeHandshake(true)},
		{Package: "crypto/tls", Name: "Conn.Handshake", With: "client, the system's roots", Make: makeHandshake(false),
			Warm: "x509.SystemCertPool()", WarmUp: systemRoots},
		{Package: "crypto/tls", Name: "Conn.Handshake", With: "server", Make: makeServerHandshake},
		{Package: "crypto/tls", Name: "LoadX509KeyPair", Make: makeLoad},
	}
}

func hello(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, content) }

// servedFile is what the handler of ServeFile serves.
var servedFile string

// makeServe has a listener with a client that has sent its request; the server ends when
// it has answered.
func makeServe(handler http.HandlerFunc) func() (func() error, error) {
	return func() (func() error, error) {
		l, err := listen("tcp4")
		if err != nil {
			return nil, err
		}
		f, err := open()
		if err != nil {
			return nil, err
		}
		servedFile = f.Name()
		client, err := net.Dial("tcp4", l.Addr().String())
		if err != nil {
			return nil, err
		}
		keep(client)
		_, err = io.WriteString(client, "GET /file HTTP/1.1\r\nHost: peer\r\nConnection: close\r\n\r\n")
		s := &http.Server{Handler: handler, ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				l.Close()
			}
		}}
		return func() error { return serve(s, l, client) }, err
	}
}

func serve(s *http.Server, l net.Listener, client net.Conn) error {
	if err := s.Serve(l); !errors.Is(err, net.ErrClosed) {
		return err
	}
	answer, err := http.ReadResponse(bufio.NewReader(client), nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the answer is %s", answer.Status)
	}
	return expect(string(body), content, err)
}

func makeGet() (func() error, error) {
	server, err := peerOf("http", startServer)
	return func() error {
		r, err := new(http.Client).Get("http://" + server)
		if err != nil {
			return err
		}
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		return expect(string(body), content, err)
	}, err
}

func startServer() (address string, err error) {
	l, err := listen("tcp4")
	if err != nil {
		return "", err
	}
	go http.Serve(l, http.HandlerFunc(hello))
	return l.Addr().String(), nil
}

// certificate signs itself.
func certificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	t := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"peer.example"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}

// makeHandshake has a server on a goroutine, at the other end of a connection. The
// system's roots do not have its certificate: that is found out when they are loaded.
func makeHandshake(ownRoots bool) func() (func() error, error) {
	return func() (func() error, error) {
		own, peer, err := pair("tcp4")
		if err != nil {
			return nil, err
		}
		cert, err := certificate()
		if err != nil {
			return nil, err
		}
		go tls.Server(peer, &tls.Config{Certificates: []tls.Certificate{cert}}).Handshake()
		c := &tls.Config{ServerName: "peer.example"}
		if ownRoots {
			c.RootCAs = x509.NewCertPool()
			c.RootCAs.AddCert(cert.Leaf)
		}
		return func() error {
			err := tls.Client(own, c).Handshake()
			if untrusted := new(x509.UnknownAuthorityError); !ownRoots && errors.As(err, untrusted) {
				return nil
			}
			return err
		}, nil
	}
}

func makeServerHandshake() (func() error, error) {
	own, peer, err := pair("tcp4")
	if err != nil {
		return nil, err
	}
	cert, err := certificate()
	go tls.Client(peer, &tls.Config{InsecureSkipVerify: true}).Handshake()
	return func() error { return tls.Server(own, &tls.Config{Certificates: []tls.Certificate{cert}}).Handshake() }, err
}

// makeLoad: the file is not a certificate's, which is found out when it is read.
func makeLoad() (func() error, error) {
	f, err := open()
	if err != nil {
		return nil, err
	}
	return func() error {
		_, err := tls.LoadX509KeyPair(f.Name(), f.Name())
		if err != nil && !errors.Is(err, os.ErrPermission) {
			return nil
		}
		return err
	}, nil
}
