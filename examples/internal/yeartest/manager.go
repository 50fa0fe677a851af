// SPDX-License-Identifier: MIT

//go:build unix

// Package yeartest is what a service meets in a year, for tests: the service manager, a syslog daemon.
package yeartest

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Patience is how long a service may take for one step, on a loaded machine and under -race.
const Patience = time.Minute

// A Datagrams is a socket that datagrams are sent to, as NOTIFY_SOCKET and /dev/log are.
type Datagrams struct {
	Path string
	conn *net.UnixConn
}

// Listen makes the socket, in a directory whose name is short enough for one (unix(7)).
func Listen(t testing.TB) *Datagrams {
	t.Helper()
	dir, err := os.MkdirTemp("", "year")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	d := &Datagrams{Path: filepath.Join(dir, "socket")}
	d.Restart(t)
	t.Cleanup(d.Stop)
	return d
}

// Stop closes and removes the socket.
func (d *Datagrams) Stop() {
	d.conn.Close()
	os.Remove(d.Path)
}

// Restart makes the socket anew, after Stop.
func (d *Datagrams) Restart(t testing.TB) {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: d.Path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	d.conn = conn
}

// Await returns the next datagram that has text in it, and forgets those before.
func (d *Datagrams) Await(t testing.TB, text string) string {
	t.Helper()
	if err := d.conn.SetReadDeadline(time.Now().Add(Patience)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	for {
		n, err := d.conn.Read(buf)
		if err != nil {
			t.Fatalf("no message with %q: %v", text, err)
		}
		if got := string(buf[:n]); strings.Contains(got, text) {
			return got
		}
	}
}
