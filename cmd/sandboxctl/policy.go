// SPDX-License-Identifier: MIT

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/export"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A source is what POLICY names: a policy, or a profile that has only a filter.
type source struct {
	name    string
	policy  sandbox.SyscallSandboxPolicy
	profile *seccomp.Filter // of a container, which is the same in every scope
	losses  []export.Loss   // what reading the profile has lost
}

// scopes by the words of --scope.
var scopes = map[string]sandbox.Scope{"thread": sandbox.ScopeThread, "process": sandbox.ScopeProcess, "container": sandbox.ScopeContainer}

// scopeFlag adds --scope.
func scopeFlag(cmd *cobra.Command) *string {
	scope := cmd.Flags().String("scope", "thread", "what the policy is put on: thread, process or container")
	must(cmd.RegisterFlagCompletionFunc("scope", cobra.FixedCompletions([]string{"thread", "process", "container"}, cobra.ShellCompDirectiveNoFileComp)))
	return scope
}

// must is for calls that fail only by a mistake in this program.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// filter is the source's filter in a scope, for the action that is kindest to people who
// look at it: refused calls trap, or get an errno in a container.
func (s source) filter(scope string) (seccomp.Filter, error) {
	sc, ok := scopes[scope]
	if !ok {
		return seccomp.Filter{}, fmt.Errorf("--scope %q: it is thread, process or container", scope)
	}
	if s.profile != nil {
		return *s.profile, nil
	}
	action := sandbox.ActionInvokeSignalHandler
	if sc == sandbox.ScopeContainer {
		action = sandbox.ActionDeny
	}
	return s.policy.Filter(sc, action)
}

// load finds what POLICY names: a built-in policy before a file of that name.
func load(name string) (source, error) {
	if p, ok, err := builtin(name); ok || err != nil {
		return source{name: p.String(), policy: p}, err
	}
	text, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return source{}, fmt.Errorf("no built-in policy %q, and no file of that name; built in are: %s", name, strings.Join(builtinNames(), ", "))
	}
	if err != nil {
		return source{}, err
	}
	s, err := parse(text)
	if err != nil {
		return source{}, fmt.Errorf("%s: %w", name, err)
	}
	if s.profile != nil {
		s.name = name
	}
	return s, nil
}

// builtin finds a built-in policy by its name or by the beginning of it.
func builtin(name string) (found sandbox.SyscallSandboxPolicy, ok bool, err error) {
	if p, err := sandbox.ParsePolicy(name); err == nil {
		return p, true, nil
	}
	var like []string
	for _, p := range sandbox.Policies() {
		if strings.HasPrefix(p.String(), name) {
			found, like = p, append(like, p.String())
		}
	}
	if len(like) > 1 {
		if _, err := os.Stat(name); err != nil {
			return found, false, fmt.Errorf("%q is the beginning of %s", name, strings.Join(like, ", "))
		}
	}
	return found, len(like) == 1, nil
}

// parse reads a policy or a profile; what it is, its own fields say.
func parse(text []byte) (source, error) {
	var kind struct {
		DefaultAction string          `json:"defaultAction"`
		Allow         json.RawMessage `json:"allow"`
		ArchMap       json.RawMessage `json:"archMap"`
	}
	if err := json.Unmarshal(text, &kind); err != nil {
		return source{}, fmt.Errorf("neither a policy nor a profile: %w", err)
	}
	var f seccomp.Filter
	var losses []export.Loss
	var err error
	switch {
	case kind.Allow != nil:
		var p sandbox.SyscallSandboxPolicy
		err := json.Unmarshal(text, &p)
		return source{name: p.String(), policy: p}, err
	case kind.DefaultAction == "":
		return source{}, errors.New("neither a policy nor a profile: it has no \"allow\" and no \"defaultAction\"")
	case kind.ArchMap != nil:
		f, losses, err = export.ParseDocker(text, export.Container{})
	default:
		f, losses, err = export.ParseOCI(text)
	}
	return source{profile: &f, losses: losses}, err
}

func builtinNames() (names []string) {
	for _, p := range sandbox.Policies() {
		names = append(names, p.String())
	}
	return names
}

// completePolicies completes the arguments that are POLICY.
func completePolicies(n int) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= n {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return builtinNames(), cobra.ShellCompDirectiveDefault
	}
}
