// SPDX-License-Identifier: MIT

package main

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/load"
	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/vet"
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

// TestBtcnode analyses the node once, with wrong policies planted: what can be reached does
// not depend on policies.
func TestBtcnode(t *testing.T) {
	dir, err := filepath.Abs("../../examples/btcnode")
	must(t, err)
	program, err := load.Load(load.Options{Dir: dir, Patterns: []string{"."}, Overlay: planted(t, dir)})
	must(t, err)
	report := vet.New(program, dir).Report(program.Mains[0])
	t.Run("memory", func(t *testing.T) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if m.Sys > 4<<30 {
			t.Errorf("%d MiB", m.Sys>>20)
		}
	})
	byThread := make(map[string]vet.Role)
	for _, r := range report.Roles {
		byThread[strings.TrimPrefix(r.Call, "sandbox.")+" "+r.Name] = r
	}
	t.Run("planted", func(t *testing.T) {
		for _, p := range plants {
			p.check(t, byThread["Go "+p.thread])
		}
	})
	t.Run("observed", func(t *testing.T) {
		checkObserved(t, "testdata/btcnode-observed.txt", report, func(t *testing.T, policy string, observed []string, r vet.Role) {
			checkPrecise(t, policy, observed, r, checkSound(t, policy, observed, r))
		})
	})
}

func (p plant) check(t *testing.T, r vet.Role) {
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

// checkObserved holds what was seen of each role against what the analysis says: all of it
// must be in it, or in the share of the Go runtime; and it may not say too much.
func checkObserved(t *testing.T, file string, report *vet.Report, check func(*testing.T, string, []string, vet.Role)) {
	t.Helper()
	f, err := os.Open(file)
	must(t, err)
	defer f.Close()
	checked := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		policy, calls, ok := strings.Cut(lines.Text(), ": ")
		if strings.HasPrefix(lines.Text(), "#") || !ok {
			continue
		}
		for _, role := range report.Roles {
			if slices.Contains(role.Policies, policy) || role.Name != "" && role.Name == threadOf[policy] {
				check(t, policy, strings.Fields(calls), role)
				checked++
			}
		}
	}
	if checked != len(report.Roles) || checked == 0 {
		t.Errorf("%d roles were checked of %d", checked, len(report.Roles))
	}
}

// threadOf says where the policies of the recording are put on that are planted wrong.
var threadOf = map[string]string{
	"initialization-load-blocks": "initload", "net-open-connection": "opencon", "scheduler": "scheduler",
	"shutoff": "shutoff", "tx-index": "txindex",
}

// checkSound returns how many of the calls are the runtime's.
func checkSound(t *testing.T, policy string, observed []string, role vet.Role) (shared int) {
	t.Helper()
	static := role.Syscalls()
	share := runtimeShare(t, role.Scope)
	for _, call := range observed {
		switch {
		case slices.Contains(static, call):
		case share[call]:
			shared++
		default:
			t.Errorf("%s: a run made %s; the analysis does not know it", policy, call)
		}
	}
	return shared
}

func checkPrecise(t *testing.T, policy string, observed []string, role vet.Role, shared int) {
	t.Helper()
	n := len(role.Syscalls()) + shared
	if 2*n > 5*len(observed) {
		t.Errorf("%s: %d calls reachable, more than 2.5 times the %d observed", policy, n, len(observed))
	}
	t.Logf("| %s | %d | %d | %.1f |", policy, len(observed), n, float64(n)/float64(len(observed)))
}

// runtimeShare are the calls that every policy permits: the Go runtime's and those that put
// on the next policy.
func runtimeShare(t *testing.T, s sandbox.Scope) map[string]bool {
	f, err := sandbox.NewPolicy("share", sandbox.NewSeccompPolicyBuilder().AllowNothing()).Filter(s, sandbox.ActionKillProcess)
	must(t, err)
	share := make(map[string]bool)
	for _, r := range f.Rules {
		if r.Action.Permits() {
			share[r.Call] = true
		}
	}
	return share
}
