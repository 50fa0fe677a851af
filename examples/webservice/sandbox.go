// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"os"
	"syscall"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Each policy is for the whole process: net/http and database/sql have goroutines of their own, and the last policy can be
// put on every thread only where none has one of its own.
var (
	// database is what SQLite calls once its files are open: there is no open and no unlink in it. The index of the log is a
	// map of its file. stat: before SQLite writes the log back it looks whether the database is still in its place.
	database = sandbox.NewPolicy("database", sandbox.NewSeccompPolicyBuilder().AllowNothing().
			AllowOpenFiles().AllowFileLocks().Allow("fsync", "ftruncate", "stat").
			AllowIf("mmap", seccomp.Arg32(2).Is(syscall.PROT_READ|syscall.PROT_WRITE), seccomp.Arg32(3).Is(syscall.MAP_SHARED)))

	// serving accepts connections, reads, writes, and opens nothing.
	serving = sandbox.NewPolicy("serving", sandbox.NewSeccompPolicyBuilder().AllowNothing().AllowProcessPolicies().
		AllowPolicy(sandbox.PolicyNetHTTPServer, database))

	// ending closes the database. It is sealed: no policy follows.
	ending = sandbox.NewPolicy("ending", database.Builder().Deny("seccomp"))
)

// setUp begins with PolicyInitialization. The file of the recording is opened before: it is no part of what is learned.
func setUp(action sandbox.SyscallSandboxAction, learned string) (recording *os.File, err error) {
	if action == sandbox.UnsafeActionLearn {
		if recording, err = os.Create(learned); err != nil {
			return nil, err
		}
	}
	policies := []sandbox.SyscallSandboxPolicy{serving, ending}
	return recording, sandbox.SetupSyscallSandbox(sandbox.Config{Action: action, Policies: policies})
}

// conclude writes what was learned, if anything was.
func conclude(recording *os.File) error {
	if recording == nil {
		return nil
	}
	text, err := sandbox.Learned().JSON()
	if err == nil {
		_, err = recording.Write(text)
	}
	return errors.Join(err, recording.Close())
}
