// SPDX-License-Identifier: MIT

// Command scenarios runs one of package scenarios, on a thread or in a process that has a
// policy: the first argument says which, the second is its name.
package main

import (
	"os"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/scenarios"
)

// policy permits what scenarios call beyond the runtime's share.
var policy = sandbox.NewPolicy("scenario", sandbox.NewSeccompPolicyBuilder().AllowNothing().
	Allow("close", "epoll_ctl", "fcntl", "fstat", "getrandom", "getrusage", "openat", "pread64", "read", "sched_getaffinity"))

func main() {
	must(sandbox.SetupSyscallSandbox(sandbox.Config{Action: sandbox.ActionKillProcess}))
	s, err := scenarios.Find(os.Args[2])
	must(err)
	run, done := s.Make(), make(chan bool)
	body := func() {
		if s.End.Leaves {
			defer close(done)
		}
		must(run())
		close(done)
	}
	if os.Args[1] == "thread" {
		must(sandbox.Go(policy, "scenario", body))
	} else {
		must(sandbox.SetProcessPolicy(policy))
		go body()
	}
	<-done
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
