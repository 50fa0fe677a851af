// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/examples/internal/yeartest"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

// TestSyslogRestartedAtTheEnd restarts the syslog daemon between the last change of policy and the last message. The child has
// no server: how long a daemon waits for its queue must not decide.
func TestSyslogRestartedAtTheEnd(t *testing.T) {
	for _, action := range []string{"log-and-abort", "abort"} {
		syslog := yeartest.Listen(t)
		stdin, proceed, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer proceed.Close()
		output, stdout, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer output.Close()
		p := testproc.Cmd{Name: "ending", Args: []string{"-sandbox=" + action, "-syslog=" + syslog.Path}, Stdin: stdin, Stdout: stdout}.Start(t)
		stdin.Close()
		stdout.Close()
		if _, err := io.ReadFull(output, make([]byte, 1)); err != nil {
			t.Errorf("%s: %+v", action, p.Wait())
			continue
		}
		syslog.Stop()
		syslog.Restart(t)
		fmt.Fprint(proceed, "x")
		if _, err := io.ReadFull(output, make([]byte, 1)); err == nil {
			syslog.Await(t, "last words")
		}
		proceed.Close()
		if r := p.Wait().ExpectExit(t, 0); r.Stderr != "" {
			t.Errorf("%s: %s", action, r.Stderr)
		}
	}
}

// ending goes through the daemon's phases with nothing but its logs, and writes the last message when it may.
func ending() {
	o := parseOptions()
	must := func(err error) {
		if err != nil {
			testproc.Fail("%v", err)
		}
	}
	serving, last := o.policy(), o.ending()
	must(sandbox.SetupSyscallSandbox(sandbox.Config{Action: o.action, Policies: []sandbox.SyscallSandboxPolicy{serving, last}}))
	l, err := openLogs(o)
	must(err)
	must(sandbox.SetProcessPolicy(serving))
	must(sandbox.SetProcessPolicy(last))
	turn := make([]byte, 1)
	os.Stdout.WriteString(".")
	os.Stdin.Read(turn)
	l.Print("last words")
	close(l.syslog.messages)
	<-l.syslog.done // without a limit
	os.Stdout.WriteString(".")
	os.Stdin.Read(turn)
}
