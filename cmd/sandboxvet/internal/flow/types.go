// SPDX-License-Identifier: MIT

package flow

import (
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// SandboxPath is the library's import path.
const SandboxPath = "github.com/syscall-sandbox/sandbox"

func isPolicy(t types.Type) bool {
	n, ok := t.(*types.Named)
	return ok && n.Obj().Name() == "SyscallSandboxPolicy" && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == SandboxPath
}

// tracked reports whether values of a type are followed: what is called, what decides which
// method is called, policies, and the numbers and names that are given to calls.
func tracked(t types.Type) bool {
	if isPolicy(t) {
		return true
	}
	switch u := t.Underlying().(type) {
	case *types.Signature:
		return true
	case *types.Interface:
		return u.NumMethods() > 0 && !types.Identical(t, types.Universe.Lookup("error").Type())
	case *types.Basic:
		return u.Info()&(types.IsInteger|types.IsBoolean|types.IsString) != 0
	case *types.Struct:
		return holdsTracked(u)
	case *types.Pointer:
		_, ok := objectOf(t)
		return ok
	}
	return false
}

// holdsTracked reports whether a small struct carries a function, an interface or a policy.
func holdsTracked(s *types.Struct) bool {
	if s.NumFields() > maxFields {
		return false
	}
	for i := range s.NumFields() {
		t := s.Field(i).Type()
		switch t.Underlying().(type) {
		case *types.Signature, *types.Interface:
			if tracked(t) {
				return true
			}
		}
		if isPolicy(t) {
			return true
		}
	}
	return false
}

// PackagePath is the import path of a function's package, that of the generic function for
// an instance and of the outermost function for a closure; "" for what is shared.
func PackagePath(fn *ssa.Function) string {
	for fn.Parent() != nil {
		fn = fn.Parent()
	}
	if fn.Origin() != nil {
		fn = fn.Origin()
	}
	if fn.Pkg != nil {
		return fn.Pkg.Pkg.Path()
	}
	if o := fn.Object(); o != nil && o.Pkg() != nil {
		return o.Pkg().Path()
	}
	return ""
}

// FullName is how tables name a function: import path, dot, name; with the receiver's type
// before a method's name.
func FullName(fn *ssa.Function) string {
	if fn.Origin() != nil {
		fn = fn.Origin()
	}
	name := fn.Name()
	if fn.Signature.Recv() != nil {
		t := fn.Signature.Recv().Type()
		if p, ok := t.(*types.Pointer); ok {
			t = p.Elem()
		}
		if n, ok := t.(*types.Named); ok {
			name = n.Obj().Name() + "." + name
		}
	}
	return PackagePath(fn) + "." + name
}

// ofRuntime reports whether a package is the Go runtime, whose calls are not followed:
// what it needs is known from elsewhere (seccomp.GoRuntime).
func ofRuntime(path string) bool {
	if path == "internal/runtime/syscall/linux" || path == "internal/runtime/syscall" {
		return false
	}
	return path == "runtime" || strings.HasPrefix(path, "internal/runtime/") || strings.HasPrefix(path, "runtime/internal/")
}
