// SPDX-License-Identifier: MIT

package policies

import (
	"fmt"
	"go/constant"
	"go/types"
	"reflect"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/syscall-sandbox/sandbox"
)

// A value is what the machine knows of a value: nil is not known. Others are bool, string,
// uint64 (integers, sign-extended), and the types below.
type value any

type (
	null    struct{} // nil of any type
	parts   []value  // a struct, an array, or the results of a call
	pointer struct { // to a cell, or to what the path leads to in it
		cell int
		path []int
	}
	list struct { // a slice of the array that a pointer points to
		array   pointer
		from, n int
	}
	closure struct {
		fn   *ssa.Function
		free []value
	}
	native  struct{ v reflect.Value } // seccomp.Arg, seccomp.Cond
	builder struct{ cell int }
	policy  struct {
		sandbox.SyscallSandboxPolicy
		made string // how: the same for policies that are the same
	}
)

// A cell is memory that has an address: a variable, or a builder with what was done to it.
type cell struct {
	holds value
	lost  bool // its address went where nothing is known of it
	steps []step
}

// A step is one call on a builder.
type step struct {
	text string
	do   func(*sandbox.SeccompPolicyBuilder) *sandbox.SeccompPolicyBuilder
}

func describe(v value) string {
	switch v := v.(type) {
	case closure:
		return v.fn.String() + describe(parts(v.free))
	case policy:
		return v.made
	case parts:
		texts := make([]string, len(v))
		for i, one := range v {
			texts[i] = describe(one)
		}
		return fmt.Sprint(texts)
	case native:
		return fmt.Sprintf("%+v", v.v)
	}
	return fmt.Sprintf("%T%v", v, v)
}

func (c cell) String() string {
	var b strings.Builder
	for _, s := range c.steps {
		b.WriteString(s.text + ";")
	}
	return fmt.Sprint(b.String(), describe(c.holds), c.lost)
}

// zero is what a variable of a type holds at first.
func zero(t types.Type) value {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch info := u.Info(); {
		case info&types.IsBoolean != 0:
			return false
		case info&types.IsString != 0:
			return ""
		case info&types.IsInteger != 0:
			return uint64(0)
		}
		return nil
	case *types.Struct:
		if n, ok := t.(*types.Named); ok && n.Obj().Name() == "SyscallSandboxPolicy" {
			return nil
		}
		fields := make(parts, u.NumFields())
		for i := range fields {
			fields[i] = zero(u.Field(i).Type())
		}
		return fields
	case *types.Array:
		if u.Len() > maxElements {
			return nil
		}
		elements := make(parts, u.Len())
		for i := range elements {
			elements[i] = zero(u.Elem())
		}
		return elements
	}
	return null{}
}

const maxElements = 1024

func constantOf(c *ssa.Const) value {
	if c.Value == nil {
		return zero(c.Type())
	}
	switch c.Value.Kind() {
	case constant.Bool:
		return constant.BoolVal(c.Value)
	case constant.String:
		return constant.StringVal(c.Value)
	case constant.Int:
		if n, ok := constant.Int64Val(c.Value); ok {
			return uint64(n)
		}
		if n, ok := constant.Uint64Val(c.Value); ok {
			return n
		}
	}
	return nil
}
