// SPDX-License-Identifier: MIT

package vet

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// compare holds the calls of a role against its policies.
func (v *Vetter) compare(role *Role) {
	unused := make(map[string]bool)
	for _, a := range role.Values {
		p := a.Policy
		f, err := p.Filter(role.Scope, sandbox.ActionKillProcess)
		if err != nil {
			role.Unknown = append(role.Unknown, err.Error())
			continue
		}
		f = f.ForPID(1)
		for _, call := range role.Calls {
			if finding, ok := v.finding(f, p, call); ok {
				finding.When = a.When
				role.add(finding)
			}
		}
		for _, call := range notReached(f, role) {
			unused[call] = true
		}
	}
	role.Unused = slices.Sorted(maps.Keys(unused))
	slices.SortStableFunc(role.Findings, func(a, b Finding) int { return cmp.Compare(rank(a.Kind), rank(b.Kind)) })
}

// add joins findings of the same call that differ in arguments, or in the policy of some
// alternatives.
func (r *Role) add(f Finding) {
	for i := range r.Findings {
		g := &r.Findings[i]
		if g.Kind == f.Kind && g.Policy == f.Policy && g.Call.Nr == f.Call.Nr && g.Ignored == f.Ignored {
			if g.Call.Text == f.Call.Text || slices.Contains(g.Others, f.Call.Text) {
				return
			}
			if len(f.Call.Path) < len(g.Call.Path) {
				f.Others = append(g.Others, g.Call.Text)
				*g = f
			} else {
				g.Others = append(g.Others, f.Call.Text)
			}
			return
		}
	}
	r.Findings = append(r.Findings, f)
}

func rank(kind string) int { return slices.Index([]string{Refused, Earlier, Partly, Answered}, kind) }

func (v *Vetter) finding(f seccomp.Filter, p sandbox.SyscallSandboxPolicy, call Call) (Finding, bool) {
	found := Finding{Policy: p.String(), Call: call}
	what, witness := judge(f, call.Nr, call.Args)
	switch what {
	case permitted:
		return found, false
	case answered:
		found.Kind = Answered
		return found, true
	case partly:
		found.Kind = Partly
	case refused:
		found.Kind = Refused
		if call.earlier {
			found.Kind = Earlier
		}
	}
	found.Example = call.Syscall + witness.String()[strings.IndexByte(witness.String(), '('):]
	found.Remedy = remedy(call.Syscall, witness)
	found.Ignored = call.ignored
	return found, true
}

// notReached are calls that the policy's own rules permit and no code of the role makes.
func notReached(f seccomp.Filter, role *Role) (calls []string) {
	share, err := sandbox.NewPolicy("share", sandbox.NewSeccompPolicyBuilder().AllowNothing()).Filter(role.Scope, sandbox.ActionKillProcess)
	if err != nil {
		return nil
	}
	skip := make(map[string]bool)
	for _, r := range share.Rules {
		if r.Action.Permits() {
			skip[r.Call] = true
		}
	}
	for _, c := range role.Calls {
		skip[c.Syscall] = true
	}
	for _, r := range f.Rules {
		if r.Action.Permits() && !skip[r.Call] {
			skip[r.Call] = true
			calls = append(calls, r.Call)
		}
	}
	return calls
}
