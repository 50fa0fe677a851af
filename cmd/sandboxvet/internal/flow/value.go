// SPDX-License-Identifier: MIT

package flow

import (
	"cmp"
	"fmt"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// A Kind says what an Item is.
type Kind uint8

const (
	Number    Kind = iota // Bits, sign-extended; booleans are 0 and 1
	Text                  // Str
	Function              // Fn, with Parts bound to its free variables
	Dynamic               // an interface that holds Type; Parts[0] is what is in it
	Bounded               // an interface that holds something that implements Type
	Object                // a pointer to a struct; Parts are what was put into its fields
	Structure             // Parts are the fields
	Cell                  // a pointer to a variable of which Parts[0] is known
	Variable              // a policy: what the package variable Global holds
	Made                  // a policy: what Call returns
	Opaque                // a policy that is not known; Str is where it comes from
)

// An Item is one thing that a value may be.
type Item struct {
	Kind   Kind
	Bits   uint64
	Str    string
	Fn     *ssa.Function
	Type   types.Type
	Global *ssa.Global
	Call   *ssa.Call
	Via    []*ssa.Call // the calls by which the function was called that Call or From is in, innermost first
	From   ssa.Value   // what an Opaque policy is
	Parts  []*Value    // nil: not known
	key    string
}

// A Value is all that a value may be. The nil Value is not known: it may be anything.
type Value struct {
	Items []Item
	key   string
	depth int
}

// Limits keep the number of contexts finite: beyond them a value is not known.
const (
	maxItems = 12
	maxDepth = 7

	maxObjectDepth = 3
)

func keyOf(v *Value) string {
	if v == nil {
		return "?"
	}
	return v.key
}

// Numbers returns the numbers that v may be; ok is false if it may be something else.
func (v *Value) Numbers() (numbers []uint64, ok bool) {
	if v == nil || len(v.Items) == 0 {
		return nil, false
	}
	for _, i := range v.Items {
		if i.Kind != Number {
			return nil, false
		}
		numbers = append(numbers, i.Bits)
	}
	return numbers, true
}

// Only returns the one thing that v is.
func (v *Value) Only() (Item, bool) {
	if v == nil || len(v.Items) != 1 {
		return Item{}, false
	}
	return v.Items[0], true
}

// one is the value that is just i.
func (e *Engine) one(i Item) *Value {
	limit := maxDepth
	if i.Kind == Object {
		limit = maxObjectDepth
	}
	depth := 0
	for n, p := range i.Parts {
		if p != nil && p.depth+1 > limit {
			i.Parts = slices.Clone(i.Parts)
			i.Parts[n] = nil
		} else if p != nil {
			depth = max(depth, p.depth+1)
		}
	}
	i.key = e.itemKey(i)
	return &Value{Items: []Item{i}, key: i.key, depth: depth}
}

func (e *Engine) itemKey(i Item) string {
	var b strings.Builder
	switch i.Kind {
	case Number:
		return fmt.Sprintf("n%x", i.Bits)
	case Text:
		return fmt.Sprintf("t%q", i.Str)
	case Variable:
		return fmt.Sprintf("v%s.%s", i.Global.Pkg.Pkg.Path(), i.Global.Name())
	case Opaque:
		return fmt.Sprintf("o%q", i.Str) + e.viaKey(i.Via)
	case Made:
		return fmt.Sprintf("m%d.%s", e.functionID(i.Call.Parent()), i.Call.Name()) + e.viaKey(i.Via)
	case Function:
		fmt.Fprintf(&b, "f%d", e.functionID(i.Fn))
	case Dynamic:
		fmt.Fprintf(&b, "d%d", e.typeID(i.Type))
	case Bounded:
		fmt.Fprintf(&b, "b%d", e.typeID(i.Type))
	case Object:
		fmt.Fprintf(&b, "p%d", e.typeID(i.Type))
	case Structure:
		b.WriteByte('s')
	case Cell:
		b.WriteByte('c')
	}
	b.WriteByte('(')
	for _, p := range i.Parts {
		b.WriteString(keyOf(p))
		b.WriteByte(',')
	}
	b.WriteByte(')')
	return b.String()
}

// Origin is what a policy is, Made or Opaque, in the function that makes it.
func (i Item) Origin() ssa.Value {
	if i.Kind == Made {
		return i.Call
	}
	return i.From
}

func (e *Engine) viaKey(via []*ssa.Call) (key string) {
	for _, call := range via {
		key += fmt.Sprintf("@%d.%s", e.functionID(call.Parent()), call.Name())
	}
	return key
}

// nothing is a value that no execution produces, such as the callee of a nil function.
var nothing = &Value{}

// union is everything that one of the values may be.
func union(values ...*Value) *Value {
	var all []Item
	depth := 0
	for _, v := range values {
		if v == nil {
			return nil
		}
		all, depth = append(all, v.Items...), max(depth, v.depth)
	}
	slices.SortFunc(all, func(a, b Item) int { return cmp.Compare(a.key, b.key) })
	all = slices.CompactFunc(all, func(a, b Item) bool { return a.key == b.key })
	if len(all) > maxItems {
		return nil
	}
	keys := make([]string, len(all))
	for i, item := range all {
		keys[i] = item.key
	}
	return &Value{all, strings.Join(keys, "|"), depth}
}

func (e *Engine) functionID(fn *ssa.Function) int {
	id, ok := e.functionIDs[fn]
	if !ok {
		id = len(e.functionIDs)
		e.functionIDs[fn] = id
	}
	return id
}

func (e *Engine) typeID(t types.Type) int {
	if id, ok := e.typeIDs.At(t).(int); ok {
		return id
	}
	id := e.typeIDs.Len()
	e.typeIDs.Set(t, id)
	return id
}
