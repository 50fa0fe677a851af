// SPDX-License-Identifier: MIT

package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// policyJSON is the form in which policies reach tools and files.
type policyJSON struct {
	Name  string         `json:"name"`
	Allow []string       `json:"allow"`
	If    []ifRule       `json:"allow_if,omitempty"` // alternatives; conditions of one: all
	Deny  []string       `json:"deny,omitempty"`
	Errno []errnoRuleSet `json:"errno,omitempty"`
}

type ifRule struct {
	Call string         `json:"call"`
	When []seccomp.Cond `json:"when"`
}

type errnoRuleSet struct {
	Errno uint16   `json:"errno"`
	Calls []string `json:"calls"`
}

// MarshalJSON writes the name and every rule of the policy's own, by syscall
// name, sorted by number; the runtime's share is not part of it. A policy with
// mistakes is an error.
func (p SyscallSandboxPolicy) MarshalJSON() ([]byte, error) {
	if err := p.Err(); err != nil {
		return nil, err
	}
	r := p.p.rules
	form := policyJSON{Name: p.p.name, Allow: []string{}}
	for _, c := range r.conds {
		form.If = append(form.If, ifRule{callName(c.nr), c.when})
	}
	byErrno := make(map[uint16]int)
	for nr, name := range sysno.All() {
		if r.allowed.has(nr) {
			form.Allow = append(form.Allow, name)
		}
		if !r.denied.has(nr) {
			continue
		}
		errno, ok := r.errno(nr)
		if !ok {
			form.Deny = append(form.Deny, name)
			continue
		}
		i, ok := byErrno[errno]
		if !ok {
			i = len(form.Errno)
			byErrno[errno] = i
			form.Errno = append(form.Errno, errnoRuleSet{Errno: errno})
		}
		form.Errno[i].Calls = append(form.Errno[i].Calls, name)
	}
	return json.Marshal(form)
}

func (r ruleSet) errno(nr uint32) (uint16, bool) {
	for _, e := range r.errnos {
		if e.nr == nr {
			return e.errno, true
		}
	}
	return 0, false
}

// UnmarshalJSON reads what MarshalJSON writes. Unknown fields and all mistakes
// in the rules are errors; on an error the value stays as it was.
func (p *SyscallSandboxPolicy) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var form policyJSON
	if err := d.Decode(&form); err != nil {
		return fmt.Errorf("sandbox: policy: %w", err)
	}
	b := &SeccompPolicyBuilder{rules: ruleSet{valid: true}}
	b.Allow(form.Allow...).Deny(form.Deny...)
	for _, r := range form.If {
		b.AllowIf(r.Call, r.When...)
	}
	denied := form.Deny
	for _, e := range form.Errno {
		b.DenyErrno(e.Errno, e.Calls...)
		denied = append(denied, e.Calls...)
	}
	// In a builder the last word counts; a file has no order between its lists.
	for i, call := range denied {
		asked := slices.ContainsFunc(form.If, func(r ifRule) bool { return r.Call == call })
		if asked || slices.Contains(form.Allow, call) || slices.Contains(denied[:i], call) {
			b.mistake(call, "is named twice")
		}
	}
	read := NewPolicy(form.Name, b)
	if err := read.Err(); err != nil {
		return err
	}
	*p = read
	return nil
}
