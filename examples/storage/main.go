// SPDX-License-Identifier: MIT

// Command storage has storage engines work under policies of just the groups that
// each needs: storage goleveldb /tmp/db.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"

	"github.com/syscall-sandbox/sandbox"
)

func main() {
	config := sandbox.Config{Action: sandbox.ActionInvokeSignalHandler}
	flag.TextVar(&config.Action, "sandbox", config.Action, "abort, log-and-abort, log-and-deny, learn or off")
	flag.Usage = usage
	flag.Parse()
	i := slices.IndexFunc(engines, func(e engine) bool { return e.name == flag.Arg(0) })
	if i < 0 || flag.NArg() != 2 {
		usage()
		os.Exit(2)
	}
	e := engines[i]
	dir, err := filepath.Abs(flag.Arg(1))
	must(err)
	must(os.MkdirAll(dir, 0o700))
	if e.before != nil {
		must(e.before(dir))
	}
	config.Initial = e.policy
	must(sandbox.SetupSyscallSandbox(config))

	// From here on each goroutine of the process, the engine's own too, is under its policy.
	must(e.use(dir))
	fmt.Printf("%s: done in %s under policy %q\n", e.name, dir, e.policy)
}

func usage() {
	fmt.Fprintln(flag.CommandLine.Output(), "usage: storage [--sandbox=ACTION] ENGINE DIRECTORY")
	for _, e := range engines {
		fmt.Fprintf(flag.CommandLine.Output(), "  %-15s policy %q\n", e.name, e.policy)
	}
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
