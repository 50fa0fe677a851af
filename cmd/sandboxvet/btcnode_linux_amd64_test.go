// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/load"
	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/vet"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/learn"
)

// A plant is a policy of btcnode made wrong, and what is to be found of it.
type plant struct {
	file, right, wrong string
	thread, call       string
	path               []string // in this order, lines of the path have these
}

var plants = []plant{
	{
		"node.go", `start(sandbox.PolicyScheduler, "scheduler"`, `start(wrongScheduler, "scheduler"`,
		"scheduler", "fsync", []string{"node.go", "scheduler.go", "(*os.File).Sync", "syscall.Fsync"},
	},
	{
		"node.go", `start(sandbox.PolicyTxIndex, "txindex"`, `start(wrongIndex, "txindex"`,
		"txindex", "pread64", []string{"node.go", "txindex.go", "pread"},
	},
	{
		"node.go", `start(sandbox.PolicyInitializationLoadBlocks, "initload"`, `start(wrongLoad, "initload"`,
		"initload", "pwrite64", []string{"node.go", "ffldb", "(*os.File).WriteAt", "syscall.pwrite"},
	},
	{
		"node.go", `start(sandbox.PolicyNetOpenConnection, "opencon"`, `start(wrongConnection, "opencon"`,
		"opencon", "connect", []string{"node.go", "peers.go", "(*net.Dialer).Dial", "syscall.connect"},
	},
	{
		"node.go", `start(sandbox.PolicyShutoff, "shutoff"`, `start(wrongShutoff, "shutoff"`,
		"shutoff", "unlinkat", []string{"node.go", "os.Remove", "syscall.unlinkat"},
	},
}

// wrongPolicies are what the plants name.
const wrongPolicies = `
var (
	wrongScheduler  = sandbox.NewPolicy("wrong-scheduler", sandbox.PolicyScheduler.Builder().Deny("fsync"))
	wrongIndex      = sandbox.NewPolicy("wrong-index", sandbox.NewSeccompPolicyBuilder().AllowNothing().AllowPolicy(sandbox.PolicyTxIndex).Deny("pread64"))
	wrongLoad       = sandbox.NewPolicy("wrong-load", sandbox.PolicyInitializationLoadBlocks.Builder().DenyErrno(38, "getcwd").Deny("pwrite64"))
	wrongConnection = sandbox.NewPolicy("wrong-connection", sandbox.NewSeccompPolicyBuilder().AllowNothing().AllowOpenFiles().AllowGetRandom().AllowSocketIo().AllowInetSockets())
	wrongShutoff    = sandbox.NewPolicy("wrong-shutoff", sandbox.PolicyShutoff.Builder().Deny("unlinkat"))
)
`

// planted is btcnode with the wrong policies, as files that take the place of its own.
func planted(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	overlay := make(map[string][]byte)
	for _, p := range plants {
		file := filepath.Join(dir, p.file)
		text, ok := overlay[file]
		if !ok {
			var err error
			text, err = os.ReadFile(file)
			must(t, err)
			text = append(text, wrongPolicies...)
		}

		if bytes.Count(text, []byte(p.right)) != 1 {
			t.Fatalf("%s has not %s once", file, p.right)
		}
		overlay[file] = bytes.Replace(text, []byte(p.right), []byte(p.wrong), 1)
	}
	return overlay
}

var record = flag.Bool("record", false, "add what long runs call to testdata/btcnode-observed.txt")

const observedFile = "testdata/btcnode-observed.txt"

// writeObserved adds what nodes that take all blocks call, by policy: what a tracer sees of
// one run under "abort", and what another learns. No two runs see quite the same.
func writeObserved(t *testing.T, roles []judged, program string) {
	t.Helper()
	calls := make(map[string]map[string]bool)
	note := func(policy, call string) {
		if calls[policy] == nil {
			calls[policy] = make(map[string]bool)
		}
		calls[policy][call] = true
	}
	for policy, list := range readObserved(t) {
		for _, call := range list {
			note(policy, call)
		}
	}
	traced := &nodes{program: program, action: "abort", blocks: allBlocks, traced: true}
	traced.run(t)
	for _, o := range traced.observed {
		for _, c := range o.Calls {
			if c.Process > 0 {
				note(policyOf(c.role(t, roles, []string{"initialization", "steady"})), callName(c.Nr))
			}
		}
	}
	learning := &nodes{program: program, action: "learn", blocks: allBlocks}
	learning.run(t)
	for _, r := range learning.learned {
		for _, phase := range r.Phases {
			for _, c := range phase.Calls {
				if c.Mark == "" {
					note(phase.Policies[len(phase.Policies)-1], c.Syscall)
				}
			}
		}
	}
	var text strings.Builder
	text.WriteString("# What nodes were seen to call: go test -run TestBtcnode -record adds to it.\n")
	for _, policy := range slices.Sorted(maps.Keys(calls)) {
		fmt.Fprintf(&text, "%s: %s\n", policy, strings.Join(slices.Sorted(maps.Keys(calls[policy])), " "))
	}
	must(t, os.WriteFile(observedFile, []byte(text.String()), 0o600))
}

func callName(nr uint32) string {
	if name, ok := sysno.Name(nr); ok {
		return name
	}
	return fmt.Sprint(nr)
}

// TestBtcnode analyses the node once, with wrong policies planted: what can be reached does
// not depend on policies.
func TestBtcnode(t *testing.T) {
	dir, err := filepath.Abs("../../examples/btcnode")
	must(t, err)
	a := analyse(t, load.Options{Dir: dir, Patterns: []string{"."}, Overlay: planted(t, dir)})
	roles := a.Programs["btcnode"]
	t.Run("cost", a.affordable)
	t.Run("planted", func(t *testing.T) {
		for _, p := range plants {
			i := slices.IndexFunc(roles, func(r judged) bool { return r.Name == p.thread })
			if i < 0 {
				t.Fatalf("no role %s", p.thread)
			}
			p.check(t, roles[i])
		}
	})
	program := build(t, dir, ".")
	t.Run("learned", func(t *testing.T) {
		live := &nodes{program: program, action: "learn", blocks: liveBlocks}
		live.run(t)
		all, err := learn.Merge(live.learned...)
		must(t, err)
		checkRecording(t, roles, all)
	})
	if *record {
		writeObserved(t, roles, program)
	}
	t.Run("observed", func(t *testing.T) { checkObserved(t, roles) })
	t.Run("gen", func(t *testing.T) { checkNodeGenerated(t, dir, roles) })
}

func (p plant) check(t *testing.T, r judged) {
	for _, f := range r.Findings {
		if f.Kind != vet.Refused || f.Call.Syscall != p.call {
			continue
		}
		path := f.Call.Path
		for _, want := range p.path {
			for len(path) > 0 && !strings.Contains(path[0], want) {
				path = path[1:]
			}
		}
		if len(path) == 0 {
			t.Errorf("%s: %s: the path is not by way of %q:\n%s", p.thread, p.call, p.path, strings.Join(f.Call.Path, "\n"))
		}
		return
	}
	t.Errorf("%s: %s is not found; findings: %+v; policies %v; not known: %v", p.thread, p.call, r.Findings, r.Policies, r.Unknown)
}

// threadOf says where the policies of the recording are put on that are planted wrong.
var threadOf = map[string]string{
	"initialization-load-blocks": "initload", "net-open-connection": "opencon", "scheduler": "scheduler",
	"shutoff": "shutoff", "tx-index": "txindex",
}

// of is the role that a policy of a recording was put on for.
func of(t *testing.T, roles []judged, policy string) *judged {
	t.Helper()
	for i, r := range roles {
		if slices.Contains(r.Policies, policy) || r.Name != "" && r.Name == threadOf[policy] {
			return &roles[i]
		}
	}
	t.Fatalf("no role has policy %s", policy)
	return nil
}

// policyOf is the policy that a role has where none is planted.
func policyOf(role *judged) string {
	for policy, thread := range threadOf {
		if thread == role.Name {
			return policy
		}
	}
	return role.Policies[0]
}

// checkRecording holds what nodes learned of each role against the analysis.
func checkRecording(t *testing.T, roles []judged, r *learn.Recording) {
	t.Helper()
	if len(r.Phases) != len(roles) || len(r.Lost) > 0 {
		t.Errorf("%d phases for %d roles; lost: %v", len(r.Phases), len(roles), r.Lost)
	}
	for _, phase := range r.Phases {
		role := of(t, roles, phase.Policies[len(phase.Policies)-1])
		for _, c := range phase.Calls {
			nr, _ := sysno.Number(c.Syscall)
			if c.Mark != "" || role.admits(nr, c.Args) {
				continue
			}
			if !share(t, role.Scope).chosenOnly().permits(observed{Nr: nr, Args: c.Args}, 0) {
				t.Errorf("%s: a run made %s; the analysis does not know it", phase.Policies, c.Decoded)
			}
		}
	}
}

// checkObserved holds longer runs against the analysis, which may not say too much either.
func checkObserved(t *testing.T, roles []judged) {
	t.Helper()
	observed := readObserved(t)
	for _, policy := range slices.Sorted(maps.Keys(observed)) {
		role := of(t, roles, policy)
		checkPrecise(t, policy, observed[policy], role, checkSound(t, policy, observed[policy], role))
	}
	if len(observed) != len(roles) {
		t.Errorf("%d roles were checked of %d", len(observed), len(roles))
	}
}

// readObserved is what was seen so far, by policy.
func readObserved(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(observedFile)
	must(t, err)
	calls := make(map[string][]string)
	for line := range strings.Lines(string(text)) {
		if policy, list, ok := strings.Cut(line, ": "); ok && !strings.HasPrefix(line, "#") {
			calls[policy] = strings.Fields(list)
		}
	}
	return calls
}

// checkSound returns how many of the calls are the runtime's.
func checkSound(t *testing.T, policy string, observed []string, role *judged) (shared int) {
	t.Helper()
	static := role.Syscalls()
	ours := share(t, role.Scope)
	for _, call := range observed {
		switch {
		case slices.Contains(static, call):
		case ours.has(call):
			shared++
		default:
			t.Errorf("%s: a run made %s; the analysis does not know it", policy, call)
		}
	}
	return shared
}

func checkPrecise(t *testing.T, policy string, observed []string, role *judged, shared int) {
	t.Helper()
	n := len(role.Syscalls()) + shared
	if 2*n > 5*len(observed) {
		t.Errorf("%s: %d calls reachable, more than 2.5 times the %d observed", policy, n, len(observed))
	}
	never := slices.DeleteFunc(role.Syscalls(), func(call string) bool { return slices.Contains(observed, call) })
	t.Logf("| %s | %d | %d | %.1f | never seen: %s", policy, len(observed), n, float64(n)/float64(len(observed)), strings.Join(never, " "))
}
