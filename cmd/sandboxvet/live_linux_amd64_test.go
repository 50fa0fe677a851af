// SPDX-License-Identifier: MIT

package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/load"
	"github.com/syscall-sandbox/sandbox/internal/sysargs"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// TestServers holds the analysis of two programs against runs of them.
func TestServers(t *testing.T) {
	a := analyse(t, load.Options{Dir: "../..", Patterns: []string{"./examples/webserver", "./examples/daemon"}})
	t.Run("webserver", func(t *testing.T) {
		o := runWebserver(t, build(t, "../..", "./examples/webserver"))
		checkRuns(t, a.Programs["webserver"], []string{"initialization", "serving", "shutoff"}, o)
	})
	t.Run("webserver/gen", func(t *testing.T) { checkServerGenerated(t, a.Programs["webserver"]) })
	t.Run("daemon", func(t *testing.T) {
		checkRuns(t, a.Programs["daemon"], []string{"initialization", "serving", "ending"}, runDaemon(t))
	})
}

// runWebserver runs the web server to its end.
func runWebserver(t *testing.T, program string) observation {
	t.Helper()
	count := filepath.Join(t.TempDir(), "count")
	w, address := serve(t, program, "-sandbox=abort", "-listen=127.0.0.1:0", "-count="+count)
	for range 20 {
		get(t, http.DefaultTransport, address)
	}
	w.Signal(syscall.SIGTERM)
	o, _ := w.end(t, 0)
	if got, err := os.ReadFile(count); err != nil || string(got) != "20\n" {
		t.Errorf("%q, %v", got, err)
	}
	return o
}

// build builds a program of a module without cgo.
func build(t *testing.T, module, pattern string, flags ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program")
	goCommand(t, module, append(append([]string{"build", "-o", file}, flags...), pattern)...)
	return file
}

func get(t *testing.T, by http.RoundTripper, url string) {
	t.Helper()
	client := http.Client{Transport: by}
	response, err := client.Get(url)
	must(t, err)
	_, err = io.Copy(io.Discard, response.Body)
	must(t, err)
	must(t, response.Body.Close())
	if response.StatusCode != http.StatusOK {
		t.Errorf("%s: %s", url, response.Status)
	}
}

// serve starts a web server and returns when it says its address.
func serve(t *testing.T, program string, args ...string) (watched, string) {
	t.Helper()
	r, w, err := os.Pipe()
	must(t, err)
	t.Cleanup(func() { r.Close() })
	server := watch(t, testproc.Cmd{Executable: program, Args: args, Stdout: w})
	w.Close()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("%v: %+v", err, server.Wait())
	}
	return server, strings.TrimSpace(strings.TrimPrefix(line, "serving on "))
}

// checkRuns holds all calls of runs against the roles: those of the process, in the order in
// which their policies are put on, and those of threads, by their names.
func checkRuns(t *testing.T, roles []judged, process []string, runs ...observation) {
	t.Helper()
	seen := make(map[*judged]bool)
	told := make(map[string]bool)
	for _, o := range runs {
		for _, c := range o.Calls {
			if c.Process == 0 {
				continue // no policy yet
			}
			role := c.role(t, roles, process)
			seen[role] = true
			text := fmt.Sprintf("%s %s: a run made %s", role.Call, role.Policies, sysargs.Format(c.Nr, c.Args))
			if !told[text] && !role.admits(c.Nr, c.Args) && !share(t, role.Scope).permits(c, o.PID) {
				told[text] = true
				t.Errorf("%s; the analysis does not know it", text)
			}
		}
	}
	for i := range roles {
		if !seen[&roles[i]] {
			t.Errorf("no run was seen of %s %s", roles[i].Call, roles[i].Policies)
		}
	}
}

// role is that under whose policy a call was made.
func (c observed) role(t *testing.T, roles []judged, process []string) *judged {
	t.Helper()
	if c.Process > len(process) {
		t.Fatalf("%d policies of the process", c.Process)
	}
	i := slices.IndexFunc(roles, func(r judged) bool {
		if c.Thread != "" {
			return r.Scope == sandbox.ScopeThread && named(r.Name, c.Thread)
		}
		return r.Scope == sandbox.ScopeProcess && slices.Contains(r.Policies, process[c.Process-1])
	})
	if i < 0 {
		t.Fatalf("no role for %+v", c)
	}
	return &roles[i]
}

// named reports whether a thread has a name, or one that this format makes.
func named(format, name string) bool {
	if before, ok := strings.CutSuffix(format, "%d"); ok {
		return strings.TrimRight(name, "0123456789") == before
	}
	return format == name
}

// admits reports whether the analysis knows a call, with these arguments.
func (j *judged) admits(nr uint32, args [6]uint64) bool {
	return slices.ContainsFunc(j.Known, func(k known) bool {
		if k.Nr != nr {
			return false
		}
		for i, values := range k.Args {
			same := func(v uint64) bool { return v == args[i] || reads32(nr, i) && uint32(v) == uint32(args[i]) }
			if len(values) > 0 && !slices.ContainsFunc(values, same) {
				return false
			}
		}
		return true
	})
}

// reads32 reports whether the kernel reads only the lower half of an argument.
func reads32(nr uint32, i int) bool { return sysargs.Chosen(nr, i) == 0xffffffff }

// shared is the runtime's share.
type shared seccomp.Filter

func share(t *testing.T, s sandbox.Scope) shared {
	t.Helper()
	f, err := sandbox.NewPolicy("share", sandbox.NewSeccompPolicyBuilder().AllowNothing()).Filter(s, sandbox.ActionKillProcess)
	must(t, err)
	return shared(f)
}

func (s shared) permits(c observed, pid int) bool {
	call, _ := seccomp.CallOf("read")
	call.Nr, call.Args = c.Nr, c.Args
	action, _ := seccomp.Filter(s).ForPID(pid).Decide(call)
	return action.Permits()
}

// has reports whether the share has a call, whatever its arguments.
func (s shared) has(call string) bool {
	return slices.ContainsFunc(s.Rules, func(r seccomp.Rule) bool { return r.Call == call && r.Action.Permits() })
}

// chosenOnly is the share without conditions on data, which recordings do not have.
func (s shared) chosenOnly() shared {
	s.Rules = slices.Clone(s.Rules)
	for i, r := range s.Rules {
		call, _ := seccomp.CallOf(r.Call)
		s.Rules[i].When = slices.DeleteFunc(slices.Clone(r.When), func(c seccomp.Cond) bool {
			arg, _, ok := c.Masks()
			return !ok || sysargs.Chosen(call.Nr, arg) == 0
		})
	}
	return s
}
