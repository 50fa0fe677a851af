// SPDX-License-Identifier: MIT

package main

// Policies are taken apart here, by their JSON form. A condition with several values has
// an entry for each value.

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox"
)

// An entry is one line of a group.
type entry struct {
	group, call, when string
}

// A group is one method of the builder.
type group struct {
	name   string
	allow  func(*sandbox.SeccompPolicyBuilder) *sandbox.SeccompPolicyBuilder
	proved bool // that each entry has its reason; engines need the other groups besides
}

var groups = []group{
	{"OpenFiles", (*sandbox.SeccompPolicyBuilder).AllowOpenFiles, false},
	{"Files", (*sandbox.SeccompPolicyBuilder).AllowFiles, false},
	{"LegacyPaths", (*sandbox.SeccompPolicyBuilder).AllowLegacyPaths, true},
	{"Storage", (*sandbox.SeccompPolicyBuilder).AllowStorage, true},
	{"FileLocks", (*sandbox.SeccompPolicyBuilder).AllowFileLocks, true},
	{"FileMapping", (*sandbox.SeccompPolicyBuilder).AllowFileMapping, true},
	{"SocketIo", (*sandbox.SeccompPolicyBuilder).AllowSocketIo, false},
	{"UnixSockets", (*sandbox.SeccompPolicyBuilder).AllowUnixSockets, true},
	{"Accept", (*sandbox.SeccompPolicyBuilder).AllowAccept, false},
	{"Netlink", (*sandbox.SeccompPolicyBuilder).AllowNetlink, true},
	{"Terminal", (*sandbox.SeccompPolicyBuilder).AllowTerminal, true},
	{"GetRandom", (*sandbox.SeccompPolicyBuilder).AllowGetRandom, false},
}

// rules is a policy in its JSON form, which can be taken apart.
type rules struct {
	Name  string   `json:"name"`
	Allow []string `json:"allow"`
	If    []ifRule `json:"allow_if,omitempty"`
}

type ifRule struct {
	Call string   `json:"call"`
	When []string `json:"when"`
}

func rulesOf(t testing.TB, p sandbox.SyscallSandboxPolicy) (r rules) {
	t.Helper()
	text, err := json.Marshal(p)
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r rules) policy(t testing.TB) (p sandbox.SyscallSandboxPolicy) {
	t.Helper()
	text, err := json.Marshal(r)
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// entries are what a policy of one group is made of.
func (g group) entries(t testing.TB) (all []entry) {
	t.Helper()
	r := rulesOf(t, sandbox.NewPolicy(g.name, g.allow(sandbox.NewSeccompPolicyBuilder().AllowNothing())))
	for _, call := range r.Allow {
		all = append(all, entry{g.name, call, ""})
	}
	for _, rule := range r.If {
		for _, when := range alternatives(rule.When) {
			all = append(all, entry{g.name, rule.Call, strings.Join(when, " && ")})
		}
	}
	return all
}

var oneOf = regexp.MustCompile(`^(.*) in \{(.*)\}$`)

// alternatives is a condition per value of those that an argument may have; if several
// arguments have a choice, of the first.
func alternatives(when []string) (all [][]string) {
	for i, cond := range when {
		m := oneOf.FindStringSubmatch(cond)
		if m == nil {
			continue
		}
		for v := range strings.SplitSeq(m[2], ", ") {
			one := slices.Clone(when)
			one[i] = m[1] + " == " + v
			all = append(all, one)
		}
		return all
	}
	return [][]string{when}
}

// without is the policy less some entries.
func without(t testing.TB, p sandbox.SyscallSandboxPolicy, less ...entry) sandbox.SyscallSandboxPolicy {
	t.Helper()
	is := func(call, when string) func(entry) bool {
		return func(e entry) bool { return e.call == call && e.when == when }
	}
	r := rulesOf(t, p)
	r.Allow = slices.DeleteFunc(r.Allow, func(call string) bool { return slices.ContainsFunc(less, is(call, "")) })
	var left []ifRule
	for _, rule := range r.If {
		all := alternatives(rule.When)
		kept := slices.DeleteFunc(slices.Clone(all), func(when []string) bool { return slices.ContainsFunc(less, is(rule.Call, strings.Join(when, " && "))) })
		if len(kept) == len(all) {
			left = append(left, rule)
			continue
		}
		for _, when := range kept {
			left = append(left, ifRule{rule.Call, when})
		}
	}
	r.If = left
	return r.policy(t)
}

// holds reports whether a policy has an entry.
func holds(t testing.TB, p sandbox.SyscallSandboxPolicy, e entry) bool {
	t.Helper()
	before, after := rulesOf(t, p), rulesOf(t, without(t, p, e))
	return len(before.Allow) != len(after.Allow) || !slices.EqualFunc(before.If, after.If, func(a, b ifRule) bool { return slices.Equal(a.When, b.When) })
}
