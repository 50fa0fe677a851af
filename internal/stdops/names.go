// SPDX-License-Identifier: MIT

package stdops

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"io/fs"
	"mime"
	"net"
	"os"
	"os/user"
)

// lookups are names of hosts and services, and interfaces.
func lookups() []Op {
	warmPort := func() error { return second(net.LookupPort("tcp", "http")) }
	return []Op{
		{Package: "net", Name: "Resolver.LookupHost", With: "name server", Alone: true, Make: makeResolver,
			Elsewhere: "the exchange with the name server"},
		{Package: "net", Name: "LookupPort", Make: plain(func() error { return second(net.LookupPort("tcp", "https")) }), LibC: true,
			Warm: `net.LookupPort("tcp", "http")`, WarmUp: warmPort},
		{Package: "net", Name: "Interfaces", Make: plain(func() error { return second(net.Interfaces()) })},
		{Package: "net", Name: "InterfaceAddrs", Make: plain(func() error { return second(net.InterfaceAddrs()) })},
	}
}

// resolver asks a name server that knows one name, whatever resolv.conf(5) says.
func resolver() (*net.Resolver, error) {
	server, err := peerOf("dns", startNames)
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp4", server)
	}}, err
}

func makeResolver() (func() error, error) {
	r, err := resolver()
	return func() error { return second(r.LookupHost(context.Background(), "peer.example.")) }, err
}

func startNames() (address string, err error) {
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	keep(c)
	go serveNames(c.(*net.UDPConn))
	return c.LocalAddr().String(), nil
}

// serveNames answers every question for an address with 127.0.0.1, and others with none
// (RFC 1035, section 4.1).
func serveNames(c *net.UDPConn) {
	b := make([]byte, 512)
	for {
		n, from, err := c.ReadFromUDPAddrPort(b)
		if err != nil || n < 12 {
			return
		}
		q := b[12:n] // the question: a name, a type and a class
		end := 0
		for end < len(q) && q[end] != 0 {
			end += int(q[end]) + 1
		}
		if end+5 > len(q) {
			return
		}
		question := q[:end+5]
		answer := append([]byte{b[0], b[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question...)
		if question[end+2] == 1 { // A
			answer[7] = 1
			answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1)
		}
		if _, err := c.WriteToUDPAddrPort(answer, from); err != nil {
			return
		}
	}
}

// secrets are random numbers, certificates and types of files.
func secrets() []Op {
	return []Op{
		{Package: "crypto/rand", Name: "Read", Make: plain(func() error { return second(rand.Read(make([]byte, 32))) })},
		{Package: "crypto/x509", Name: "SystemCertPool", Make: plain(systemRoots), Warm: "x509.SystemCertPool()", WarmUp: systemRoots},
		{Package: "mime", Name: "TypeByExtension", Make: plain(typeOf), Warm: `mime.TypeByExtension(".html")`, WarmUp: typeOf},
	}
}

// systemRoots: there may be none.
func systemRoots() error { return second(x509.SystemCertPool()) }

func typeOf() error {
	return expect(mime.TypeByExtension(".html"), "text/html; charset=utf-8", nil)
}

// accounts are the users of the machine.
func accounts() []Op {
	warm := func() error { return unknown(second(user.Current())) }
	return []Op{
		{Package: "os/user", Name: "Current", LibC: true, Make: makeUser(warm), Warm: "user.Current()", WarmUp: warm},
		{Package: "os/user", Name: "Lookup", LibC: true, Make: makeUser(func() error { return unknown(second(user.Lookup("daemon"))) }), Warm: "user.Current()", WarmUp: warm},
		{Package: "os/user", Name: "LookupGroup", LibC: true, Make: plain(func() error { return unknown(second(user.LookupGroup("daemon"))) })},
	}
}

// makeUser: where /etc/passwd does not have the user, the environment does.
func makeUser(run func() error) func() (func() error, error) {
	return func() (func() error, error) {
		return run, errors.Join(os.Setenv("USER", "node"), os.Setenv("HOME", os.TempDir()))
	}
}

// unknown takes the answer that there is no such account for one, or no list of them.
func unknown(err error) error {
	var (
		name  user.UnknownUserError
		id    user.UnknownUserIdError
		group user.UnknownGroupError
	)
	if errors.Is(err, fs.ErrNotExist) || errors.As(err, &name) || errors.As(err, &id) || errors.As(err, &group) {
		return nil
	}
	return err
}
