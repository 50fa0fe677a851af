// SPDX-License-Identifier: MIT

//go:build unix

package main

import (
	"crypto/x509"
	"fmt"
	"mime"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/syscall-sandbox/sandbox"
)

// A need is what one event asks for, if the daemon is configured so that it can happen: calls, which the policy permits, or
// something that is read once, before the process is narrowed.
//
// Listening is no need: the sockets are made at start, where package net also reads /proc/sys/net/core/somaxconn. Nor is the
// local time zone, which SetupSyscallSandbox has package time read; nor sd_notify, whose socket is open by then; nor are
// profiles, a crash with a core dump, a full disk and a clock that is set: they make no call that the Go runtime or an open
// file does not make anyway.
type need struct {
	name   string // for -forget
	when   func(*options) bool
	allow  func(*sandbox.SeccompPolicyBuilder) *sandbox.SeccompPolicyBuilder
	warmUp func() error
}

var needs = []need{
	{name: "certificate", when: func(o *options) bool { return o.cert != "" },
		allow: (*sandbox.SeccompPolicyBuilder).AllowReadFiles},
	{name: "log", when: func(o *options) bool { return o.log != "" },
		allow: (*sandbox.SeccompPolicyBuilder).AllowFiles},
	// A socket to the new syslog daemon. It reaches others too.
	{name: "syslog", when: func(o *options) bool { return o.syslog != "" },
		allow: (*sandbox.SeccompPolicyBuilder).AllowUnixSockets},
	{name: "upstream", when: func(o *options) bool { return o.upstream != "" },
		allow: func(b *sandbox.SeccompPolicyBuilder) *sandbox.SeccompPolicyBuilder {
			return b.AllowInetSockets().AllowConnect()
		}},
	// hosts, resolv.conf and nsswitch.conf: package net looks every five seconds whether they have changed, so a warm-up would
	// not do. With a resolv.conf that has no search domain it also asks for the name of the machine.
	{name: "resolver", when: func(o *options) bool { return byName(o.upstream) },
		allow: func(b *sandbox.SeccompPolicyBuilder) *sandbox.SeccompPolicyBuilder {
			return b.AllowReadFiles()
		}},
	// The certificates of the system, hundreds of files: read when the first TLS connection is verified, and never again.
	{name: "roots", when: func(o *options) bool { return strings.HasPrefix(o.upstream, "https:") },
		warmUp: func() error { _, err := x509.SystemCertPool(); return err }},
	// /etc/mime.types and others: read when the first file name is given a type.
	{name: "mime", when: func(*options) bool { return true },
		warmUp: func() error { mime.TypeByExtension(".html"); return nil }},
}

// policy is for every thread while requests are served: accept them, read, write, and what the configuration needs.
func (o *options) policy() sandbox.SyscallSandboxPolicy {
	b := sandbox.NewSeccompPolicyBuilder().AllowNothing().AllowProcessPolicies().AllowPolicy(sandbox.PolicyNetHTTPServer)
	for _, n := range needs {
		if n.allow != nil && n.when(o) && !slices.Contains(o.forget, n.name) {
			n.allow(b)
		}
	}
	return sandbox.NewPolicy("serving", b)
}

// ending is for the last moments: what is open is written and closed. It is sealed. Syslog may be restarted even while the
// queue runs dry.
func (o *options) ending() sandbox.SyscallSandboxPolicy {
	b := sandbox.NewSeccompPolicyBuilder().AllowNothing().AllowOpenFiles()
	if o.syslog != "" && !slices.Contains(o.forget, "syslog") {
		b.AllowUnixSockets().AllowNetworkSocketInformation() // package net asks what it has connected
	}
	return sandbox.NewPolicy("ending", b.Deny("seccomp"))
}

// warmUp has packages read now what they would read at their first use.
func (o *options) warmUp() error {
	for _, n := range needs {
		if n.warmUp == nil || !n.when(o) || slices.Contains(o.forget, n.name) {
			continue
		}
		if err := n.warmUp(); err != nil {
			return fmt.Errorf("%s: %w", n.name, err)
		}
	}
	return nil
}

// byName reports whether the host of a URL has to be looked up.
func byName(rawURL string) bool {
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" {
		return false
	}
	_, err = netip.ParseAddr(u.Hostname())
	return err != nil
}

func needNames() (names []string) {
	for _, n := range needs {
		names = append(names, n.name)
	}
	return names
}

// forgotten is the value of -forget.
type forgotten []string

func (f *forgotten) String() string { return strings.Join(*f, ",") }

func (f *forgotten) Set(s string) error {
	for name := range strings.SplitSeq(s, ",") {
		if !slices.Contains(needNames(), name) {
			return fmt.Errorf("nothing needs %q", name)
		}
		*f = append(*f, name)
	}
	return nil
}
