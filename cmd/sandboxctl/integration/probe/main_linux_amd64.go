// SPDX-License-Identifier: MIT

// Probe runs under an exported profile and says what it finds.
package main

import (
	"encoding/gob"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/judge"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(3)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "hello":
		fmt.Println("hello", time.Now().Year() > 2000)
		return nil
	case len(args) == 1 && args[0] == "measure":
		return measure()
	case len(args) == 2 && args[0] == "setup":
		return setup(args[1])
	}
	return errors.New("usage: probe hello | measure | setup ACTION")
}

// measure reads calls from standard input, and writes what the filters answer.
func measure() error {
	var calls []seccomp.Call
	if err := gob.NewDecoder(os.Stdin).Decode(&calls); err != nil {
		return err
	}
	if err := gob.NewEncoder(os.Stdout).Encode(judge.Outer(calls)); err != nil {
		return err
	}
	os.Exit(0) // at once: a thread is lost
	return nil
}

// disallowed makes a call that no profile in these tests permits, Docker's and systemd's
// own sets included.
func disallowed() error {
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SWAPOFF, 0, 0, 0); errno != syscall.EPERM {
		return fmt.Errorf("swapoff(2) is answered by %v", errno)
	}
	return nil
}

// setup puts the program's own sandbox on, and makes a call that it refuses.
func setup(action string) error {
	var c sandbox.Config
	if err := c.Action.UnmarshalText([]byte(action)); err != nil {
		return err
	}
	// A report that ends the process has its details from a goroutine, which a collection
	// that waits for the refused thread would keep waiting.
	debug.SetGCPercent(-1)
	reported := make(chan struct{}, 1)
	c.OnViolation = func(sandbox.Violation) { reported <- struct{}{} }
	if err := sandbox.SetupSyscallSandbox(c); err != nil {
		return err
	}
	if err := sandbox.SetProcessPolicy(sandbox.PolicyScheduler); err != nil {
		return err
	}
	done := make(chan error)
	if err := sandbox.Go(sandbox.PolicyValidationScriptCheck, "scriptch.0", func() { done <- disallowed() }); err != nil {
		return err
	}
	err := <-done
	<-reported // reports are written by a goroutine
	return err
}
