// SPDX-License-Identifier: MIT

package peer

import (
	"fmt"

	elastic "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/bench/policy"
	"github.com/syscall-sandbox/sandbox/bench/wire"
)

// Elastic is github.com/elastic/go-seccomp-bpf. Measured are Policy.Assemble and
// bpf.Assemble. A foreign architecture gets its default action, x32 an errno.
func Elastic(p *policy.Policy) (wire.Compile, error) {
	if p.BadArch != p.Default {
		return nil, &policy.Inexpressible{Reason: "elastic sends a foreign architecture to the default action"}
	}
	var order []policy.Action
	groups := make(map[policy.Action]*elastic.SyscallGroup)
	for _, r := range p.Rules {
		name, ok := arch.X86_64.SyscallNumbers[int(r.Nr)]
		if !ok {
			return nil, &policy.Inexpressible{Reason: fmt.Sprintf("elastic has no name for number %d", r.Nr)}
		}
		g := groups[r.Action]
		if g == nil {
			g = &elastic.SyscallGroup{Action: elastic.Action(r.Action)}
			groups[r.Action], order = g, append(order, r.Action)
		}
		if !r.Checked() {
			g.Names = append(g.Names, name)
		}
		for _, conj := range r.Any {
			g.NamesWithCondtions = append(g.NamesWithCondtions, elastic.NameWithConditions{Name: name, Conditions: elasticConditions(conj)})
		}
	}
	source := elastic.Policy{DefaultAction: elastic.Action(p.Default)}
	for _, a := range order {
		source.Syscalls = append(source.Syscalls, *groups[a])
	}
	return func() ([]bpf.RawInstruction, error) {
		f := source
		code, err := f.Assemble()
		if err != nil {
			return nil, err
		}
		return bpf.Assemble(code)
	}, nil
}

var elasticOps = map[string]elastic.Operation{
	"eq": elastic.Equal, "ne": elastic.NotEqual, "gt": elastic.GreaterThan,
	"ge": elastic.GreaterOrEqual, "lt": elastic.LessThan, "le": elastic.LessOrEqual,
}

// elasticConditions puts arg & mask == value as: no bit that must be 0, and each
// bit that must be 1.
func elasticConditions(conj []policy.Cond) elastic.ArgumentConditions {
	var conditions elastic.ArgumentConditions
	add := func(arg int, op elastic.Operation, v uint64) {
		conditions = append(conditions, elastic.Condition{Argument: uint32(arg), Operation: op, Value: v})
	}
	for _, c := range conj {
		v, mask := uint64(c.Value), uint64(c.Mask)
		if op, ok := elasticOps[c.Op]; ok {
			add(c.Arg, op, v)
			continue
		}
		if zeros := mask &^ v; zeros != 0 || v == 0 {
			add(c.Arg, elastic.BitsNotSet, zeros)
		}
		for ; v != 0; v &= v - 1 {
			add(c.Arg, elastic.BitsSet, v&-v)
		}
	}
	return conditions
}
