// SPDX-License-Identifier: MIT

package policies

import (
	"fmt"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/flow"
)

// variable is what a package variable holds: a built-in policy, an embedded file, or what it
// is set to once, if nothing changes that.
func (m *machine) variable(s *state, g *ssa.Global) value {
	if p, ok := builtins[g.Name()]; ok && g.Pkg.Pkg.Path() == flow.SandboxPath {
		return policy{p, g.Name()}
	}
	if g.Name() == "init$guard" {
		return false // package variables are set when it is not
	}
	if text, ok := m.engine.Embedded(g); ok {
		return bytesOf(text)
	}
	v, ok := m.global[g]
	if !ok {
		if m.inInit[g] {
			return nil // it is made of itself
		}
		m.inInit[g] = true
		v, _ = m.initial(g)
		m.inInit[g] = false
		m.global[g] = v
	}
	return s.thaw(v)
}

// initial executes what sets a package variable.
func (m *machine) initial(g *ssa.Global) (value, error) {
	store, ok := m.engine.OnlyStore(g)
	if !ok {
		return nil, fmt.Errorf("%s is set more than once, or elsewhere, at %s", g.Name(), m.engine.Position(g))
	}
	ends, err := m.run(store.Parent(), nil, nil, state{}, store)
	if err != nil {
		return nil, err
	}
	var all []value
	for _, e := range ends {
		all = append(all, freeze(&e.state, m.get(e.env, store.Val)))
	}
	if len(all) == 0 || slices.ContainsFunc(all, func(v value) bool { return describe(v) != describe(all[0]) }) {
		return nil, fmt.Errorf("%s is set in more than one way at %s", g.Name(), m.engine.Where(store))
	}
	if _, isList := all[0].(frozen); isList && m.engine.ElementsSet(g) {
		return nil, fmt.Errorf("what is in %s is changed", g.Name())
	}
	return all[0], nil
}

// freeze is a value without memory: a slice is its elements, and a struct its fields.
func freeze(s *state, v value) value {
	switch v := v.(type) {
	case parts:
		out := make(parts, len(v))
		for i, one := range v {
			out[i] = freeze(s, one)
		}
		return out
	case list:
		out := make(frozen, v.n)
		for i := range out {
			out[i] = freeze(s, s.load(v.array.to(v.from+i)))
		}
		return out
	case closure:
		if len(v.free) == 0 {
			return v
		}
		return nil
	case pointer, builder:
		return nil
	}
	return v
}

// A frozen slice is one that nothing changes.
type frozen []value

func (s *state) thaw(v value) value {
	switch v := v.(type) {
	case frozen:
		elements := make(parts, len(v))
		for i, one := range v {
			elements[i] = s.thaw(one)
		}
		return list{pointer{cell: s.alloc(elements)}, 0, len(v)}
	case parts:
		out := make(parts, len(v))
		for i, one := range v {
			out[i] = s.thaw(one)
		}
		return out
	}
	return v
}
