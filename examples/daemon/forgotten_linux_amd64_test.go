// SPDX-License-Identifier: MIT

package main

import (
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/syscall-sandbox/sandbox/examples/internal/yeartest"
)

// What the needs are for: each is left out once, and the event that needs it is the end of the daemon, with a report that says
// what to do; or it is an error like others, and the daemon goes on.

func TestForgottenLog(t *testing.T) {
	r := prepare(t, "-forget=log")
	r.args = append(r.args, "-log="+r.log)
	r.start(t, "log-and-abort")
	r.process.Signal(syscall.SIGHUP)
	r.refused(t, `"openat"`, "AllowFiles()", ".(*File).Reopen(")
}

func TestForgottenSyslog(t *testing.T) {
	syslog := yeartest.Listen(t)
	r := prepare(t, "-forget=syslog", "-syslog="+syslog.Path)
	r.start(t, "log-and-abort")
	r.get(t, "/?there", "request")
	syslog.Await(t, "?there")
	syslog.Stop()
	_, _ = r.client.Get(r.url) // it dies before or after the answer
	r.refused(t, `"socket"`, "AllowUnixSockets()", "log/syslog.(*Writer).connect(")
}

func TestForgottenUpstream(t *testing.T) {
	r := prepare(t, "-forget=upstream")
	r.args = append(r.args, "-upstream="+r.authority.upstream(t).URL)
	r.trustAuthority(t)
	r.start(t, "log-and-abort")
	if _, err := r.client.Get(r.url + "/upstream"); err == nil {
		t.Error("the daemon answered")
	}
	r.refused(t, `"socket"`, "AllowInetSockets()", "net.(*Dialer).")
}

// Opening a file for reading is an error where it is not permitted, so the daemon lives on with the certificate that it has.
func TestForgottenCertificate(t *testing.T) {
	r := prepare(t, "-forget=certificate").start(t, "log-and-abort")
	r.issue(t, 2)
	if status := r.hangUp(t); !strings.Contains(status, "operation not permitted") || !strings.Contains(status, "AllowReadFiles") {
		t.Errorf("status %q", status)
	}
	if serial := r.get(t, "/", "request"); serial != 1 {
		t.Errorf("certificate %d", serial)
	}
	r.terminate(t)
}

// Package x509 reads the certificates of the system when the first one is verified, and lists directories for it. Warmed up it
// has them: TestYear.
func TestForgottenRoots(t *testing.T) {
	r := prepare(t, "-forget=roots,certificate")
	r.args = append(r.args, "-upstream="+r.authority.upstream(t).URL)
	r.trustAuthority(t)
	r.start(t, "log-and-abort")
	r.noUpstream(t, "failed to load system roots")
	r.terminate(t)
}

// Package mime does without the files: it knows a few types by itself.
func TestForgottenMime(t *testing.T) {
	r := prepare(t, "-forget=mime,certificate").start(t, "log-and-abort")
	(&year{running: r}).extension(t)
	r.terminate(t)
}

// Without its files package net takes a name server on this machine for the one to ask.
func TestForgottenResolver(t *testing.T) {
	r := prepareByName(t, "-forget=resolver,certificate").start(t, "log-and-abort")
	r.noUpstream(t, "lookup localhost")
	r.terminate(t)
}

// noUpstream asks for what the daemon cannot get: it says why.
func (r *running) noUpstream(t *testing.T, why string) {
	t.Helper()
	answer, err := r.client.Get(r.url + "/upstream")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusBadGateway || !strings.Contains(string(text), why) {
		t.Errorf("%s: %v\n%s", answer.Status, err, text)
	}
}

func TestResolver(t *testing.T) {
	r := prepareByName(t).start(t, "log-and-abort")
	r.get(t, "/upstream", "from upstream")
	r.terminate(t)
}

// prepareByName prepares a daemon that has to look up the name of its upstream server, by Go's resolver in a program with cgo
// too.
func prepareByName(t *testing.T, args ...string) *running {
	t.Helper()
	r := prepare(t, args...)
	r.args = append(r.args, "-upstream="+strings.Replace(r.authority.upstream(t).URL, "127.0.0.1", "localhost", 1))
	r.trustAuthority(t)
	r.environment = append(r.environment, "GODEBUG=netdns=go")
	return r
}
