// SPDX-License-Identifier: MIT

package main

import (
	"log"
	"os"

	"github.com/syscall-sandbox/sandbox"
)

// options are those that btcd does not have. go-flags takes the action by its UnmarshalFlag, so it is one of the six words.
var options struct {
	Sandbox sandbox.SyscallSandboxAction `long:"sandbox" default:"log-and-abort" description:"What a refused call gets"`
	Learned string                       `long:"learned" description:"Under learn: file for what was recorded"`
}

// finish says what was refused, now that btcd has ended: a report may not be out yet. Under learn it writes the recording.
func finish() error {
	for _, v := range sandbox.Violations() {
		log.Printf("%d times: %s", v.Count, v.Decoded)
	}
	recording := sandbox.Learned()
	if recording == nil || options.Learned == "" {
		return nil
	}
	text, err := recording.JSON()
	if err != nil {
		return err
	}
	return os.WriteFile(options.Learned, text, 0o600)
}

func must(err error) {
	if err != nil {
		log.Fatal(sandbox.ExplainError(err))
	}
}
