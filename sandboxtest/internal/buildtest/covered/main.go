// SPDX-License-Identifier: MIT

// Covered is a program that is built with -cover and may not open files when it ends. It
// prints "under the policy" when its process policy, which allows nothing, is in force.
// With a directory as argument it writes its coverage there, to a file that it opened
// before.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/coverage"

	"github.com/syscall-sandbox/sandbox"
)

func main() {
	var counters *os.File
	if len(os.Args) > 1 {
		must(coverage.WriteMetaDir(os.Args[1]))
		f, err := os.Create(filepath.Join(os.Args[1], "counters"))
		must(err)
		counters = f
	}
	must(sandbox.SetupSyscallSandbox(sandbox.Config{Action: sandbox.ActionInvokeSignalHandler}))
	must(sandbox.SetProcessPolicy(sandbox.NewPolicy("nothing", sandbox.NewSeccompPolicyBuilder().AllowNothing())))
	fmt.Println("under the policy")
	if counters != nil {
		must(coverage.WriteCounters(counters))
	}
}

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
