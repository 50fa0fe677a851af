// SPDX-License-Identifier: MIT

package buildtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// panics are the functions that may: sandboxtest's hands on that of a function that it runs.
var panics = []string{"sandboxtest/tb.go: unlessPanic"}

// The library does nothing when it is imported, and a mistake of its caller is an error.
func TestNoInitNoPanic(t *testing.T) {
	for _, dir := range append(slices.Clone(layers), "export", "sandboxtest") {
		files, err := filepath.Glob(filepath.Join("../..", dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(dir, files, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			source, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range source.Decls {
				name, at := forbidden(d)
				if place := filepath.ToSlash(filepath.Join(dir, filepath.Base(file))) + ": " + at; name != "" && !slices.Contains(panics, place) {
					t.Errorf("%s: %s", place, name)
				}
			}
		}
	}
}

// forbidden returns what a declaration has of init, panic and Must functions, and its name.
func forbidden(d ast.Decl) (found, name string) {
	fn, isFunc := d.(*ast.FuncDecl)
	if isFunc {
		name = fn.Name.Name
	}
	switch {
	case isFunc && fn.Recv == nil && name == "init":
		return "an init", name
	case isFunc && strings.HasPrefix(name, "Must"):
		return "a function that panics", name
	}
	ast.Inspect(d, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if id, ok := call.Fun.(*ast.Ident); ok && id.Name == "panic" {
				found = "a panic"
			}
		}
		return true
	})
	return found, name
}

func TestForbidden(t *testing.T) {
	for source, want := range map[string]string{
		"func init() {}":                              "an init",
		"func f() { func() { panic(1) }() }":          "a panic",
		"var v = func() int { panic(1) }":             "a panic",
		"func MustParse() {}":                         "a function that panics",
		"func f() { g.panic(1); recover() }":          "",
		"func (t T) init() {}":                        "",
		"func f() { s := \"panic(\"; print(s + `x`)}": "",
	} {
		f, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+source, 0)
		if err != nil {
			t.Fatal(err)
		}
		if found, _ := forbidden(f.Decls[0]); found != want {
			t.Errorf("%s: %q, not %q", source, found, want)
		}
	}
}
