// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/syscall-sandbox/sandbox"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/policyfile"
)

// sandboxFiles are what --policies, --report and --learned name. They are read and opened before the sandbox is set up: no
// policy need allow it, and a recording does not have it.
type sandboxFiles struct {
	policies map[string]sandbox.SyscallSandboxPolicy // nil: the built-in ones
	report   *os.File                                // nil: standard error
	learned  *os.File                                // nil: not wanted
}

func openSandboxFiles(opts *options) (files *sandboxFiles, err error) {
	files = &sandboxFiles{}
	if opts.Policies != "" {
		if files.policies, err = policyfile.Read(opts.Policies); err != nil {
			return nil, fmt.Errorf("--policies: %w", err)
		}
	}
	if opts.Report != "" {
		if files.report, err = os.OpenFile(opts.Report, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600); err != nil {
			return nil, fmt.Errorf("--report: %w", err)
		}
	}
	if opts.Learned != "" {
		if files.learned, err = os.OpenFile(opts.Learned, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
			return nil, fmt.Errorf("--learned: %w", err)
		}
	}
	return files, nil
}

// policy returns what takes the place of a policy: itself if the file does not have it. If it then permits more than the outer
// ones do, the library refuses it: policies can only be narrowed.
func (f *sandboxFiles) policy(p sandbox.SyscallSandboxPolicy) sandbox.SyscallSandboxPolicy {
	//sandboxvet:ignore policy read from a file that the user names; the library refuses what widens
	if instead, ok := f.policies[p.String()]; ok {
		return instead
	}
	return p
}

// conclude logs what was violated while the node ran, and writes the recording.
func (f *sandboxFiles) conclude() error {
	for _, v := range sandbox.Violations() {
		slog.Warn("violation", "call", v.Decoded, "thread", v.Thread, "policies", v.Policies, "count", v.Count)
	}
	if f.learned == nil {
		return nil
	}
	text, err := sandbox.Learned().JSON()
	if err == nil {
		_, err = f.learned.Write(text)
	}
	return errors.Join(err, f.learned.Close())
}
