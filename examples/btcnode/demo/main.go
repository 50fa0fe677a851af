// SPDX-License-Identifier: MIT

// Command demo shows btcnode at work: "demo" synchronises one node from another and prints who ran under which policy,
// "violation" makes a node break its policy and prints how it ended, "learn" lets nodes learn their policies and live by them. The
// root Makefile calls all three.
package main

import (
	"fmt"
	"os"
)

func main() {
	commands := map[string]func() error{"demo": demo, "violation": violation, "learn": learn}
	var run func() error
	if len(os.Args) == 2 {
		run = commands[os.Args[1]]
	}
	if run == nil {
		fmt.Fprintln(os.Stderr, "usage: demo demo|violation|learn (inside the module of btcnode)")
		os.Exit(2)
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// inTempDir calls fn with a directory that is gone afterwards.
func inTempDir(fn func(dir string) error) error {
	dir, err := os.MkdirTemp("", "btcnode-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	return fn(dir)
}
