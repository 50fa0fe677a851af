// SPDX-License-Identifier: MIT

//go:build !linux

package main

import (
	"errors"
	"fmt"
	"runtime"
)

func kernelSymptoms() []symptom {
	return []symptom{{What: "system", Value: runtime.GOOS + "/" + runtime.GOARCH, Fatal: true, Bad: "seccomp(2) is Linux's", Remedy: "policies can be shown, compared and exported here."}}
}

func processSymptoms(pid int) ([]symptom, error) {
	return nil, fmt.Errorf("process %d: %w", pid, errors.ErrUnsupported)
}
