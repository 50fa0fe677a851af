// SPDX-License-Identifier: MIT

package nodeproc

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// reported finds the line that the library writes for the call of invokedisallowedsyscall.
var reported = regexp.MustCompile(`(?m)^ERROR: The syscall "getgroups" \(syscall number 115\) is not allowed by the syscall sandbox in thread "httpworker\.\d+"`)

// trace is what must follow it, in this order: Go's own report, and in it the line of ours that made the call.
var trace = []string{"SIGSYS: bad system call", "goroutine ", "sandbox.TestDisallowedSandboxCall(", "invokeDisallowedSyscall(", "rpcmethods.go:"}

// CheckReport checks that a node under log-and-abort ended by the sandbox and that its standard error says why and where.
func CheckReport(state *os.ProcessState, stderr string) error {
	var errs []error
	if state.ExitCode() != 2 {
		errs = append(errs, fmt.Errorf("the node ended by %q, not by exit status 2", state))
	}
	at := reported.FindStringIndex(stderr)
	if at == nil {
		return errors.Join(append(errs, errors.New("no line of standard error names the call and the thread"))...)
	}
	rest := stderr[at[1]:]
	for _, want := range trace {
		i := strings.Index(rest, want)
		if i < 0 {
			errs = append(errs, fmt.Errorf("standard error lacks %q after the report", want))
			continue
		}
		rest = rest[i:]
	}
	return errors.Join(errs...)
}

// Violations counts the violations that a node reported.
func (p *Process) Violations() int {
	return strings.Count(p.Stderr(), "is not allowed by the syscall sandbox in thread")
}
