// SPDX-License-Identifier: MIT

//go:build unix

package main

import (
	"io"
	"log"
	"log/syslog"
	"os"
	"time"

	"github.com/syscall-sandbox/sandbox/examples/internal/logfile"
)

// logs is where the daemon logs: standard output, or a file, or syslog, or both.
type logs struct {
	*log.Logger
	file   *logfile.File // nil: none
	syslog *queue        // nil: none
}

// openLogs connects to syslog over a unix socket. Package syslog connects anew when a message does not go out, as when the
// syslog daemon was restarted.
func openLogs(o *options) (*logs, error) {
	l := &logs{}
	var to []io.Writer
	if o.log != "" {
		var err error
		if l.file, err = logfile.Open(o.log); err != nil {
			return nil, err
		}
		to = append(to, l.file)
	}
	if o.syslog != "" {
		w, err := syslog.Dial("unixgram", o.syslog, syslog.LOG_DAEMON|syslog.LOG_INFO, "daemon")
		if err != nil {
			return nil, err
		}
		l.syslog = newQueue(w)
		to = append(to, l.syslog)
	}
	if len(to) == 0 {
		to = append(to, os.Stdout)
	}
	l.Logger = log.New(all(to), "", log.LstdFlags)
	return l, nil
}

// reopen is what follows the rotation of the file. It needs AllowFiles; truncating in place would need nothing.
func (l *logs) reopen() error {
	if l.file == nil {
		return nil
	}
	return l.file.Reopen() //sandboxvet:ignore openat only if -log is set, and then the policy has it
}

// close waits for syslog, but not for one that hangs.
func (l *logs) close() error {
	if l.syslog != nil {
		l.syslog.close(time.Second)
	}
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

// all writes to each, also after an error: a full disk is no reason to keep syslog uninformed, where io.MultiWriter stops.
type all []io.Writer

func (a all) Write(b []byte) (int, error) {
	for _, w := range a {
		_, _ = w.Write(b) // whom should the log tell?
	}
	return len(b), nil
}

// queueLength messages may wait for syslog. What comes then is lost: a syslog daemon that hangs must not hold up requests.
const queueLength = 1024

// queue writes in the background.
type queue struct {
	messages chan []byte
	done     chan struct{}
}

func newQueue(to io.Writer) *queue {
	q := &queue{make(chan []byte, queueLength), make(chan struct{})}
	go func() {
		defer close(q.done)
		for m := range q.messages {
			//sandboxvet:ignore socket,connect,getsockname,getpeername,getsockopt,openat@serving only if -syslog is set, and then the policy has it
			//sandboxvet:ignore bind,listen,sendto,recvfrom,setsockopt,getdents64,getrandom package syslog dials a unix socket
			_, _ = to.Write(m) // package syslog has tried twice
		}
	}()
	return q
}

func (q *queue) Write(b []byte) (int, error) {
	select {
	case q.messages <- append([]byte(nil), b...):
	default:
	}
	return len(b), nil
}

// close lets the queue run dry, for so long at most. Nothing may be written any more.
func (q *queue) close(limit time.Duration) {
	close(q.messages)
	select {
	case <-q.done:
	case <-time.After(limit):
	}
}
