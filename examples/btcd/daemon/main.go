// SPDX-License-Identifier: MIT

// Command btcd is btcd's daemon under a process policy. This file is what the sandbox takes: a main that sets it up and goes on
// with btcd's own, and the policy that btcd's start-up ends with.
package main

import (
	"os"

	"github.com/jessevdk/go-flags"
	"github.com/syscall-sandbox/sandbox"
)

// steady is what btcd may call from the moment on that it talks to strangers. It accepts, connects, and looks names up; it keeps
// blocks, peers, its log and the log's older parts in files, and unlocks its databases at the end. It binds no port: that was
// before. No policy follows, so it makes no filters either.
var steady = sandbox.NewPolicy("steady", sandbox.NewSeccompPolicyBuilder().AllowNothing().
	AllowPolicy(sandbox.PolicyNet, sandbox.PolicyNetAddConnection).AllowFiles().AllowStorage().AllowFileLocks().Deny("seccomp"))

func main() {
	rest, err := flags.NewParser(&options, flags.IgnoreUnknown).Parse() // btcd parses the rest, as it always did
	must(err)
	os.Args = append(os.Args[:1], rest...)
	must(sandbox.SetupSyscallSandbox(sandbox.Config{Action: options.Sandbox, Policies: []sandbox.SyscallSandboxPolicy{steady}}))
	btcd()
	must(finish())
}

// narrow is called by btcd when all is open and nothing is served yet.
func narrow() {
	must(sandbox.SetProcessPolicy(steady))
}
