// SPDX-License-Identifier: MIT

package vet

import (
	"fmt"
	"slices"
	"strings"
)

// Source is the smallest policy that covers what a role can reach, as builder code. What
// the Go runtime needs is not in it: the library adds that.
func (r *Role) Source() string {
	var b strings.Builder
	name := "vetted"
	if len(r.Policies) > 0 {
		name = r.Policies[0]
	}
	fmt.Fprintf(&b, "// %s at %s", r.Call, r.Where)
	if r.Name != "" {
		fmt.Fprintf(&b, ", %q", r.Name)
	}
	fmt.Fprintf(&b, "\nsandbox.NewPolicy(%q, sandbox.NewSeccompPolicyBuilder().AllowNothing()", name)
	byNumber, byArgument := r.smallest()
	if len(byNumber) > 0 {
		fmt.Fprintf(&b, ".\n\tAllow(%s)", strings.Join(byNumber, ", "))
	}
	for _, line := range byArgument {
		fmt.Fprintf(&b, ".\n\t%s", line)
	}
	b.WriteString(")\n")
	return b.String()
}

// smallest are the calls that must be allowed by number, quoted, and those for which an
// argument is known wherever they are made.
func (r *Role) smallest() (byNumber, byArgument []string) {
	for i := 0; i < len(r.Calls); {
		j := i
		for j < len(r.Calls) && r.Calls[j].Nr == r.Calls[i].Nr {
			j++
		}
		same := r.Calls[i:j]
		i = j
		if strings.HasPrefix(same[0].Syscall, "syscall ") {
			continue // newer than the table: no policy can name it
		}
		if conds := conditions(same); len(conds) > 0 {
			byArgument = append(byArgument, fmt.Sprintf("AllowIf(%q, %s)", same[0].Syscall, strings.Join(conds, ", ")))
		} else {
			byNumber = append(byNumber, fmt.Sprintf("%q", same[0].Syscall))
		}
	}
	return byNumber, byArgument
}

// conditions are those that all of the calls meet.
func conditions(calls []Call) (conds []string) {
	for i := range len(knownArgs{}) {
		var values []uint64
		all := true
		for _, c := range calls {
			all = all && len(c.Args[i]) > 0
			values = append(values, c.Args[i]...)
		}
		if !all {
			continue
		}
		slices.Sort(values)
		values = slices.Compact(values)
		texts := make([]string, len(values))
		wide := "Arg32"
		for j, n := range values {
			if n != uint64(uint32(n)) && n != uint64(int64(int32(n))) {
				wide = "Arg64"
			}
			texts[j] = fmt.Sprintf("%#x", n)
		}
		if wide == "Arg32" {
			for j, n := range values {
				texts[j] = fmt.Sprintf("%#x", uint32(n))
			}
		}
		conds = append(conds, fmt.Sprintf("seccomp.%s(%d).Is(%s)", wide, i, strings.Join(texts, ", ")))
	}
	return conds
}
