// SPDX-License-Identifier: MIT

package stdops

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// listen listens on the loopback, or in a new directory.
func listen(network string) (net.Listener, error) {
	address := "127.0.0.1:0"
	if network == "unix" {
		dir, err := os.MkdirTemp("", "op")
		if err != nil {
			return nil, err
		}
		address = dir + "/s"
	}
	l, err := net.Listen(network, address)
	keep(l)
	return l, err
}

// pair returns both ends of a connection.
func pair(network string) (own, peer net.Conn, err error) {
	l, err := listen(network)
	if err != nil {
		return nil, nil, err
	}
	// The kernel connects; nobody needs to accept yet.
	if peer, err = net.Dial(network, l.Addr().String()); err != nil {
		return nil, nil, err
	}
	own, err = l.Accept()
	keep(own, peer)
	return own, peer, err
}

// onConn is the Make of an operation on a connection, of which the peer has written.
func onConn[C net.Conn](network string, run func(c C) error) func() (func() error, error) {
	return func() (func() error, error) {
		own, peer, err := pair(network)
		if err != nil {
			return nil, err
		}
		_, err = io.WriteString(peer, content)
		return func() error { return run(own.(C)) }, err
	}
}

// dialing is connections that are made, and listeners.
func dialing() []Op {
	return []Op{
		{Package: "net", Name: "Dial", With: "tcp, by address", Make: makeDial("tcp", "tcp4")},
		{Package: "net", Name: "Dial", With: "tcp6, by address", Make: plain(dial6)},
		{Package: "net", Name: "Dial", With: "udp, by address", Make: makeDialUDP},
		{Package: "net", Name: "Dial", With: "unix", Make: makeDial("unix", "unix")},
		{Package: "net", Name: "Dialer.Dial", With: "tcp, by name", Alone: true, Make: makeDialName,
			Elsewhere: "the lookup, reading of files included"},
		{Package: "net", Name: "Dialer.Dial", With: "tcp, by address, with a time limit", Make: makeDialContext},
		{Package: "net", Name: "Listen", With: "tcp", Make: plain(func() error { return closedListener(net.Listen("tcp4", "127.0.0.1:0")) }),
			Warm: `l, _ := net.Listen("tcp", "127.0.0.1:0"); l.Close()`, WarmUp: func() error { return closedListener(net.Listen("tcp4", "127.0.0.1:0")) }},
		{Package: "net", Name: "Listen", With: "tcp, all addresses", Make: plain(func() error { return closedListener(net.Listen("tcp", ":0")) }),
			Warm: `l, _ := net.Listen("tcp", ":0"); l.Close()`, WarmUp: func() error { return closedListener(net.Listen("tcp", ":0")) }},
		{Package: "net", Name: "Listen", With: "unix", Make: inDir(func(d string) error { return closedListener(net.Listen("unix", d+"/s")) }),
			Warm: `l, _ := net.Listen("tcp", "127.0.0.1:0"); l.Close()`, WarmUp: func() error { return closedListener(net.Listen("tcp4", "127.0.0.1:0")) }},
		{Package: "net", Name: "ListenPacket", With: "udp", Make: plain(listenPacket)},
		{Package: "net", Name: "TCPListener.Accept", Make: makeAccept("tcp4")},
		{Package: "net", Name: "UnixListener.Accept", Make: makeAccept("unix")},
		{Package: "net", Name: "TCPListener.Close", Make: makeCloseListener},
	}
}

func makeDial(dial, network string) func() (func() error, error) {
	return func() (func() error, error) {
		l, err := listen(network)
		if err != nil {
			return nil, err
		}
		return func() error { return closedConn(net.Dial(dial, l.Addr().String())) }, nil
	}
}

func closedConn(c net.Conn, err error) error {
	if err != nil {
		return err
	}
	return c.Close()
}

func closedListener(l net.Listener, err error) error {
	if err != nil {
		return err
	}
	return l.Close()
}

// dial6 finds nobody at the discard port; there may be no IPv6 either. It has asked.
func dial6() error {
	err := closedConn(net.Dial("tcp6", "[::1]:9"))
	for _, expected := range []error{syscall.ECONNREFUSED, syscall.EADDRNOTAVAIL, syscall.EAFNOSUPPORT, syscall.ENETUNREACH} {
		if errors.Is(err, expected) {
			return nil
		}
	}
	return err
}

func makeDialUDP() (func() error, error) {
	l, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	keep(l)
	return func() error { return closedConn(net.Dial("udp", l.LocalAddr().String())) }, nil
}

func makeDialContext() (func() error, error) {
	l, err := listen("tcp4")
	if err != nil {
		return nil, err
	}
	return func() error {
		d := net.Dialer{Timeout: time.Minute}
		return closedConn(d.Dial("tcp", l.Addr().String()))
	}, nil
}

// makeDialName asks a name server of its own, whose answer leads to a listener.
func makeDialName() (func() error, error) {
	l, err := listen("tcp4")
	if err != nil {
		return nil, err
	}
	r, err := resolver()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return func() error {
		d := net.Dialer{Resolver: r}
		return closedConn(d.Dial("tcp4", "peer.example.:"+port))
	}, err
}

func listenPacket() error {
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	return c.Close()
}

func makeAccept(network string) func() (func() error, error) {
	return func() (func() error, error) {
		l, err := listen(network)
		if err != nil {
			return nil, err
		}
		c, err := net.Dial(network, l.Addr().String())
		keep(c)
		return func() error {
			own, err := l.Accept()
			keep(own)
			return err
		}, err
	}
}

func makeCloseListener() (func() error, error) {
	l, err := listen("tcp4")
	return func() error { return l.Close() }, err
}
