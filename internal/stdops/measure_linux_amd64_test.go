// SPDX-License-Identifier: MIT

package stdops

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A column is policies that answer alike to all that the standard library calls.
type column struct {
	policies        []sandbox.SyscallSandboxPolicy
	thread, process map[string]outcome // by the operation's String
}

// abbreviations are the heads of columns: of the first of their policies.
var abbreviations = map[string]string{
	"initialization": "init", "initialization-dns-seed": "seed", "initialization-load-blocks": "load", "initialization-map-port": "map",
	"message-handler": "msg", "net": "net", "net-add-connection": "add", "net-http-server": "serve", "net-http-server-worker": "http",
	"net-open-connection": "open", "scheduler": "sched", "tor-control": "tor", "tx-index": "index", "validation-script-check": "script", "shutoff": "end",
}

func (c *column) head() string { return abbreviations[c.policies[0].String()] }

// columns sorts the built-in policies.
func columns(t *testing.T) (all []*column) {
	t.Helper()
	of := make(map[string]*column)
	for _, p := range sandbox.Policies() {
		key := fmt.Sprint(rules(t, p, sandbox.ScopeThread), rules(t, p, sandbox.ScopeProcess))
		if of[key] == nil {
			of[key] = new(column)
			all = append(all, of[key])
		}
		of[key].policies = append(of[key].policies, p)
	}
	return all
}

// rules are those of a policy's filter, but for the two calls that put on another policy:
// the standard library makes neither.
func rules(t *testing.T, p sandbox.SyscallSandboxPolicy, s sandbox.Scope) []seccomp.Rule {
	t.Helper()
	f, err := p.Filter(s, sandbox.ActionInvokeSignalHandler)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(f.Rules, func(r seccomp.Rule) bool { return r.Call == "seccomp" || r.Call == "prctl" })
}

// tabled are all operations or, with a C library, those that are Go code's all the same.
func tabled(libC bool) []Op {
	return slices.DeleteFunc(All(), func(o Op) bool { return libC && o.LibC })
}

// environment is that of children: a place for their files, and peers.
func environment(t *testing.T) []string {
	t.Helper()
	env, err := Peers()
	if err != nil {
		t.Fatal(err)
	}
	return append(env, "TMPDIR="+t.TempDir())
}

func (c *column) measureThread(t *testing.T, ops []Op, env []string) {
	t.Helper()
	c.thread = try{policy: c.policies[0], scope: sandbox.ScopeThread, env: env}.all(t, ops)
}

// measureProcess runs what may end otherwise than on a thread: what works there, what is
// done elsewhere, and what was refused for a call that the filters of the process and of
// a thread answer by other rules.
func (c *column) measureProcess(t *testing.T, ops []Op, env []string) {
	t.Helper()
	var working, differing []Op
	c.process = make(map[string]outcome)
	for _, o := range ops {
		on := c.thread[o.String()]
		switch {
		case on.refused == "" && o.Elsewhere == "":
			working = append(working, o)
		case on.refused == "" || o.Elsewhere != "" || c.differs(t, on.refused):
			differing = append(differing, o)
		default:
			c.process[o.String()] = on
		}
	}
	y := try{policy: c.policies[0], scope: sandbox.ScopeProcess, env: env}
	for name, o := range y.all(t, slices.Concat(working, differing)) {
		c.process[name] = o
	}
}

func (c *column) differs(t *testing.T, refused string) bool {
	t.Helper()
	call, _, _ := strings.Cut(refused, " ")
	of := func(s sandbox.Scope) string {
		return fmt.Sprint(slices.DeleteFunc(rules(t, c.policies[0], s), func(r seccomp.Rule) bool { return r.Call != call }))
	}
	return of(sandbox.ScopeThread) != of(sandbox.ScopeProcess)
}
