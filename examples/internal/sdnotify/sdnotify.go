// SPDX-License-Identifier: MIT

// Package sdnotify tells the service manager how a service is: sd_notify(3) without the C library.
package sdnotify

import (
	"net"
	"os"
	"strconv"
	"time"
)

// A Notifier is the connection to the service manager. Without one it does nothing.
//
// The socket is made and connected once, before the process is narrowed: what is sent later is a write(2) to an open
// descriptor, which every policy with AllowOpenFiles permits. systemd keeps its end open when it is executed anew.
type Notifier struct {
	conn  net.Conn // nil: nobody wants to know
	every time.Duration
}

// Connect connects to what NOTIFY_SOCKET names, and asks WATCHDOG_USEC how often the service must be heard of.
func Connect() (*Notifier, error) {
	name := os.Getenv("NOTIFY_SOCKET")
	if name == "" {
		return &Notifier{}, nil
	}
	conn, err := net.Dial("unixgram", name)
	if err != nil {
		return nil, err
	}
	n := &Notifier{conn: conn}
	if limit, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64); err == nil && limit > 0 {
		n.every = time.Duration(limit) * time.Microsecond / 2 // as sd_watchdog_enabled(3) recommends
	}
	return n, nil
}

// Send sends one message, such as "READY=1"; several lines are one message. A manager that does not listen is no reason to
// stop, so there is no error.
func (n *Notifier) Send(message string) {
	if n.conn != nil {
		_, _ = n.conn.Write([]byte(message))
	}
}

// Watchdog returns a channel that asks for the next "WATCHDOG=1", and what stops it. The channel is nil if nobody waits for one.
func (n *Notifier) Watchdog() (<-chan time.Time, func()) {
	if n.every == 0 {
		return nil, func() {}
	}
	t := time.NewTicker(n.every)
	return t.C, t.Stop
}
