// SPDX-License-Identifier: MIT

// Package policyfile is the node's policies as a file: made of what runs under --sandbox=learn recorded, read by --policies.
package policyfile

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/learn"
)

// Learn returns one policy for each phase that the recordings have: it permits what was called there and in the phases inside
// of it, and nothing else. It has the name of the policy that it is meant to replace.
func Learn(recordings ...string) ([]sandbox.SyscallSandboxPolicy, error) {
	merged, err := merge(recordings)
	if err != nil {
		return nil, err
	}
	for call, n := range merged.Lost {
		return nil, fmt.Errorf("the recordings are incomplete: there was no room for %d times %s", n, call)
	}
	nested := merged.Nested()
	policies := make([]sandbox.SyscallSandboxPolicy, len(nested.Phases))
	for i := range nested.Phases {
		phase := &nested.Phases[i]
		text, err := phase.PolicyJSON(phase.Policies[len(phase.Policies)-1])
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, &policies[i]); err != nil {
			return nil, err
		}
	}
	return policies, nil
}

func merge(files []string) (*learn.Recording, error) {
	runs := make([]*learn.Recording, len(files))
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if runs[i], err = learn.Parse(text); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return learn.Merge(runs...)
}

// Write writes policies into a file, for people to read too.
func Write(file string, policies []sandbox.SyscallSandboxPolicy) error {
	text, err := json.MarshalIndent(policies, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o600)
}

// Read returns the policies of a file by name.
func Read(file string) (map[string]sandbox.SyscallSandboxPolicy, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var list []sandbox.SyscallSandboxPolicy
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	policies := make(map[string]sandbox.SyscallSandboxPolicy, len(list))
	for _, p := range list {
		if _, twice := policies[p.String()]; twice {
			return nil, fmt.Errorf("%s: policy %q is there twice", file, p)
		}
		policies[p.String()] = p
	}
	return policies, nil
}
