// SPDX-License-Identifier: MIT

package flow

import (
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// policy notes a place where a policy is put on.
func (c *visitedCall) policy(name string, args []*Value) {
	s := Site{Instr: c.call, Call: name, Policy: at(args, 0), Source: c.call.Common().Args[0]}
	switch name {
	case CallSetup:
		s.Policy, s.Source = c.initial(s.Source)
		c.calledLater(c.configField(c.call.Common().Args[0], "OnViolation"))
	case CallProcess:
		c.table(name, args)
	case CallGo:
		s.Name = c.threadName(c.call.Common().Args[1])
		before := len(c.state.Edges)
		c.callArgument(2, Role)
		for _, edge := range c.state.Edges[before:] {
			s.Roles = append(s.Roles, edge.To)
		}
	}
	c.state.Sites = append(c.state.Sites, s)
}

// initial is the field Initial of a configuration, and where it is set.
func (c *visitedCall) initial(config ssa.Value) (*Value, ssa.Value) {
	return c.configField(config, "Initial"), config
}

func (c *visitedCall) configField(config ssa.Value, name string) *Value {
	s, ok := config.Type().Underlying().(*types.Struct)
	if !ok {
		return nil
	}
	for i := range s.NumFields() {
		if s.Field(i).Name() != name {
			continue
		}
		if _, ok := config.(*ssa.Const); ok {
			return nothing // the zero value
		}
		if load, ok := config.(*ssa.UnOp); ok {
			if a, ok := load.X.(*ssa.Alloc); ok {
				return c.frame.field(a, i)
			}
		}
		return part(c.frame.eval(config), Structure, i)
	}
	return nil
}

// threadName is the name of a thread, or the format that makes it.
func (c *visitedCall) threadName(v ssa.Value) string {
	if item, ok := c.frame.eval(v).Only(); ok && item.Kind == Text {
		return item.Str
	}
	return ""
}
