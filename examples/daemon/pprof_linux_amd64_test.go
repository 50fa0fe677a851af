// SPDX-License-Identifier: MIT

package main

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"syscall"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/examples/internal/profiles"
	"github.com/syscall-sandbox/sandbox/examples/internal/yeartest"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

// All of /debug/pprof. The quick ones as text too, which is written by other code.
var (
	slowProfiles  = []string{"profile?seconds=1", "trace?seconds=1", "heap?seconds=1"}
	quickProfiles = []string{
		"", "cmdline", "symbol?0x1", "heap", "heap?gc=1", "heap?debug=1", "goroutine", "goroutine?debug=2", "allocs", "block",
		"mutex", "threadcreate", "threadcreate?debug=1",
	}
)

// TestProfiles turns /debug/pprof on under every built-in policy for the process, without a network: whatever the policy, no
// profile ends the process.
func TestProfiles(t *testing.T) {
	var processes []*testproc.Process
	for _, p := range sandbox.Policies() {
		processes = append(processes, testproc.Cmd{Name: "profiled", Args: []string{p.String()}}.Start(t))
	}
	for i, p := range processes {
		t.Run(sandbox.Policies()[i].String(), func(t *testing.T) {
			if r := p.Wait(); r.Exit != 0 || r.Stderr != "" {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestLargeForms sends forms to a daemon without -log: with it, its policy would permit a temporary file.
func TestLargeForms(t *testing.T) {
	for _, action := range []string{"log-and-abort", "abort"} {
		r := prepare(t).start(t, action)
		r.process.Signal(syscall.SIGUSR1)
		r.manager.Await(t, "STATUS=pprof true")
		yeartest.LargeForms(t, &r.client, r.pprof)
		r.get(t, "/", "request")
		r.terminate(t)
	}
}

// profiled takes all profiles in memory, under the policy of its argument.
func profiled() {
	policy, err := sandbox.ParsePolicy(testproc.Args()[0])
	if err != nil {
		testproc.Fail("%v", err)
	}
	if err := sandbox.SetupSyscallSandbox(sandbox.Config{Action: sandbox.ActionInvokeSignalHandler}); err != nil {
		testproc.Fail("%v", err)
	}
	if err := sandbox.SetProcessPolicy(policy); err != nil {
		testproc.Fail("%v", err)
	}
	var handler profiles.Handler
	handler.Switch(true)
	take := func(name string) {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, profiles.Path+name, nil))
		if recorder.Code != http.StatusOK || recorder.Body.Len() == 0 {
			testproc.Fail("%s: %d, %d bytes", name, recorder.Code, recorder.Body.Len())
		}
	}
	var wg sync.WaitGroup
	for _, name := range slowProfiles {
		wg.Go(func() { take(name) })
	}
	for _, name := range quickProfiles {
		take(name)
	}
	wg.Wait()
}
