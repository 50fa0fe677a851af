// SPDX-License-Identifier: MIT

// Command broker prints the SHA-256 of files, and the process that reads them cannot
// open any. That process, the worker, calls plain os.Open; the kernel hands the call to a
// supervisor, which decides by a list of names, opens the file itself and gives the
// descriptor back as the result of the call. Names come on standard input, one a line:
//
//	printf 'README.md\n/etc/passwd\n' | broker -root . README.md seccomp/
//
// The arguments are what may be read, as names beneath the root: a file, or with a
// slash at the end everything beneath a directory. With -in-process worker and
// supervisor are two goroutines. That keeps code on one thread from opening files by mistake. It
// is no boundary for code that was taken over: threads share their memory.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	if os.Args[0] == workerName {
		os.Exit(workerMain(hashNames))
	}
	root := flag.String("root", ".", "directory beneath which files may be read")
	inProcess := flag.Bool("in-process", false, "worker and supervisor in one process")
	flag.Parse()
	b, err := newBroker(*root, flag.Args())
	code := 1
	if err == nil && *inProcess {
		code, err = b.inProcess(hashNames)
	} else if err == nil {
		code, err = b.supervise()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "broker:", err)
	}
	os.Exit(code)
}
