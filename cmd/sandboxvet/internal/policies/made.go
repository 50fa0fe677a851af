// SPDX-License-Identifier: MIT

package policies

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/syscall-sandbox/sandbox"
)

// newPolicy replays what was done to a builder.
func (s *state) newPolicy(args []value) value {
	name, ok := args[0].(string)
	b, ok2 := args[1].(builder)
	if !ok || !ok2 {
		return nil
	}
	made := sandbox.NewSeccompPolicyBuilder()
	text := "NewPolicy(" + name + ": "
	for _, step := range s.cells[b.cell].steps {
		made = step.do(made)
		text += step.text + "; "
	}
	return policy{sandbox.NewPolicy(name, made), text + ")"}
}

// builderOf is the builder that a policy gives.
func (s *state) builderOf(v value) value {
	p, ok := v.(policy)
	if !ok {
		return nil
	}
	i := s.alloc(null{})
	s.cells[i].steps = []step{{p.made + ".Builder", func(*sandbox.SeccompPolicyBuilder) *sandbox.SeccompPolicyBuilder { return p.Builder() }}}
	return builder{i}
}

// fromJSON is a policy read from text that is known; the result is the error. Text that is not
// a policy leaves it not known.
func (s *state) fromJSON(text, to value) value {
	p, ok := to.(pointer)
	if !ok {
		return nil
	}
	data, ok := text.(bytesOf)
	var read sandbox.SyscallSandboxPolicy
	if !ok || read.UnmarshalJSON([]byte(data)) != nil {
		s.store(p, nil)
		return nil
	}
	s.store(p, policy{read, string(data)})
	return null{}
}

// isPolicyPointer reports whether an interface was made of a pointer to a policy.
func isPolicyPointer(v ssa.Value) bool {
	m, ok := v.(*ssa.MakeInterface)
	if !ok {
		return false
	}
	p, ok := m.X.Type().Underlying().(*types.Pointer)
	return ok && mentions(p.Elem())
}
